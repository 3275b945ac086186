"""Variety within a set: how far its samples lie from one another."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from pipeline.fidelity.base import NOTHING, AgainstUnseen, Better, Reading, Role, Sets
from pipeline.fidelity.neighbourhoods import distances


def mean_distance(points: Float[np.ndarray, "n feature"]) -> float:
    """Mean Euclidean distance of two different samples."""
    apart = distances(points, points)
    np.fill_diagonal(apart, 0)
    return float(apart.sum() / (len(points) * (len(points) - 1)))


@dataclass(frozen=True)
class Diversity(AgainstUnseen):
    """Mean distance within the synthetic samples over that within the training samples: 1 is as varied as real."""

    better: ClassVar[Better] = ""
    roles: ClassVar[tuple[Role, ...]] = ("learnt", "plain")

    def __call__(self, sets: Sets, rng: np.random.Generator) -> Reading:
        """More than 1 is no merit: noise is varied."""
        if min(len(sets.synthetic), len(sets.train)) < 2:
            return NOTHING
        real = mean_distance(sets.train.points)
        return Reading(mean_distance(sets.synthetic.points) / real) if real else NOTHING

    def alarm(self, value: float, floor: float) -> str:
        """Collapse to few samples."""
        return (
            f"collapse: samples are {100 * value:.0f} % as varied as real ones" if value < 0.5 * min(1.0, floor) else ""
        )
