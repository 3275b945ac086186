"""Placebo: motion without meaning. Its gain must not be positive, or any sample at all would have helped."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from models.reporting import Report, silent
from pipeline.boxes import from_relative, to_relative
from pipeline.scenes import Scenes
from pipeline.strategies.base import Synthesizer
from pipeline.strategies.facts import Facts
from pipeline.strategies.transforms import transforming
from pipeline.windows import Windows


@dataclass(frozen=True)
class Noise(Facts):
    """Boxes that keep a real window's place and mean size and are shaken independently in every frame.

    Their places in the world are shaken likewise, in metres and on their own account: neither means anything.
    """

    strength: float = 1.0
    """Standard deviation of the noise in units of the window's own motion (its standard deviation over time)."""

    keeps_scenes = True

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Nothing to learn."""

        def shake_places(windows: Windows, rng: np.random.Generator) -> Scenes | None:
            if windows.scenes is None:
                return None
            places = self._shaken(windows.scenes.position_cam_m.astype(np.float64), rng).astype(np.float32)
            return replace(windows.scenes, position_cam_m=places)

        def shake(windows: Windows, rng: np.random.Generator) -> np.ndarray:
            middle = windows.boxes[:, windows.boxes.shape[1] // 2]
            return from_relative(self._shaken(to_relative(windows.boxes, middle), rng), middle)

        return transforming(real, shake, "noise", shake_places)

    def _shaken(
        self, values: Float[np.ndarray, "n time coordinates"], rng: np.random.Generator
    ) -> Float[np.ndarray, "n time coordinates"]:
        """Noise of the mean and the spread that each window's values have over time."""
        spread = values.std(axis=1, keepdims=True) * self.strength
        return values.mean(axis=1, keepdims=True) + spread * rng.standard_normal(values.shape)
