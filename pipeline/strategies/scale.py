"""Nearer or farther: boxes scaled about the image centre, as if the camera had a longer or shorter lens."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from models.reporting import Report, silent
from pipeline.schema import require
from pipeline.search_space import Floats, Space
from pipeline.strategies.base import Synthesizer
from pipeline.strategies.facts import Facts
from pipeline.strategies.transforms import transforming
from pipeline.windows import Windows


@dataclass(frozen=True)
class Scale(Facts):
    """One factor per window, log-uniform in [1 / most, most]."""

    most: float = 1.25

    search: ClassVar[Space] = {"most": Floats(1.02, 2.0, log=True)}

    def __post_init__(self) -> None:
        """Refuse a factor below 1."""
        require(self.most >= 1, f"most must be at least 1, got {self.most}")

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Nothing to learn."""

        def scale(windows: Windows, rng: np.random.Generator) -> np.ndarray:
            factor = log_uniform(self.most, len(windows), rng)[:, None, None]
            centre = np.concatenate([windows.image_size, windows.image_size], axis=1)[:, None] / 2
            return centre + factor * (windows.boxes - centre)

        return transforming(real, scale, "scale")


def log_uniform(most: float, count: int, rng: np.random.Generator) -> np.ndarray:
    """(count,) factors in [1 / most, most], symmetric in their logarithm."""
    return np.exp(rng.uniform(-np.log(most), np.log(most), count))
