"""No samples at all, another loss: what an opponent adds to the same pictures, or does alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.pix2pix import Objective
from models.reporting import Report, silent
from pipeline.pictures import Pictures
from pipeline.strategies.facts import Facts
from pipeline.strategies.images.base import PictureSynthesizer


@dataclass(frozen=True)
class OtherObjective(Facts):
    """The task's own network and pictures under another objective (Isola et al., CVPR 2017, section 4.2)."""

    objective: Objective = "l1_gan"

    cost = 2.0

    @property
    def task_options(self) -> Mapping[str, Any]:
        """The change of the task."""
        return {"objective": self.objective}

    def amount(self, wanted: int) -> int:
        """None."""
        return 0

    def fit(self, real: Pictures, rng: np.random.Generator, report: Report = silent) -> PictureSynthesizer:
        """Nothing to learn and nothing to make."""
        return lambda count, rng: real.take(np.zeros(0, np.int64))
