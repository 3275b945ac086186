"""Faster or slower: the motion relative to one frame of the window is stretched."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from models.reporting import Report, silent
from pipeline.boxes import from_relative, to_relative
from pipeline.schema import require
from pipeline.search_space import Floats, Space
from pipeline.strategies.base import Synthesizer
from pipeline.strategies.facts import Facts
from pipeline.strategies.scale import log_uniform
from pipeline.strategies.transforms import transforming
from pipeline.windows import Windows


@dataclass(frozen=True)
class Speed(Facts):
    """Displacement and growth relative to the middle frame, multiplied by one log-uniform factor per window."""

    most: float = 1.25

    search: ClassVar[Space] = {"most": Floats(1.02, 2.0, log=True)}

    def __post_init__(self) -> None:
        """Refuse a factor below 1."""
        require(self.most >= 1, f"most must be at least 1, got {self.most}")

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Nothing to learn."""

        def stretch(windows: Windows, rng: np.random.Generator) -> np.ndarray:
            middle = windows.boxes[:, windows.boxes.shape[1] // 2]
            factor = log_uniform(self.most, len(windows), rng)[:, None, None]
            return from_relative(factor * to_relative(windows.boxes, middle), middle)

        return transforming(real, stretch, "speed")
