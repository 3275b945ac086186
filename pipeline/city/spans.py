"""Runs of pixels: what a flat face covers of each row of a picture."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from pipeline.city.projection import Projected
from pipeline.city.view import View


@dataclass(frozen=True, eq=False)
class Spans:
    """Runs of pixels of one row that lie in a face, from ``start`` to ``stop`` inclusive."""

    face: Int[np.ndarray, " m"]
    row: Int[np.ndarray, " m"]
    start: Int[np.ndarray, " m"]
    stop: Int[np.ndarray, " m"]

    def take(self, index: np.ndarray | slice) -> "Spans":
        """The spans at ``index`` (positions, a mask or a slice)."""
        return Spans(self.face[index], self.row[index], self.start[index], self.stop[index])

    def pixels(self, width: int) -> tuple[Int[np.ndarray, " pixel"], Int[np.ndarray, " pixel"]]:
        """All pixels (row * width + column) with repetitions, and the span each belongs to."""
        span, step = expand(self.stop - self.start + 1)
        return (self.row * width + self.start)[span] + step, span


def outline(projected: Projected, view: View) -> Spans:
    """All runs of pixels whose centres lie inside the faces."""
    first = projected.first_row
    counts = projected.last_row - first + 1
    number, below = expand(counts)
    row = first[number] + below
    low, high = np.zeros(len(row)), np.full(len(row), view.width - 1.0)
    level = np.zeros(len(row), bool)
    for a, b, c in np.moveaxis(projected.edges, 0, -1):
        opens, closes = a > 1e-12, a < -1e-12
        flat = np.flatnonzero(~(opens | closes) & ((b != 0) | (c < 0)))
        slope, root = b / np.where(opens | closes, -a, np.inf), c / np.where(opens | closes, -a, np.inf)
        bound = np.repeat(slope, counts) * row
        np.maximum(low, bound + np.repeat(np.where(opens, root, -np.inf), counts), out=low)
        np.minimum(high, bound + np.repeat(np.where(closes, root, np.inf), counts), out=high)
        if len(flat):
            outside = np.isin(number, flat)
            level |= outside & (b[number] * row + c[number] < 0)
    start, stop = np.ceil(low).astype(np.int64), np.floor(high).astype(np.int64)
    filled = np.flatnonzero((stop >= start) & ~level)
    return Spans(number[filled], row[filled], start[filled], stop[filled])


def covered(spans: Spans, owner: Int[np.ndarray, " m"], height: int, owners: int) -> Int[np.ndarray, " owner"]:
    """How many pixels the spans of each owner cover together, whatever they overlap."""
    group = owner * height + spans.row
    order = np.lexsort((spans.start, group))
    group, start, stop = group[order], spans.start[order], spans.stop[order]
    # far apart by group, so that one running maximum serves all
    offset = group * (int(stop.max(initial=0)) + 2)
    reached = np.maximum.accumulate(np.concatenate([[-1], stop + offset]))[:-1]
    fresh = stop + offset - np.maximum(reached, start + offset - 1)
    return np.bincount(owner[order], np.maximum(fresh, 0), owners).astype(np.int64)


def expand(counts: Int[np.ndarray, " n"]) -> tuple[Int[np.ndarray, " m"], Int[np.ndarray, " m"]]:
    """For counts (2, 3): owners 0 0 1 1 1 and positions 0 1 0 1 2."""
    owner = np.repeat(np.arange(len(counts)), counts)
    begin = np.cumsum(counts) - counts
    return owner, np.arange(len(owner)) - np.repeat(begin, counts)
