"""What a strategy is: a recipe that, fitted to real samples, becomes a function that makes synthetic ones.

A recipe is a frozen dataclass whose fields are its hyperparameters; ``asdict(recipe)`` is what gets logged. Fitting
returns a plain function. Two states, two types: nothing can be used before it is fitted.
"""

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeAlias, TypeVar, runtime_checkable

import numpy as np

from models.reporting import Report, silent
from pipeline.samples import Samples
from pipeline.strategies.facts import Facts
from pipeline.windows import Windows

Synthesizer: TypeAlias = Callable[[int, np.random.Generator], Windows]
"""A fitted recipe: how many, and a source of randomness -> that many synthetic windows."""


Sample = TypeVar("Sample", bound=Samples)


@runtime_checkable
class Strategy(Facts, Protocol, Generic[Sample]):
    """A recipe for synthetic samples of any kind."""

    def fit(
        self, real: Sample, rng: np.random.Generator, report: Report = silent
    ) -> Callable[[int, np.random.Generator], Sample]:
        """Learn from real samples of the training drives alone; never change them."""
        ...


@runtime_checkable
class TrackStrategy(Facts, Protocol):
    """A recipe for synthetic track windows."""

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Learn from real windows of the training drives alone; never change them."""
        ...


@runtime_checkable
class Steerable(Protocol):
    """A synthesizer that can be told beforehand what is wanted, so that fewer windows are made in vain."""

    def steered(self, kinds: Sequence[str], speed: tuple[float, float], turn: tuple[float, float]) -> Synthesizer:
        """One that makes such windows oftener, as far as it has learnt to.

        Args:
            kinds: Classes; none: all.
            speed: Limits of the mean speed, in heights of the middle box per frame.
            turn: Limits of the change of the sideways velocity from the first half to the second, right positive.
        """
        ...


@runtime_checkable
class Walkable(Protocol):
    """A synthesizer that may start from latents, so that one can see what lies between two samples."""

    def walk(self, paths: int, stops: int, rng: np.random.Generator) -> Windows | None:
        """Windows along great circles between latents, one class a path; ``track`` is the path, ``index`` the stop.

        None where it starts from none after all, as a filter does whose generator has no latent.
        """
        ...


def walked(draw: object, paths: int, stops: int, rng: np.random.Generator) -> Windows | None:
    """The walk of a synthesizer that can; None of any other."""
    return draw.walk(paths, stops, rng) if isinstance(draw, Walkable) else None


def steered(
    draw: Synthesizer, kinds: Sequence[str], speed: tuple[float, float], turn: tuple[float, float]
) -> Synthesizer:
    """The same synthesizer, told what is wanted if it listens."""
    return draw.steered(kinds, speed, turn) if isinstance(draw, Steerable) else draw
