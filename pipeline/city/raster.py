"""Which face each pixel shows: hidden surfaces are removed between intervals of rows, not between pixels.

Only where two faces intersect within an interval, and on textures with holes, is anything decided pixel by pixel.
There is no loop over faces or rows.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from pipeline.city.cut_outs import draw_cut_outs
from pipeline.city.intervals import FIRST, GROUND, SKY, Pairs, Rows
from pipeline.city.polygons import Polygons
from pipeline.city.projection import FAR_M, Projected, project
from pipeline.city.spans import expand
from pipeline.city.textures import CUT_OUT, Atlas
from pipeline.city.view import View


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


def rasterise(polygons: Polygons, view: View, atlas: Atlas) -> Buffers:
    """The nearest face of every pixel's centre."""
    projected = project(polygons, view)
    rows = Rows.of(projected, view)
    pairs = rows.pairs()
    holes = np.take(np.isin(projected.faces.texture, CUT_OUT)[rows.spans.face], pairs.span)
    solid, cut_outs = pairs.take(np.flatnonzero(~holes)), pairs.take(np.flatnonzero(holes))
    face, nearest = _settle(solid, rows)
    buffer = np.repeat(face[0].astype(np.int32), rows.intervals.length)
    disputed = face[0] != face[1]
    _intersect(buffer, np.flatnonzero(disputed), solid, rows)
    left, right = (
        value > best[cut_outs.interval] for value, best in zip((cut_outs.left, cut_outs.right), nearest, strict=True)
    )
    asked = np.flatnonzero(left | right)
    sure = left & right & ~disputed[cut_outs.interval]
    draw_cut_outs(buffer, cut_outs.take(asked), sure[asked], rows, atlas)
    return Buffers(buffer.reshape(view.height, view.width), rows.functions, projected)


def _settle(pairs: Pairs, rows: Rows) -> tuple[list[Int[np.ndarray, " i"]], list[Float[np.ndarray, " i"]]]:
    """The nearest face, and how near it is, at the first and at the last pixel of every interval."""
    faces, nearest, intervals = [], [], rows.intervals
    for value, column in ((pairs.left, intervals.column), (pairs.right, intervals.column + intervals.length - 1)):
        face, best = _background(intervals.row, column, rows)
        np.maximum.at(best, pairs.interval, value)
        wins = np.flatnonzero(value == np.take(best, pairs.interval))
        face[pairs.interval[wins]] = rows.spans.face[pairs.span[wins]] + FIRST
        faces.append(face)
        nearest.append(best)
    return faces, nearest


def _background(
    row: Int[np.ndarray, " k"], column: Int[np.ndarray, " k"], rows: Rows
) -> tuple[Int[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Ground below the horizon and sky above it, with 1/z."""
    a, b, c = rows.functions[:, GROUND]
    ground = a * column + (b * row + c)
    return np.where(ground > 1 / FAR_M, GROUND, SKY), np.maximum(ground, 1 / FAR_M)


def _intersect(buffer: Int[np.ndarray, " pixel"], disputed: Int[np.ndarray, " k"], pairs: Pairs, rows: Rows) -> None:
    """Decide pixel by pixel in intervals whose ends show two faces."""
    intervals = rows.intervals
    lengths = intervals.length[disputed]
    owner, step = expand(lengths)
    face, best = _background(intervals.row[disputed][owner], intervals.column[disputed][owner] + step, rows)
    place = np.full(len(intervals.begin), -1)
    place[disputed] = np.cumsum(lengths) - lengths
    rivals = np.flatnonzero(np.take(place, pairs.interval) >= 0)
    at, number, value = _pixels(pairs.take(rivals), place, rows)
    np.maximum.at(best, at, value)
    wins = np.flatnonzero(value == best[at])
    face[at[wins]] = number[wins]
    buffer[np.repeat(intervals.begin[disputed] - place[disputed], lengths) + np.arange(len(face))] = face


def _pixels(
    pairs: Pairs, place: Int[np.ndarray, " i"], rows: Rows
) -> tuple[Int[np.ndarray, " k"], Int[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Of all pixels of pairs: where they are, counted from the ``place`` of their interval; face number; 1/z."""
    pair, step = expand(rows.intervals.length[pairs.interval])
    number = (rows.spans.face[pairs.span] + FIRST)[pair]
    return place[pairs.interval][pair] + step, number, rows.functions[0, number] * step + pairs.left[pair]
