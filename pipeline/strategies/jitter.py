"""Label noise: every coordinate of every box moves a little, independently."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from models.reporting import Report, silent
from pipeline.boxes import centre_and_size
from pipeline.search_space import Floats, Space
from pipeline.strategies.base import Synthesizer
from pipeline.strategies.facts import Facts
from pipeline.strategies.transforms import transforming
from pipeline.windows import Windows


@dataclass(frozen=True)
class Jitter(Facts):
    """Gaussian noise on the box edges, in proportion to the box height."""

    sd_heights: float = 0.005
    """Standard deviation in box heights: 0.005 is half a pixel on a box of 100."""

    search: ClassVar[Space] = {"sd_heights": Floats(5e-4, 5e-2, log=True)}

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Nothing to learn."""

        def shake(windows: Windows, rng: np.random.Generator) -> np.ndarray:
            height = centre_and_size(windows.boxes)[1][..., 1:]
            return windows.boxes + self.sd_heights * height * rng.standard_normal(windows.boxes.shape)

        return transforming(real, shake, "jitter")
