"""What a measure is: real and synthetic samples as points of a feature space in, one number with its error out."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, TypeAlias

import numpy as np
from jaxtyping import Int, Shaped

Better: TypeAlias = Literal["lower", "higher", ""]
"""Which way is better; empty where both too little and too much are bad."""

Role: TypeAlias = Literal["learnt", "plain", "random", "quantity"]
"""What a feature space is: a trained network's, the sample itself, an untrained network's, one physical quantity."""

COLUMNS = (
    "strategy", "fraction", "fold", "seed", "measure", "space", "value", "error", "n", "floor", "better", "alarm",
)  # fmt: skip
"""Of the table of fidelity, one row a value. ``space`` names the features, ``error`` is a standard error, ``n`` counts
the synthetic samples, ``floor`` is what real against real gives, ``alarm`` is one sentence or empty."""


@dataclass(frozen=True, eq=False)
class Cloud:
    """N samples as points of a feature space, and which of them were recorded together."""

    points: Shaped[np.ndarray, "n feature"]
    drive: np.ndarray
    """(n,) name of the drive."""
    unit: np.ndarray
    """(n,) name of the track, or of the drive where samples are pictures: samples of one unit are near one another."""
    kind: Int[np.ndarray, " n"] | None = None
    """Class of each sample; None where a sample has no single class."""

    def __len__(self) -> int:
        """How many samples."""
        return len(self.points)

    def take(self, index: np.ndarray) -> "Cloud":
        """The samples at ``index`` (integers or a boolean mask)."""
        kind = None if self.kind is None else self.kind[index]
        return Cloud(self.points[index], self.drive[index], self.unit[index], kind)

    def some(self, most: int, rng: np.random.Generator) -> "Cloud":
        """At most so many samples, drawn without replacement, in their order."""
        return self if len(self) <= most else self.take(np.sort(rng.permutation(len(self))[:most]))


@dataclass(frozen=True, eq=False)
class Sets:
    """What was made, what it was learnt from, and what nobody has learnt from."""

    synthetic: Cloud
    train: Cloud
    """Real samples of the drives that strategies learn from."""
    unseen: Cloud
    """Real samples of other drives: the reference of every measure of fidelity. Measuring is not learning."""

    def with_real(self, real: Cloud) -> "Sets":
        """The same with real samples in the place of synthetic ones."""
        return replace(self, synthetic=real)


@dataclass(frozen=True)
class Reading:
    """What a measure found; NaN where it says nothing."""

    value: float
    error: float = float("nan")
    """Standard error; NaN where none is known."""
    n: int | None = None
    """Synthetic samples that were looked at; None: all."""


NOTHING = Reading(float("nan"))


class Measure(ABC):
    """A recipe, a frozen dataclass whose fields are its settings."""

    better: ClassVar[Better]
    roles: ClassVar[tuple[Role, ...]]
    """The kinds of feature spaces it is meant for."""
    newness: ClassVar[bool] = False
    """Whether it compares with the very samples that were learnt from, so that it needs all of them."""

    @abstractmethod
    def __call__(self, sets: Sets, rng: np.random.Generator) -> Reading:
        """Measure the synthetic samples."""

    def floor(self, sets: Sets, rng: np.random.Generator) -> float:
        """What real against real gives: training samples, as many as there are synthetic ones, in their place."""
        return self(sets.with_real(sets.train.some(len(sets.synthetic), rng)), rng).value

    def alarm(self, value: float, floor: float) -> str:
        """What somebody must know before using the samples, in one sentence; mostly nothing."""
        return ""


class AgainstUnseen(Measure):
    """A measure whose reference are the training samples: its floor is what unseen real samples reach."""

    def floor(self, sets: Sets, rng: np.random.Generator) -> float:
        """Unseen real samples in the place of synthetic ones."""
        return self(sets.with_real(sets.unseen), rng).value


def halved(cloud: Cloud, rng: np.random.Generator) -> tuple[Cloud, Cloud]:
    """Two parts without a common unit; of single samples, where there are fewer than four units."""
    units = np.unique(cloud.unit)
    if len(units) < 4:
        first = np.isin(np.arange(len(cloud)), rng.permutation(len(cloud))[: len(cloud) // 2])
    else:
        first = np.isin(cloud.unit, rng.permutation(units)[: len(units) // 2])
    return cloud.take(first), cloud.take(~first)


def share_error(share: float, count: int) -> float:
    """Standard error of a share of ``count`` independent samples."""
    return float(np.sqrt(share * (1 - share) / count)) if count else float("nan")
