"""Night without a network: darker, steeper, bluer and noisier, as one writes it down in ten minutes."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from models.reporting import Report, silent
from pipeline.pictures import Pictures
from pipeline.schema import require
from pipeline.search_space import Floats, Space
from pipeline.strategies.facts import Facts
from pipeline.strategies.images.base import PictureSynthesizer, changing

TINT = np.array([0.85, 0.95, 1.1])
"""Red, green and blue of moonlight as films paint it."""


@dataclass(frozen=True)
class Darken(Facts):
    """gain · tint · pixel ^ gamma + noise, each picture with its own gamma, gain and tint."""

    gamma: tuple[float, float] = (1.3, 2.5)
    gain: tuple[float, float] = (0.2, 0.6)
    tint_sd: float = 0.08
    noise_sd: float = 0.02
    """Of the sensor; pixels lie in 0 to 1."""

    search: ClassVar[Space] = {"tint_sd": Floats(0.0, 0.2), "noise_sd": Floats(0.0, 0.1)}

    def __post_init__(self) -> None:
        """Refuse what makes no picture."""
        for name in ("gamma", "gain"):
            low, high = getattr(self, name)
            require(0 < low <= high, f"{name} must be a range above 0, got {low} to {high}")
        require(min(self.tint_sd, self.noise_sd) >= 0, "tint_sd and noise_sd must not be negative")

    def fit(self, real: Pictures, rng: np.random.Generator, report: Report = silent) -> PictureSynthesizer:
        """Nothing to learn."""

        def darken(pictures: Pictures, rng: np.random.Generator) -> Pictures:
            dark = [self._darkened(picture, rng) for picture in pictures.image]
            return pictures.made_by("darken", np.array(dark, np.uint8).reshape(pictures.image.shape))

        return changing(real, darken)

    def _darkened(self, picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        light = (picture / np.float32(255)) ** rng.uniform(*self.gamma) * rng.uniform(*self.gain)
        light = light * (TINT + self.tint_sd * rng.standard_normal(3))
        light = light + self.noise_sd * rng.standard_normal(light.shape, np.float32)
        return np.clip(255 * light + 0.5, 0, 255).astype(np.uint8)
