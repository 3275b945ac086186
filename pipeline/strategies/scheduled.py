"""Another strategy's samples, not in every batch alike: to learn from first, or less and less of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.reporting import Report, silent
from pipeline.schedule import Course, Schedule
from pipeline.strategies.base import Synthesizer, TrackStrategy
from pipeline.strategies.facts import OfItsPart
from pipeline.strategies.memory import fitted
from pipeline.windows import Windows


@dataclass(frozen=True)
class Scheduled(OfItsPart):
    """A strategy for the first part of a training; the samples of ``base`` stay beside the real ones to the end."""

    part: TrackStrategy
    course: Course = "fine_tune"
    until: float = 0.6
    """Part of the steps after which none of the strategy's samples are left."""
    base: TrackStrategy | None = None
    """Makes as many samples as there are real ones, which count as real: a mirror image, say."""
    name: str = "scheduled"

    def __post_init__(self) -> None:
        """Refuse what is no schedule."""
        Schedule(self.part.share, self.course, self.until)

    @property
    def schedule(self) -> Schedule:
        """Until when."""
        return Schedule(self.share, self.course, self.until)

    @property
    def keeps_scenes(self) -> bool:
        """If the others do."""
        return self.part.keeps_scenes and (self.base is None or self.base.keeps_scenes)

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Fit the other strategy."""
        draw = fitted(self.part, real, rng, report)
        return lambda count, rng: draw(count, rng).made_by(self.name)

    def beside(self, real: Any, rng: np.random.Generator) -> Any:
        """The real windows and those of ``base``."""
        if self.base is None:
            return real
        return Windows.concatenate([real, fitted(self.base, real, rng)(len(real), rng)])
