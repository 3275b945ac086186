"""Placebo: real windows again. Its gain must straddle 0, or the study measures something else than data."""

from dataclasses import dataclass

import numpy as np

from models.reporting import Report, silent
from pipeline.strategies.base import Synthesizer
from pipeline.strategies.facts import Facts
from pipeline.strategies.transforms import transforming
from pipeline.windows import Windows


@dataclass(frozen=True)
class Copies(Facts):
    """Real windows, unchanged."""

    keeps_scenes = True
    ends_tracks = True

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Nothing to learn."""
        return transforming(real, lambda windows, rng: windows.boxes, "copies", lambda windows, rng: windows.scenes)
