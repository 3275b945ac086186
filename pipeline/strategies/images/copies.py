"""Placebo: real pictures again. Its gain must straddle 0, or the study measures something else than data."""

from dataclasses import dataclass

import numpy as np

from models.reporting import Report, silent
from pipeline.pictures import Pictures
from pipeline.strategies.facts import Facts
from pipeline.strategies.images.base import PictureSynthesizer, changing


@dataclass(frozen=True)
class Copies(Facts):
    """Real pictures, unchanged."""

    def fit(self, real: Pictures, rng: np.random.Generator, report: Report = silent) -> PictureSynthesizer:
        """Nothing to learn."""
        return changing(real, lambda pictures, rng: pictures.made_by("copies", pictures.image))
