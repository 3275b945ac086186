"""The kernel distance: squared maximum mean discrepancy under a cubic kernel, unbiased at every N, with its error.

With Inception features it is called KID (Binkowski et al., ICLR 2018, section 4). It may be negative: it is an unbiased
estimate of something that may be 0.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from pipeline.fidelity.base import NOTHING, Better, Measure, Reading, Role, Sets

BLOCKS = 10


def kernel_distance(
    first: Float[np.ndarray, "n feature"], second: Float[np.ndarray, "m feature"], blocks: int = BLOCKS
) -> Reading:
    """MMD² with k(x, y) = (x·y / d + 1)³, the U-statistic (Gretton et al., JMLR 2012, equation 3).

    The error is a jackknife over blocks of consecutive rows: order the rows by track, and it knows that windows of one
    track are not independent.

    Raises:
        ValueError: a set has fewer than two samples a block.
    """
    if min(len(first), len(second)) < 2 * blocks:
        raise ValueError(f"{len(first)} and {len(second)} samples are too few for {blocks} blocks")
    x, y = first.astype(np.float64), second.astype(np.float64)
    starts_x, starts_y = ((np.arange(blocks) * len(points)) // blocks for points in (x, y))
    within_x, within_y = _block_sums(x, x, starts_x, starts_x), _block_sums(y, y, starts_y, starts_y)
    between = _block_sums(x, y, starts_x, starts_y)
    sizes_x, sizes_y = np.diff([*starts_x, len(x)]), np.diff([*starts_y, len(y)])
    value = _estimate(within_x.sum(), within_y.sum(), between.sum(), len(x), len(y))
    without = [
        _estimate(
            _left(within_x, block), _left(within_y, block), _left(between, block),
            len(x) - int(sizes_x[block]), len(y) - int(sizes_y[block]),
        )
        for block in range(blocks)
    ]  # fmt: skip
    return Reading(value, float(np.sqrt((blocks - 1) * np.var(without))))


@dataclass(frozen=True)
class KernelDistance(Measure):
    """The distance to unseen real samples."""

    better: ClassVar[Better] = "lower"
    roles: ClassVar[tuple[Role, ...]] = ("learnt", "plain", "random")

    def __call__(self, sets: Sets, rng: np.random.Generator) -> Reading:
        """With a jackknife over groups of tracks or drives."""
        clouds = [cloud.take(np.argsort(cloud.unit, kind="stable")) for cloud in (sets.synthetic, sets.unseen)]
        if min(map(len, clouds)) < 2 * BLOCKS:
            return NOTHING
        return kernel_distance(clouds[0].points, clouds[1].points)


def _block_sums(x: np.ndarray, y: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> Float[np.ndarray, "b b"]:
    """Sums of the kernel by block; of a set with itself, without the diagonal."""
    kernel = (x @ y.T / x.shape[1] + 1) ** 3
    if x is y:
        np.fill_diagonal(kernel, 0)
    return np.add.reduceat(np.add.reduceat(kernel, rows, axis=0), columns, axis=1)


def _left(sums: Float[np.ndarray, "b b"], block: int) -> float:
    return float(sums.sum() - sums[block].sum() - sums[:, block].sum() + sums[block, block])


def _estimate(within_x: float, within_y: float, between: float, n: int, m: int) -> float:
    return float(within_x / (n * (n - 1)) + within_y / (m * (m - 1)) - 2 * between / (n * m))
