"""Precision, recall, density and coverage: who lies in whose neighbourhood.

Precision and recall after Kynkaanniemi et al., NeurIPS 2019; density and coverage after Naeem et al., ICML 2020, whose
five neighbours all four use here. Precision and density: are samples where real ones are? Recall and coverage: are
there samples wherever real ones are?
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from sklearn.metrics import pairwise_distances

from pipeline.fidelity.base import NOTHING, Better, Measure, Reading, Role, Sets, share_error

NEIGHBOURS = 5


def distances(first: Float[np.ndarray, "n feature"], second: Float[np.ndarray, "m feature"]) -> np.ndarray:
    """Euclidean distances (n, m), from points about their common mean: there products cancel least."""
    middle = second.mean(axis=0, dtype=np.float64)
    return np.asarray(pairwise_distances(first - middle, second - middle, n_jobs=1))


def radii(points: Float[np.ndarray, "n feature"], neighbours: int) -> Float[np.ndarray, " n"]:
    """Distance of each point to its k-th nearest other point."""
    apart = distances(points, points)
    np.fill_diagonal(apart, 0)
    return np.partition(apart, neighbours, axis=1)[:, neighbours]


def precision(synthetic: np.ndarray, real: np.ndarray, neighbours: int = NEIGHBOURS) -> float:
    """Share of synthetic samples in the neighbourhood of some real one."""
    return float((distances(synthetic, real) <= radii(real, neighbours)).any(axis=1).mean())


def recall(synthetic: np.ndarray, real: np.ndarray, neighbours: int = NEIGHBOURS) -> float:
    """Share of real samples in the neighbourhood of some synthetic one."""
    return precision(real, synthetic, neighbours)


def density(synthetic: np.ndarray, real: np.ndarray, neighbours: int = NEIGHBOURS) -> float:
    """Real neighbourhoods around each synthetic sample, over k: 1 for equal distributions, and it may exceed 1."""
    return float((distances(synthetic, real) <= radii(real, neighbours)).sum(axis=1).mean() / neighbours)


def coverage(synthetic: np.ndarray, real: np.ndarray, neighbours: int = NEIGHBOURS) -> float:
    """Share of real samples with a synthetic one in their own neighbourhood."""
    return float((distances(real, synthetic).min(axis=1) <= radii(real, neighbours)).mean())


FUNCTIONS = {"precision": precision, "recall": recall, "density": density, "coverage": coverage}


@dataclass(frozen=True)
class Neighbourhood(Measure):
    """One of the four, against unseen real samples."""

    which: str
    neighbours: int = NEIGHBOURS

    better: ClassVar[Better] = "higher"
    roles: ClassVar[tuple[Role, ...]] = ("learnt",)

    def __post_init__(self) -> None:
        """Refuse what is none of the four."""
        if self.which not in FUNCTIONS or self.neighbours < 1:
            raise ValueError(f"which must be one of {', '.join(FUNCTIONS)}, with 1 neighbour or more, got {self}")

    def __call__(self, sets: Sets, rng: np.random.Generator) -> Reading:
        """With the error of a share, for those that are one."""
        synthetic, real = sets.synthetic.points, sets.unseen.points
        if min(len(synthetic), len(real)) <= self.neighbours:
            return NOTHING
        value = FUNCTIONS[self.which](synthetic, real, self.neighbours)
        if self.which == "density":
            return Reading(value)
        return Reading(value, share_error(value, len(real if self.which in ("recall", "coverage") else synthetic)))
