"""Newness: how near synthetic samples come to what was learnt from, and to one another.

The yardstick is how near real samples of unseen drives come to the training samples: nothing new can come nearer by
merit. The idea of data-copying tests (Meehan et al., AISTATS 2020; Alaa et al., ICML 2022, "authenticity").
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from sklearn.metrics import pairwise_distances_argmin_min

from pipeline.fidelity.base import NOTHING, AgainstUnseen, Better, Cloud, Reading, Role, Sets, share_error

MOST = 1000
"""Samples whose nearest neighbour is looked for; among all of the others."""
TWIN = 0.01
"""Samples nearer to each other than this part of the median distance of real neighbours are the same sample."""


def nearest(points: Float[np.ndarray, "n feature"], others: Float[np.ndarray, "m feature"]) -> np.ndarray:
    """Distance of each point to the nearest of the others (n,)."""
    middle = others.mean(axis=0, dtype=np.float64)
    return np.asarray(pairwise_distances_argmin_min(points - middle, others - middle)[1])


def twins(points: Float[np.ndarray, "n feature"], limit: float) -> float:
    """Share of samples that another one of the set all but equals."""
    cells = np.floor(points / max(limit, 1e-12) / 2)
    _, place, count = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    return float((count[place.ravel()] > 1).mean())


class Newness(AgainstUnseen):
    """What the measures of newness share: the plain space, and all training samples."""

    newness: ClassVar[bool] = True
    roles: ClassVar[tuple[Role, ...]] = ("plain",)


@dataclass(frozen=True)
class NearestTraining(Newness):
    """Median distance to the nearest training sample, over that of unseen real samples: 1 is as new as real."""

    better: ClassVar[Better] = ""

    def __call__(self, sets: Sets, rng: np.random.Generator) -> Reading:
        """0 for copies; far above 1 for what is unlike anything real."""
        made, real = _both(sets, rng)
        if not len(made) or not np.median(real) > 0:
            return NOTHING
        return Reading(float(np.median(made) / np.median(real)), n=len(made))


@dataclass(frozen=True)
class Memorised(Newness):
    """Share of the samples nearer to a training sample than 99 % of unseen real samples are: 1 % is chance."""

    better: ClassVar[Better] = "lower"

    def __call__(self, sets: Sets, rng: np.random.Generator) -> Reading:
        """With the error of a share."""
        made, real = _both(sets, rng)
        if not len(made) or not len(real):
            return NOTHING
        share = float((made < np.quantile(real, 0.01)).mean())
        return Reading(share, share_error(share, len(made)), len(made))

    def alarm(self, value: float, floor: float) -> str:
        """Copies, exact or nearly so."""
        return (
            f"copies of training samples: {100 * value:.0f} % are nearer to one than new data ever is"
            if value > 0.25
            else ""
        )


@dataclass(frozen=True)
class Duplicates(Newness):
    """Share of the samples that have a twin among the synthetic ones."""

    better: ClassVar[Better] = "lower"

    def __call__(self, sets: Sets, rng: np.random.Generator) -> Reading:
        """Twins differ by less than a hundredth of what separates real neighbours."""
        if len(sets.synthetic) < 2 or len(sets.train) < 2:
            return NOTHING
        limit = TWIN * float(np.median(nearest(_sample(sets.unseen, rng).points, sets.train.points)))
        share = twins(sets.synthetic.points, limit)
        return Reading(share, share_error(share, len(sets.synthetic)))

    def alarm(self, value: float, floor: float) -> str:
        """The same samples again and again."""
        return f"duplicates: {100 * value:.0f} % of the samples have a twin" if value > floor + 0.1 else ""


def _both(sets: Sets, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Distances to the nearest training sample: of synthetic and of unseen samples."""
    if not len(sets.train):
        return np.zeros(0), np.zeros(0)
    made, real = _sample(sets.synthetic, rng), _sample(sets.unseen, rng)
    return nearest(made.points, sets.train.points), nearest(real.points, sets.train.points)


def _sample(cloud: Cloud, rng: np.random.Generator) -> Cloud:
    return cloud.some(MOST, rng)
