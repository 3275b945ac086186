"""Traffic of the embedded city, seen by its own ego cars and resampled to the histograms of the recordings."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar

import numpy as np

from models.reporting import Report, silent
from pipeline.boxes import visible
from pipeline.city.drives import labelled_drive
from pipeline.reprojection import SMALLEST_PX
from pipeline.schema import KINDS, require
from pipeline.search_space import Floats, Space
from pipeline.strategies.base import Synthesizer
from pipeline.strategies.facts import Facts
from pipeline.strategies.filters import KinematicEnvelope
from pipeline.strategies.matching import Marginals
from pipeline.windows import Windows, cut_windows


@dataclass(frozen=True)
class CityTraffic(Facts):
    """Simulated tracks: class, size, displacement and difficulty are distributed as in the training drives.

    The city is KITTI's to the camera; of the real windows only these histograms and limits of motion are used.
    """

    drives: int = 12
    frames: int = 200
    """Frames of each drive."""
    seed: int = 1000
    """Of the streets and their traffic; far from the data set ``mini_city``, whose held-out drives none may learn."""
    outside_percent: float = 0.1
    """Part of the real windows of a class beyond each kinematic limit that samples must keep."""
    name: str = "city_traffic"

    search: ClassVar[Space] = {"outside_percent": Floats(0.02, 5.0, log=True)}

    keeps_scenes = True

    def __post_init__(self) -> None:
        """There must be something to record."""
        for field in ("drives", "frames"):
            require(getattr(self, field) > 0, f"{field} must be positive, got {getattr(self, field)}")

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Record the city (once per process) and learn what is real.

        Raises:
            UserError: no drive is long enough for a window.
        """
        city = _record(self.seed, self.drives, self.frames, real.boxes.shape[1])
        city = city.take(np.isin(city.kind, np.unique(real.kind)))
        envelope = KinematicEnvelope(self.outside_percent).fit(real, city, lambda count, rng: city)
        marginals = Marginals.of(real)
        believable = city.take(visible(city.boxes, *SMALLEST_PX) & envelope(city))
        report(0, {"accepted": len(believable) / len(city)})

        def synthesize(count: int, rng: np.random.Generator) -> Windows:
            return marginals.match(believable, count, rng, self.name).made_by(self.name)

        return synthesize


@lru_cache(maxsize=2)
def _record(seed: int, drives: int, frames: int, length: int) -> Windows:
    """Every window of some drives through the city, of all classes: which of them an arm learns from differs."""
    windows = cut_windows((labelled_drive(seed, number, frames) for number in range(drives)), length, kinds=KINDS)
    return replace(windows, drive=np.char.add("city-", windows.drive))
