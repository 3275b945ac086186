"""Placebo: motion without meaning. Its gain must not be positive, or any sample at all would have helped."""

from dataclasses import dataclass

import numpy as np

from models.reporting import Report, silent
from pipeline.boxes import from_relative, to_relative
from pipeline.strategies.base import Synthesizer
from pipeline.strategies.transforms import transforming
from pipeline.windows import Windows


@dataclass(frozen=True)
class Noise:
    """Boxes that keep a real window's place and mean size and are shaken independently in every frame."""

    strength: float = 1.0
    """Standard deviation of the noise in units of the window's own motion (its standard deviation over time)."""

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Nothing to learn."""

        def shake(windows: Windows, rng: np.random.Generator) -> np.ndarray:
            middle = windows.boxes[:, windows.boxes.shape[1] // 2]
            relative = to_relative(windows.boxes, middle)
            spread = relative.std(axis=1, keepdims=True) * self.strength
            return from_relative(
                relative.mean(axis=1, keepdims=True) + spread * rng.standard_normal(relative.shape), middle
            )

        return transforming(real, shake, "noise")
