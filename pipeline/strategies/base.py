"""What a strategy is: a recipe that, fitted to real samples, becomes a function that makes synthetic ones.

A recipe is a frozen dataclass whose fields are its hyperparameters; ``asdict(recipe)`` is what gets logged. Fitting
returns a plain function. Two states, two types: nothing can be used before it is fitted.
"""

from collections.abc import Callable
from typing import Generic, Protocol, TypeAlias, TypeVar, runtime_checkable

import numpy as np

from models.reporting import Report, silent
from pipeline.samples import Samples
from pipeline.windows import Windows

Synthesizer: TypeAlias = Callable[[int, np.random.Generator], Windows]
"""A fitted recipe: how many, and a source of randomness -> that many synthetic windows."""


Sample = TypeVar("Sample", bound=Samples)


@runtime_checkable
class Strategy(Protocol, Generic[Sample]):
    """A recipe for synthetic samples of any kind."""

    def fit(
        self, real: Sample, rng: np.random.Generator, report: Report = silent
    ) -> Callable[[int, np.random.Generator], Sample]:
        """Learn from real samples of the training drives alone; never change them."""
        ...


@runtime_checkable
class TrackStrategy(Protocol):
    """A recipe for synthetic track windows."""

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Learn from real windows of the training drives alone; never change them."""
        ...
