"""Held-out pictures with what some trained networks say of their depth: what a report draws."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from pipeline.pictures import Pictures
from pipeline.schema import require
from pipeline.tasks.depth_errors import DepthProtocol


@dataclass(frozen=True, eq=False)
class DepthExamples:
    """A few pictures of drives that nothing was learnt from, and estimates of their depth by strategy."""

    pictures: Pictures
    """With depth."""
    estimates_m: Mapping[str, Float[np.ndarray, "n height width"]]
    protocol: DepthProtocol
    """Which pixels are compared."""

    def __post_init__(self) -> None:
        """Check that there is a truth to compare with."""
        require(self.pictures.depth_m is not None, "depth examples need pictures with depth")
