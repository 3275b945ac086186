"""Rows of a picture cut into intervals on which the same faces compete.

1/z is affine along a row, so a face that is nearest at both ends of an interval is nearest all along it.

Source: Watkins, "A real time visible surface algorithm", University of Utah 1970.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from pipeline.city.projection import FAR_M, Projected, ground_inverse_depth
from pipeline.city.spans import Spans, outline
from pipeline.city.view import View

SKY, GROUND, FIRST = 0, 1, 2
"""Numbers in a face buffer: nothing, the endless ground plane, and the first face of the list."""


@dataclass(frozen=True, eq=False)
class Intervals:
    """All pixels in reading order, cut where a span begins or ends and at the ends of rows."""

    begin: Int[np.ndarray, " i"]
    """First pixel."""
    length: Int[np.ndarray, " i"]
    row: Int[np.ndarray, " i"]
    column: Int[np.ndarray, " i"]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Every interval of every span, with 1/z of the span's face at its first and last pixel."""

    span: Int[np.ndarray, " p"]
    interval: Int[np.ndarray, " p"]
    left: Float[np.ndarray, " p"]
    right: Float[np.ndarray, " p"]

    def take(self, index: Int[np.ndarray, " some"]) -> "Pairs":
        """The pairs at ``index``."""
        return Pairs(self.span[index], self.interval[index], self.left[index], self.right[index])


@dataclass(frozen=True, eq=False)
class Rows:
    """A picture's rows before anything is hidden."""

    width: int
    projected: Projected
    functions: Float[np.ndarray, "3 n"]
    """1/z by face number as an affine function of the pixel; that of the sky is 1 / ``FAR_M``."""
    spans: Spans
    intervals: Intervals

    @classmethod
    def of(cls, projected: Projected, view: View) -> "Rows":
        """Cut where the outline of any face crosses a row."""
        spans, width = outline(projected, view), view.width
        cut = np.zeros(view.height * width + 1, bool)
        cut[spans.row * width + spans.start] = True
        cut[spans.row * width + spans.stop + 1] = True
        cut[::width] = True
        edges = np.flatnonzero(cut)
        row, column = np.divmod(edges[:-1], width)
        background = [[0, 0, 1 / FAR_M]], ground_inverse_depth(view)[None]
        functions = np.ascontiguousarray(np.concatenate([*background, projected.inverse_depth]).T)
        return cls(width, projected, functions, spans, Intervals(edges[:-1], np.diff(edges), row, column))

    def pairs(self) -> Pairs:
        """All spans cut into intervals."""
        spans, intervals = self.spans, self.intervals
        place = np.empty(int(intervals.begin[-1]) + self.width + 1, np.int64)
        place[intervals.begin] = np.arange(len(intervals.begin))
        place[intervals.begin[-1] + intervals.length[-1]] = len(intervals.begin)
        first = place[spans.row * self.width + spans.start]
        counts = place[spans.row * self.width + spans.stop + 1] - first
        a, b, c = self.functions[:, spans.face + FIRST]
        interval = np.arange(counts.sum()) + np.repeat(first - (np.cumsum(counts) - counts), counts)
        slope = np.repeat(a, counts)
        left = slope * np.take(intervals.column, interval) + np.repeat(b * spans.row + c, counts)
        right = left + slope * np.take(intervals.length - 1, interval)
        return Pairs(np.repeat(np.arange(len(counts)), counts), interval, left, right)
