"""The Parzen-window log-likelihood: how probable real samples are under a smoothed cloud of synthetic ones.

The measure of Goodfellow et al. (NeurIPS 2014, section 5, table 1) after Breuleux et al. (2011). It is here because
everybody reported it, not because it is good: the centroids of k-means beat real images at it (Theis et al., ICLR 2016,
section 3.3 and table 1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from pipeline.fidelity.base import NOTHING, Better, Measure, Reading, Role, Sets, halved

SIGMAS = tuple(float(sigma) for sigma in np.geomspace(0.05, 1, 27))
"""Widths tried: 12 % apart. Goodfellow's script tried ten from 0.1 to 1."""
CHUNK = 500
"""Held-out samples at a time; with 10,000 synthetic ones a chunk takes 40 MB."""


@dataclass(frozen=True)
class LogLikelihood:
    """Mean log-likelihood of held-out samples, in nats, and how sure it is."""

    nats: float
    standard_error: float
    """Of the mean over held-out samples; other synthetic samples of the same model are not part of it."""
    sigma: float
    """Width of the kernel."""

    def __str__(self) -> str:
        """As the literature writes it."""
        return f"{self.nats:.0f} ± {self.standard_error:.1f}"


def parzen_log_likelihood(
    synthetic: Float[np.ndarray, "synthetic feature"],
    validation: Float[np.ndarray, "validation feature"],
    held_out: Float[np.ndarray, "held_out feature"],
    sigmas: Sequence[float] = SIGMAS,
) -> LogLikelihood:
    """Score a model by its samples; the width is the one that suits the validation samples best.

    Raises:
        ValueError: a sample is not finite, a width is not positive, or a set is empty.
    """
    widths = log_densities(synthetic, validation, sigmas).mean(axis=1)
    sigma = float(sigmas[int(widths.argmax())])
    densities = log_densities(synthetic, held_out, (sigma,))[0]
    error = densities.std(ddof=1) / np.sqrt(len(densities)) if len(densities) > 1 else np.inf
    return LogLikelihood(float(densities.mean()), float(error), sigma)


def log_densities(
    synthetic: Float[np.ndarray, "synthetic feature"],
    real: Float[np.ndarray, "real feature"],
    sigmas: Sequence[float],
) -> Float[np.ndarray, "sigma real"]:
    """Log of the density (nats) at real samples, for each width; distances are computed once for all widths.

    log p(x) = log 1/n Σ_i exp(-‖x - s_i‖² / 2h²) - d/2 · log 2πh², h = sigma

    Distances have the precision of the samples (float32: some 1e-4 nats), sums are float64.

    Raises:
        ValueError: a sample is not finite, a width is not positive, or a set is empty.
    """
    if not len(synthetic) or not len(real):
        raise ValueError(f"{len(synthetic)} synthetic and {len(real)} real samples: neither may be empty")
    if min(sigmas) <= 0:
        raise ValueError(f"widths must be positive, got {min(sigmas)}")
    if not (np.isfinite(synthetic).all() and np.isfinite(real).all()):
        raise ValueError("a sample is not finite")
    mean = synthetic.mean(axis=0, dtype=np.float64).astype(synthetic.dtype)  # about it, the products cancel least
    centres = synthetic - mean
    lengths = np.square(centres).sum(axis=1)
    densities = np.empty((len(sigmas), len(real)))
    for start in range(0, len(real), CHUNK):
        points = real[start : start + CHUNK] - mean
        squares = np.square(points).sum(axis=1)[:, None] + lengths - 2 * points @ centres.T
        nearest = squares.min(axis=1, keepdims=True)
        squares -= nearest  # the largest term becomes exp(0): no sum can vanish, and this holds for every width
        for row, sigma in zip(densities, sigmas, strict=True):
            sums = np.exp(squares / (-2 * sigma**2)).sum(axis=1, dtype=np.float64)
            row[start : start + CHUNK] = np.log(sums) - np.maximum(nearest[:, 0], 0) / (2 * sigma**2)
    volumes = real.shape[1] / 2 * np.log(2 * np.pi * np.square(sigmas))
    return densities - np.log(len(synthetic)) - volumes[:, None]


@dataclass(frozen=True)
class Parzen(Measure):
    """The log-likelihood of unseen real samples: one half of their tracks chooses the width, the other is scored."""

    better: ClassVar[Better] = "higher"
    roles: ClassVar[tuple[Role, ...]] = ("plain",)

    def __call__(self, sets: Sets, rng: np.random.Generator) -> Reading:
        """In nats, with the error over the scored samples."""
        if len(sets.unseen) < 4 or not len(sets.synthetic):
            return NOTHING
        validation, held_out = halved(sets.unseen, np.random.default_rng(0))  # alike for every strategy
        spread = float(np.sqrt(validation.points.var(axis=0, dtype=np.float64).mean()))
        if not len(held_out) or not spread:
            return NOTHING
        widths = [2 * spread * sigma for sigma in SIGMAS]
        found = parzen_log_likelihood(sets.synthetic.points, validation.points, held_out.points, widths)
        return Reading(found.nats, found.standard_error)
