"""Which of the real modes are reached: real samples are grouped, and synthetic ones are counted group by group."""

import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from pipeline.fidelity.base import NOTHING, AgainstUnseen, Better, Cloud, Reading, Role, Sets, share_error

PER_MODE = 20
"""Real samples a mode has on average; fewer say nothing of a share."""
LEAST = 0.1
"""A mode is reached if it has this part of its real share."""


@lru_cache(maxsize=4)
def modes_of(train: Cloud, most: int) -> KMeans:
    """Groups of real training samples."""
    count = max(2, min(most, len(train) // PER_MODE))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer different samples than modes: fewer modes
        return KMeans(count, n_init=1, random_state=0).fit(train.points.astype(np.float64))


def shares(modes: KMeans, points: Float[np.ndarray, "n feature"]) -> Float[np.ndarray, " mode"]:
    """Part of the samples in each mode."""
    found = modes.predict(points.astype(np.float64))
    return np.bincount(found, minlength=modes.n_clusters) / len(points)


def different_modes(first: np.ndarray, n: int, second: np.ndarray, m: int, z: float = 1.96) -> float:
    """Part of the modes whose two shares differ by more than chance (NDB; Richardson and Weiss, NeurIPS 2018)."""
    pooled = (first * n + second * m) / (n + m)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return float((np.abs(first - second) > z * error).mean())


@dataclass(frozen=True)
class ModeCoverage(AgainstUnseen):
    """Part of the real samples that belong to modes which synthetic samples reach."""

    modes: int = 40

    better: ClassVar[Better] = "higher"
    roles: ClassVar[tuple[Role, ...]] = ("plain",)

    def __call__(self, sets: Sets, rng: np.random.Generator) -> Reading:
        """A share of the training samples."""
        if len(sets.train) < 2 * PER_MODE or not len(sets.synthetic):
            return NOTHING
        modes = modes_of(sets.train, self.modes)
        real = shares(modes, sets.train.points)
        value = float(real[shares(modes, sets.synthetic.points) >= LEAST * real].sum())
        return Reading(value, share_error(min(1.0, value), len(sets.synthetic)))

    def alarm(self, value: float, floor: float) -> str:
        """Modes are missed, by collapse or because samples lie elsewhere."""
        return f"much of what is real is missed: samples reach {100 * value:.0f} % of it" if value < 0.6 * floor else ""


@dataclass(frozen=True)
class ModeDifference(AgainstUnseen):
    """Part of the modes that are over- or underfilled."""

    modes: int = 40

    better: ClassVar[Better] = "lower"
    roles: ClassVar[tuple[Role, ...]] = ("plain",)

    def __call__(self, sets: Sets, rng: np.random.Generator) -> Reading:
        """Against the training samples."""
        if len(sets.train) < 2 * PER_MODE or not len(sets.synthetic):
            return NOTHING
        modes = modes_of(sets.train, self.modes)
        made, real = (shares(modes, cloud.points) for cloud in (sets.synthetic, sets.train))
        return Reading(different_modes(made, len(sets.synthetic), real, len(sets.train)))
