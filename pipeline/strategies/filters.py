"""Quality filters: keep the synthetic windows that could have been recorded, and say what that does to them.

Filters like easy windows. A pool that has become more predictable than the recordings teaches a predictor to be
careless, so the constant-velocity error of the kept windows is reported beside that of the real ones.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol, TypeAlias, runtime_checkable

import numpy as np
from jaxtyping import Bool

from models.reporting import Report, silent
from pipeline.schema import KINDS, UserError, require
from pipeline.search_space import Floats, Space
from pipeline.strategies.base import Synthesizer, TrackStrategy, steered, walked
from pipeline.strategies.facts import OfItsPart
from pipeline.strategies.kinematics import constant_velocity_error, kinematics
from pipeline.strategies.matching import rank_within
from pipeline.strategies.memory import fitted
from pipeline.windows import Windows

Keep: TypeAlias = Callable[[Windows], np.ndarray]
"""A fitted filter: windows -> (n,) which of them to keep."""

POOL = 2000
"""Synthetic windows that a filter may look at while it is fitted."""
ROUNDS = 20
"""How often rejected windows are replaced before giving up."""
LEAST_OF = 0.5
"""Share of the windows that must have passed by then."""


@runtime_checkable
class Filter(Protocol):
    """A recipe for a filter."""

    def fit(self, real: Windows, pool: Windows, synthesize: Synthesizer) -> Keep:
        """Learn from real windows of the training drives what is believable, and from a pool what is on offer."""
        ...


@runtime_checkable
class Scoring(Protocol):
    """A synthesizer that can tell how real windows look to it."""

    def score(self, windows: Windows) -> np.ndarray:
        """(n,) higher for windows that look real."""
        ...


@dataclass(frozen=True)
class KinematicEnvelope:
    """Keep windows that move no faster, brake no harder and change size no quicker than the real ones of their class.

    Limits are upper ones: a road user that stands still is always believable.
    """

    outside_percent: float = 0.5
    """Share of the real windows beyond each limit."""

    search: ClassVar[Space] = {"outside_percent": Floats(0.02, 5.0, log=True)}

    def __post_init__(self) -> None:
        """Some windows must be believable."""
        require(0 <= self.outside_percent < 100, f"outside_percent must lie in [0, 100), got {self.outside_percent}")

    def fit(self, real: Windows, pool: Windows, synthesize: Synthesizer) -> Keep:
        """The limit of every quantity for every class; classes without a real window are kept out."""
        quantities, most = kinematics(real), 100 - self.outside_percent
        limits = {kind: np.percentile(quantities[real.kind == kind], most, axis=0) for kind in np.unique(real.kind)}

        def keep(windows: Windows) -> np.ndarray:
            found, kept = kinematics(windows), np.zeros(len(windows), bool)
            for kind, limit in limits.items():
                kept |= (windows.kind == kind) & (found <= limit).all(axis=1)
            return kept

        return keep


@dataclass(frozen=True)
class CriticScore:
    """Keep the windows that the generator's own critic finds most real: the best of each class and difficulty.

    Stratified by difficulty (thirds of the constant-velocity error), because critics mistrust what is hard to predict.
    """

    keep_percent: float = 70.0

    search: ClassVar[Space] = {"keep_percent": Floats(30.0, 100.0)}

    def __post_init__(self) -> None:
        """Something must be kept."""
        require(0 < self.keep_percent <= 100, f"keep_percent must lie in (0, 100], got {self.keep_percent}")

    def fit(self, real: Windows, pool: Windows, synthesize: Synthesizer) -> Keep:
        """The score that ``keep_percent`` of the pool reaches, by class and third of difficulty.

        Raises:
            UserError: the strategy has no critic.
        """
        if not isinstance(synthesize, Scoring):
            raise UserError("A critic-score filter needs a strategy with a critic, such as the sequence GAN.")
        thirds = np.quantile(constant_velocity_error(pool), [1 / 3, 2 / 3])

        def stratum(windows: Windows) -> np.ndarray:
            return 3 * windows.kind + np.searchsorted(thirds, constant_velocity_error(windows))

        scores, strata = synthesize.score(pool), stratum(pool)
        least = {one: np.percentile(scores[strata == one], 100 - self.keep_percent) for one in np.unique(strata)}

        def keep(windows: Windows) -> np.ndarray:
            limits = [least.get(one, -np.inf) for one in stratum(windows)]
            return synthesize.score(windows) >= np.array(limits)

        return keep


@dataclass(frozen=True)
class Filtered(OfItsPart):
    """The samples of another strategy that pass every filter, in the class balance of the strategy itself."""

    part: TrackStrategy
    filters: tuple[Filter, ...]
    name: str = "filtered"

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Fit the strategy, then the filters; report how many pass and how predictable they are."""
        synthesize = fitted(self.part, real, rng, report)
        pool = synthesize(POOL, rng)
        keeps = [recipe.fit(real, pool, synthesize) for recipe in self.filters]
        kept = pool.take(_passing(keeps, pool))
        report(0, {
            "accepted": len(kept) / len(pool),
            "cv_error_real": float(constant_velocity_error(real).mean()),
            "cv_error_pool": float(constant_velocity_error(pool).mean()),
            "cv_error_kept": float(constant_velocity_error(kept).mean()) if len(kept) else float("nan"),
        })  # fmt: skip
        return FittedFiltered(self.name, synthesize, tuple(keeps))


