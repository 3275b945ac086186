"""Strategies made of strategies: one after the other, some of each, mirrored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from models.reporting import Report, silent
from pipeline.schema import require
from pipeline.search_space import Choice, Floats, Space
from pipeline.strategies.base import Synthesizer, TrackStrategy
from pipeline.strategies.facts import Facts, OfItsPart
from pipeline.strategies.flip import Flip
from pipeline.strategies.memory import fitted
from pipeline.windows import Windows


@dataclass(frozen=True)
class Sequential(Facts):
    """Each part is applied to what the part before it made: flip, then scale, then jitter."""

    parts: tuple[TrackStrategy, ...]
    probability: float = 1.0
    """Chance of each part for each window."""
    name: str = "sequential"

    @property
    def cost(self) -> float:
        """All parts are fitted."""
        return summed(self.parts)

    @property
    def keeps_scenes(self) -> bool:
        """If every part does."""
        return all(part.keeps_scenes for part in self.parts)

    search: ClassVar[Space] = {"probability": Floats(0.1, 1.0)}

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Parts that transform are fitted again to what they are given; the first sees the real windows."""

        def synthesize(count: int, rng: np.random.Generator) -> Windows:
            windows = self.parts[0].fit(real, rng, report)(count, rng)
            for part in self.parts[1:]:
                changed = rng.random(count) < self.probability
                kept, taken = windows.take(~changed), windows.take(changed)
                if len(taken):
                    windows = Windows.concatenate([kept, part.fit(taken, rng, report)(len(taken), rng)])
            return windows.take(rng.permutation(count)).made_by(self.name)

        return synthesize


@dataclass(frozen=True)
class Mixture(Facts):
    """Some samples of each part, in given proportions.

    Batches hold as many samples of the first part, beside real ones, as if there were no other part.
    """

    parts: tuple[TrackStrategy, ...]
    weights: tuple[float, ...]
    name: str = "mixture"

    @property
    def search(self) -> Space:
        """Weights of two parts; of more there are too many to try."""
        pairs = ((4.0, 1.0), (2.0, 1.0), (0.6, 0.4), (1.0, 1.0), (1.0, 2.0), (1.0, 4.0))
        return {"weights": Choice(pairs)} if len(self.parts) == len(pairs[0]) else {}

    def __post_init__(self) -> None:
        """One positive weight for each part."""
        require(
            len(self.parts) == len(self.weights), f"{len(self.parts)} parts need as many weights, got {self.weights}"
        )
        require(min(self.weights) > 0, f"weights must be positive, got {self.weights}")

    @property
    def cost(self) -> float:
        """All parts are fitted."""
        return summed(self.parts)

    @property
    def share(self) -> float:
        """Of a batch with parts a of the first, r of what is real and s in all: a / r is kept, and a = s w / sum(w)."""
        first = self.weights[0] / sum(self.weights)
        to_real = self.parts[0].share / (1 - self.parts[0].share)
        return to_real / (to_real + first)

    @property
    def keeps_scenes(self) -> bool:
        """If every part does."""
        return all(part.keeps_scenes for part in self.parts)

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Fit every part to the same real windows."""
        synthesizers = [fitted(part, real, rng, report) for part in self.parts]

        def synthesize(count: int, rng: np.random.Generator) -> Windows:
            counts = apportion(count, self.weights)
            parts = [draw(number, rng) for draw, number in zip(synthesizers, counts, strict=True)]
            return Windows.concatenate(parts).take(rng.permutation(count)).made_by(self.name)

        return synthesize


@dataclass(frozen=True)
class Mirrored(OfItsPart):
    """The samples of another strategy, half of them mirrored left to right."""

    part: TrackStrategy

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Fit the other strategy."""
        draw = fitted(self.part, real, rng, report)

        def synthesize(count: int, rng: np.random.Generator) -> Windows:
            windows = draw(count, rng)
            straight, turned = windows.take(np.arange(count // 2)), windows.take(np.arange(count // 2, count))
            return Windows.concatenate([straight, Flip().fit(turned, rng)(len(turned), rng)]) if count else windows

        return synthesize


def summed(parts: Sequence[TrackStrategy]) -> float:
    """How long an arm takes that fits all of these parts, in plain arms."""
    return 1 + sum(part.cost - 1 for part in parts)


def apportion(count: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers that sum to ``count`` and are as near to the weights as can be (largest remainder)."""
    exact = count * np.asarray(weights) / np.sum(weights)
    whole = np.floor(exact).astype(int)
    whole[np.argsort(whole - exact, kind="stable")[: count - whole.sum()]] += 1
    return whole.tolist()
