"""Which face each pixel shows: hidden surfaces are removed between whole runs of pixels, not between pixels.

Ends of spans cut each row into intervals on which the same faces compete. 1/z is affine along a row, so a face that
is nearest at both ends of an interval is nearest all along it; only where two faces intersect within an interval, and
on textures with holes, is anything decided pixel by pixel. There is no loop over faces or rows.

Source: Watkins, "A real time visible surface algorithm", University of Utah 1970, for spans of a scan line.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from pipeline.city.polygons import Polygons
from pipeline.city.projection import FAR_M, Projected, ground_inverse_depth, project
from pipeline.city.spans import Spans, expand, outline
from pipeline.city.textures import CUT_OUT, Atlas
from pipeline.city.view import View

SKY, GROUND, FIRST = 0, 1, 2
"""Numbers in a face buffer: nothing, the endless ground plane, and the first face of the list."""


@dataclass(frozen=True, eq=False)
class Buffers:
    """What each pixel of a view shows."""

    face: Int[np.ndarray, "height width"]
    """``SKY``, ``GROUND``, or ``FIRST`` + position in ``projected``."""
    functions: Float[np.ndarray, "3 n"]
    """1/z by face number as an affine function of the pixel; that of the sky is 1 / ``FAR_M``."""
    projected: Projected

    @property
    def inverse_depth(self) -> Float[np.ndarray, "height width"]:
        """1/z of every pixel along the view axis."""
        height, width = self.face.shape
        a, b, c = self.functions[:, self.face]
        return (a * np.arange(width) + (b * np.arange(height)[:, None] + c)).astype(np.float32)


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

    def take(self, index: np.ndarray) -> "Pairs":
        """The pairs at ``index``."""
        return Pairs(self.span[index], self.interval[index], self.left[index], self.right[index])


def rasterise(polygons: Polygons, view: View, atlas: Atlas) -> Buffers:
    """The nearest face of every pixel's centre."""
    projected = project(polygons, view)
    functions = np.concatenate([
        [[0, 0, 1 / FAR_M]], ground_inverse_depth(view)[None], projected.inverse_depth,
    ]).T  # fmt: skip
    functions = np.ascontiguousarray(functions)
    spans = outline(projected, view)
    intervals, pairs = _cut(spans, functions, view)
    holes = np.isin(projected.faces.texture, CUT_OUT)[spans.face][pairs.span]
    solid = pairs.take(np.flatnonzero(~holes))
    face, nearest = _settle(solid, spans, intervals, functions)
    buffer = np.repeat(face[0].astype(np.int32), intervals.length)
    _intersect(buffer, np.flatnonzero(face[0] != face[1]), solid, spans, intervals, functions)
    cards = np.flatnonzero(
        holes & ((pairs.left > nearest[0][pairs.interval]) | (pairs.right > nearest[1][pairs.interval]))
    )
    _draw_cards(buffer, pairs.take(cards), spans, intervals, functions, projected, atlas)
    return Buffers(buffer.reshape(view.height, view.width), functions, projected)


def _cut(spans: Spans, functions: Float[np.ndarray, "3 n"], view: View) -> tuple[Intervals, Pairs]:
    size = view.height * view.width
    begin, end = spans.row * view.width + spans.start, spans.row * view.width + spans.stop + 1
    cut = np.zeros(size + 1, bool)
    cut[begin] = cut[end] = cut[:: view.width] = True
    edges = np.flatnonzero(cut)
    place = np.empty(size + 1, np.int64)
    place[edges] = np.arange(len(edges))
    row, column = np.divmod(edges[:-1], view.width)
    intervals = Intervals(edges[:-1], np.diff(edges), row, column)
    first = place[begin]
    counts = place[end] - first
    a, b, c = functions[:, spans.face + FIRST]
    at_start = b * spans.row + c
    interval = np.arange(counts.sum()) + np.repeat(first - (np.cumsum(counts) - counts), counts)
    slope = np.repeat(a, counts)
    left = slope * column[interval] + np.repeat(at_start, counts)
    right = left + slope * (intervals.length - 1)[interval]
    return intervals, Pairs(np.repeat(np.arange(len(counts)), counts), interval, left, right)