@dataclass(frozen=True, eq=False)
class FittedFiltered:
    """Rejection sampling: what is refused is replaced by another window of the same class."""

    name: str
    part: Synthesizer
    keeps: tuple[Keep, ...]

    def __call__(self, count: int, rng: np.random.Generator) -> Windows:
        """Windows that pass every filter.

        A class that the generator has hardly learnt may stay short of windows in the end: those of it that passed, or
        of any class if none did, then stand there more than once, rather than lose a study to them.

        Raises:
            UserError: hardly any window passes.
        """
        drawn = self.part(count, rng)
        missing = np.bincount(drawn.kind, minlength=len(KINDS))
        parts = [drawn.take(np.zeros(0, np.int64))]
        for _ in range(ROUNDS):
            passed = drawn.take(_passing(self.keeps, drawn))
            parts.append(passed.take(rank_within(passed.kind) < missing[passed.kind]))
            missing = missing - np.bincount(parts[-1].kind, minlength=len(KINDS))
            if not missing.any():
                return Windows.concatenate(parts).made_by(self.name)
            drawn = self.part(max(POOL, 2 * int(missing.sum())), rng)
        passed = Windows.concatenate(parts)
        if len(passed) < LEAST_OF * count:
            raise UserError(
                f'Strategy "{self.name}": its filters reject nearly everything; {len(passed)} of {count} windows '
                "passed. Train the generator longer, or widen the filters."
            )
        again = [_some_of(passed, kind, number, rng) for kind, number in enumerate(missing.tolist()) if number]
        return Windows.concatenate([passed, *again]).made_by(self.name)

    def walk(self, paths: int, stops: int, rng: np.random.Generator) -> Windows | None:
        """That of the generator behind the filters, nothing refused: a path has no gaps."""
        found = walked(self.part, paths, stops, rng)
        return found and found.made_by(self.name)

    def steered(self, kinds: Sequence[str], speed: tuple[float, float], turn: tuple[float, float]) -> "FittedFiltered":
        """The same filters behind a generator that has been told what is wanted."""
        return replace(self, part=steered(self.part, kinds, speed, turn))


def _some_of(windows: Windows, kind: int, number: int, rng: np.random.Generator) -> Windows:
    known = np.flatnonzero(windows.kind == kind)
    return windows.take(rng.choice(known if len(known) else len(windows), number))


def _passing(keeps: Sequence[Keep], windows: Windows) -> Bool[np.ndarray, " n"]:
    return np.all([np.ones(len(windows), bool), *(keep(windows) for keep in keeps)], axis=0)
