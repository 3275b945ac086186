"""Choose from a pool so that its histogram is that of real windows: class, difficulty, size and displacement.

Physical strategies make too many near, far, easy or violent windows. Difficulty matters most: a pool that is easier to
predict than the recordings teaches a predictor to be careless.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from pipeline.boxes import centre_and_size
from pipeline.schema import KINDS, UserError
from pipeline.strategies.kinematics import constant_velocity_error
from pipeline.strategies.transforms import shuffled
from pipeline.windows import Windows

BINS = (4, 5, 5)
"""Quantiles of the constant-velocity error, of the middle box's height and of the displacement, for each class."""


@dataclass(frozen=True, eq=False)
class Marginals:
    """The histogram of real windows, and how to draw from it."""

    real: Int[np.ndarray, "n axis"]
    """Class, then bin along each quantity, of every real window."""
    edges: dict[int, tuple[np.ndarray, ...]]
    """Inner edges of the bins of each quantity, by class."""

    @classmethod
    def of(cls, real: Windows) -> "Marginals":
        """Bins that hold equally many real windows of each class."""
        quantities = _quantities(real)
        edges = {
            int(kind): tuple(
                np.quantile(values[real.kind == kind], np.arange(1, bins) / bins)
                for values, bins in zip(quantities.T, BINS, strict=True)
            )
            for kind in np.unique(real.kind)
        }
        return cls(_bins(real.kind, quantities, edges), edges)

    def match(self, pool: Windows, count: int, rng: np.random.Generator, strategy: str) -> Windows:
        """``count`` windows of the pool, used equally often, distributed as the real ones are.

        Where a cell of the histogram has no window in the pool, a neighbour of the same class that agrees in fewer
        quantities stands in.

        Raises:
            UserError: the pool holds no window of any real class.
        """
        if not count:
            return pool.take(np.zeros(0, np.int64))
        found = _bins(pool.kind, _quantities(pool), self.edges)
        offered = np.isin(self.real[:, 0], found[:, 0])
        if not offered.any():
            raise UserError(f'Strategy "{strategy}" makes no window of the classes {", ".join(self.names())} in view.')
        wanted = self.real[offered]
        wanted = wanted[shuffled(len(wanted), count, rng)]
        chosen = np.full(count, -1)
        for axes in range(found.shape[1], 0, -1):
            missing = np.flatnonzero(chosen < 0)
            chosen[missing] = _pick(_cell(found[:, :axes]), _cell(wanted[missing, :axes]), rng)
        return pool.take(chosen)

    def names(self) -> Sequence[str]:
        """Classes of the real windows."""
        return [KINDS[kind] for kind in self.edges]


def _quantities(windows: Windows) -> Float[np.ndarray, "n quantity"]:
    centre, size = centre_and_size(windows.boxes.astype(np.float64))
    height = size[:, (size.shape[1] - 1) // 2, 1]
    displacement = np.linalg.norm(centre[:, -1] - centre[:, 0], axis=-1) / height
    return np.stack([constant_velocity_error(windows), height, displacement], axis=-1)


def _bins(
    kind: np.ndarray, quantities: Float[np.ndarray, "n quantity"], edges: dict[int, tuple[np.ndarray, ...]]
) -> Int[np.ndarray, "n axis"]:
    """Class and bins of each window; -1 for classes without edges."""
    bins = np.full((len(kind), 1 + quantities.shape[1]), -1)
    for one, inner in edges.items():
        rows = kind == one
        columns = [np.searchsorted(edge, values) for edge, values in zip(inner, quantities[rows].T, strict=True)]
        bins[rows] = np.column_stack([np.full(int(rows.sum()), one), *columns])
    return bins


def _cell(bins: Int[np.ndarray, "n axis"]) -> Int[np.ndarray, " n"]:
    """One number for each combination of bins."""
    return (bins + 1) @ (max(len(KINDS), *BINS) + 1) ** np.arange(bins.shape[1])


def _pick(
    offered: Int[np.ndarray, " pool"], wanted: Int[np.ndarray, " n"], rng: np.random.Generator
) -> Int[np.ndarray, " n"]:
    """A member of the pool in each wanted cell, all members of a cell in turn; -1 where there is none."""
    order = rng.permutation(len(offered))
    order = order[np.argsort(offered[order], kind="stable")]
    first, last = (np.searchsorted(offered[order], wanted, side) for side in ("left", "right"))
    turn = rank_within(wanted) % np.maximum(last - first, 1)
    return np.where(last > first, order[np.minimum(first + turn, len(order) - 1)], -1)


def rank_within(groups: np.ndarray) -> Int[np.ndarray, " n"]:
    """For each entry, how many equal ones come before it."""
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=groups[order[:1]] - 1)) if len(groups) else order
    rank = np.empty(len(groups), np.int64)
    rank[order] = np.arange(len(groups)) - np.repeat(starts, np.diff(starts, append=len(groups)))
    return rank