def _settle(
    pairs: Pairs, spans: Spans, intervals: Intervals, functions: Float[np.ndarray, "3 n"]
) -> tuple[list[Int[np.ndarray, " i"]], list[Float[np.ndarray, " i"]]]:
    """The nearest face, and how near it is, at the first and at the last pixel of every interval."""
    faces, nearest = [], []
    for value, column in ((pairs.left, intervals.column), (pairs.right, intervals.column + intervals.length - 1)):
        face, best = _background(intervals.row, column, functions)
        np.maximum.at(best, pairs.interval, value)
        wins = np.flatnonzero(value == best[pairs.interval])
        face[pairs.interval[wins]] = spans.face[pairs.span[wins]] + FIRST
        faces.append(face)
        nearest.append(best)
    return faces, nearest


def _background(
    row: Int[np.ndarray, " k"], column: Int[np.ndarray, " k"], functions: Float[np.ndarray, "3 n"]
) -> tuple[Int[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Ground below the horizon and sky above it, with 1/z."""
    a, b, c = functions[:, GROUND]
    ground = a * column + (b * row + c)
    return np.where(ground > 1 / FAR_M, GROUND, SKY), np.maximum(ground, 1 / FAR_M)


def _intersect(
    buffer: Int[np.ndarray, " pixel"], disputed: Int[np.ndarray, " k"], pairs: Pairs, spans: Spans,
    intervals: Intervals, functions: Float[np.ndarray, "3 n"],
) -> None:  # fmt: skip
    """Decide pixel by pixel in intervals whose ends show two faces."""
    lengths = intervals.length[disputed]
    owner, step = expand(lengths)
    row, column = intervals.row[disputed][owner], intervals.column[disputed][owner] + step
    face, best = _background(row, column, functions)
    place = np.full(len(intervals.begin), -1)
    place[disputed] = np.cumsum(lengths) - lengths
    rivals = np.flatnonzero(place[pairs.interval] >= 0)
    interval = pairs.interval[rivals]
    rival, step = expand(intervals.length[interval])
    at = place[interval][rival] + step
    number = (spans.face[pairs.span[rivals]] + FIRST)[rival]
    value = functions[0, number] * step + pairs.left[rivals][rival]
    np.maximum.at(best, at, value)
    wins = np.flatnonzero(value == best[at])
    face[at[wins]] = number[wins]
    buffer[np.repeat(intervals.begin[disputed] - place[disputed], lengths) + np.arange(len(face))] = face


def _draw_cards(
    buffer: Int[np.ndarray, " pixel"], pairs: Pairs, spans: Spans, intervals: Intervals,
    functions: Float[np.ndarray, "3 n"], projected: Projected, atlas: Atlas,
) -> None:  # fmt: skip
    """Draw what has holes into a buffer of what has none."""
    face, interval = spans.face[pairs.span], pairs.interval
    row, column = intervals.row[interval], intervals.column[interval]
    pair, step = expand(intervals.length[interval])
    pixel = np.take(intervals.begin[interval], pair) + step
    nearness = np.take(pairs.left, pair) + np.take(functions[0, face + FIRST], pair) * step
    a, b, c = (np.take(part, np.take(buffer, pixel)) for part in functions)
    free = np.flatnonzero(nearness > a * (np.take(column, pair) + step) + b * np.take(row, pair) + c)
    pair, step, nearness = pair[free], step[free].astype(np.float32), nearness[free].astype(np.float32)
    there = _opaque(projected, face, row, column, pair, step, nearness, atlas)
    pixel, nearness, number = pixel[free][there], nearness[there], np.take(face, pair[there]) + FIRST
    nearest = np.zeros(len(buffer), np.float32)
    np.maximum.at(nearest, pixel, nearness)
    wins = np.flatnonzero(nearness == np.take(nearest, pixel))
    buffer[pixel[wins]] = number[wins]


def _opaque(
    projected: Projected, face: Int[np.ndarray, " p"], row: Int[np.ndarray, " p"], column: Int[np.ndarray, " p"],
    pair: Int[np.ndarray, " k"], step: Float[np.ndarray, " k"], inverse_depth: Float[np.ndarray, " k"], atlas: Atlas,
) -> Int[np.ndarray, " some"]:  # fmt: skip
    """Which of the pixels ``step`` after the start of a run of a face are not holes of its texture."""
    texture = projected.faces.texture[face]
    size = np.take(atlas.size[texture], pair)
    inside = []
    for a, b, c in np.moveaxis(projected.texture[face], 0, -1):
        at_start = (a * column + b * row + c).astype(np.float32)
        value = (np.take(at_start, pair) + np.take(a.astype(np.float32), pair) * step) / inverse_depth
        inside.append(np.clip((value * size).astype(np.int32), 0, size - 1))
    texel = np.take(atlas.start[texture, 0], pair) + inside[1] * size + inside[0]
    return np.flatnonzero(np.take(atlas.texels[3], texel) > 127)
