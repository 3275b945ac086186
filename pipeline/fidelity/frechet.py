"""The Frechet distance of two clouds of features: features to statistics to a number, exactly and fast.

With the features of an Inception network it is called FID (Heusel et al., NeurIPS 2017); with other features it is not,
so the space is always named with it. It grows as samples get fewer: compare only at equal N, or extrapolate.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from pipeline.fidelity.base import NOTHING, Better, Measure, Reading, Role, Sets

SIZES = 8
"""Sample sizes that the extrapolation goes through."""
FEWEST = 8
"""Samples below which a covariance is not worth the name."""


@dataclass(frozen=True, eq=False)
class Statistics:
    """Mean and covariance of features."""

    mean: Float[np.ndarray, " feature"]
    covariance: Float[np.ndarray, "feature feature"]

    @classmethod
    def of(cls, features: Float[np.ndarray, "n feature"]) -> "Statistics":
        """Of float64 accuracy, with the unbiased covariance."""
        mean, root = _rooted(features)
        return cls(mean, root.T @ root)


def frechet_distance(first: Float[np.ndarray, "n feature"], second: Float[np.ndarray, "m feature"]) -> float:
    """|m1 - m2|² + tr(S1 + S2 - 2 (S1 S2)^1/2) for Gaussians of the features' means and covariances.

    With fewer samples than features the trace is taken from the samples, exactly: with S = X^T X,
    tr (S1 S2)^1/2 is the nuclear norm of X1 X2^T, whose size is that of the samples. Square roots of the rounding
    noise in a singular S1 S2, which make library versions negative on equal sets, do not arise.

    Raises:
        ValueError: a set has fewer than two samples, or is not finite.
    """
    _check(first, second)
    if min(len(first), len(second)) >= first.shape[1]:
        return frechet_of_statistics(Statistics.of(first), Statistics.of(second))
    (mean_1, root_1), (mean_2, root_2) = _rooted(first), _rooted(second)
    overlap = np.linalg.svd(root_1 @ root_2.T, compute_uv=False).sum()
    return _distance(mean_1, mean_2, np.square(root_1).sum(), np.square(root_2).sum(), overlap)


def frechet_of_statistics(first: Statistics, second: Statistics) -> float:
    """The same from means and covariances; symmetric eigenvalues instead of a matrix square root."""
    values, vectors = np.linalg.eigh(first.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))
    overlap = np.sqrt(np.maximum(np.linalg.eigvalsh(root.T @ second.covariance @ root), 0)).sum()
    return _distance(first.mean, second.mean, np.trace(first.covariance), np.trace(second.covariance), overlap)


def frechet_at_infinity(
    first: Float[np.ndarray, "n feature"], second: Float[np.ndarray, "m feature"], rng: np.random.Generator
) -> Reading:
    """The distance that endless samples would have: a line through those of smaller ones, in 1 / N.

    Source: Chong and Forsyth, CVPR 2020, section 4; here both sets shrink together, as both are finite. The error is
    that of the line's intercept; the points share samples, so it is too small rather than too large.
    """
    most = min(len(first), len(second))
    sizes = np.unique(np.linspace(most / 3, most, SIZES).astype(int))
    order_1, order_2 = rng.permutation(len(first)), rng.permutation(len(second))
    distances = [frechet_distance(first[order_1[:size]], second[order_2[:size]]) for size in sizes]
    design = np.stack([np.ones(len(sizes)), 1 / sizes], axis=1)
    line, residual, *_ = np.linalg.lstsq(design, np.asarray(distances), rcond=None)
    spread = residual.sum() / max(1, len(sizes) - 2)
    return Reading(float(line[0]), float(np.sqrt(spread * np.linalg.inv(design.T @ design)[0, 0])))


@dataclass(frozen=True)
class Frechet(Measure):
    """The distance to unseen real samples at this N."""

    better: ClassVar[Better] = "lower"
    roles: ClassVar[tuple[Role, ...]] = ("learnt", "plain", "random")

    def __call__(self, sets: Sets, rng: np.random.Generator) -> Reading:
        """No error is known at one N."""
        if min(len(sets.synthetic), len(sets.unseen)) < FEWEST:
            return NOTHING
        return Reading(frechet_distance(sets.synthetic.points, sets.unseen.points))


@dataclass(frozen=True)
class FrechetAtInfinity(Measure):
    """The distance to unseen real samples, extrapolated to infinite N."""

    better: ClassVar[Better] = "lower"
    roles: ClassVar[tuple[Role, ...]] = ("learnt",)

    def __call__(self, sets: Sets, rng: np.random.Generator) -> Reading:
        """With the error of the extrapolation."""
        if min(len(sets.synthetic), len(sets.unseen)) < 4 * FEWEST:
            return NOTHING
        return frechet_at_infinity(sets.synthetic.points, sets.unseen.points, rng)


def _rooted(features: Float[np.ndarray, "n feature"]) -> tuple[np.ndarray, np.ndarray]:
    """Mean, and X with X^T X the covariance."""
    wide = features.astype(np.float64)
    mean = wide.mean(axis=0)
    return mean, (wide - mean) / np.sqrt(len(wide) - 1)


def _distance(mean_1: np.ndarray, mean_2: np.ndarray, trace_1: float, trace_2: float, overlap: float) -> float:
    return float(np.square(mean_1 - mean_2).sum() + max(0.0, trace_1 + trace_2 - 2 * overlap))


def _check(first: np.ndarray, second: np.ndarray) -> None:
    if min(len(first), len(second)) < 2:
        raise ValueError(f"{len(first)} and {len(second)} samples: a covariance needs two")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("a feature is not finite")
