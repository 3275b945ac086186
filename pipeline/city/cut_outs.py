"""Faces whose texture has holes, such as the crowns of trees: the only ones that are drawn pixel by pixel."""

import numpy as np
from jaxtyping import Bool, Float, Int

from pipeline.city.intervals import FIRST, Pairs, Rows
from pipeline.city.textures import Atlas


def draw_cut_outs(
    buffer: Int[np.ndarray, " pixel"], pairs: Pairs, sure: Bool[np.ndarray, " p"], rows: Rows, atlas: Atlas
) -> None:
    """Draw faces with holes into a buffer of those without; ``sure`` pairs are in front of it everywhere."""
    intervals = rows.intervals
    face, begin, lengths = (
        rows.spans.face[pairs.span],
        intervals.begin[pairs.interval],
        intervals.length[pairs.interval],
    )
    offset = np.cumsum(lengths) - lengths
    place = np.arange(lengths.sum())
    step = (place - np.repeat(offset, lengths)).astype(np.float32)
    place += np.repeat(begin - offset, lengths)
    nearness = np.repeat(rows.functions[0, face + FIRST].astype(np.float32), lengths) * step
    nearness += np.repeat(pairs.left.astype(np.float32), lengths)
    texel = _texels(rows, pairs, face, lengths, step / nearness, 1 / nearness, atlas)
    there = atlas.channels(texel)[3] > 127
    asked = np.flatnonzero(np.repeat(~sure, lengths) & there)
    there[asked] = nearness[asked] > _nearness(place[asked], buffer, rows)
    drawn = np.flatnonzero(there)
    place, nearness = np.take(place, drawn), np.take(nearness, drawn)
    nearest = np.zeros(len(buffer), np.float32)
    np.maximum.at(nearest, place, nearness)
    wins = np.flatnonzero(nearness == np.take(nearest, place))
    number = np.repeat((face + FIRST).astype(np.int32), lengths)
    buffer[place[wins]] = np.take(number, drawn[wins])


def _texels(
    rows: Rows, pairs: Pairs, face: Int[np.ndarray, " p"], lengths: Int[np.ndarray, " p"],
    step: Float[np.ndarray, " k"], depth: Float[np.ndarray, " k"], atlas: Atlas,
) -> Int[np.ndarray, " k"]:  # fmt: skip
    """The finest texel at every pixel of runs of ``lengths`` pixels; ``step`` along the run comes times the depth."""
    texture = rows.projected.faces.texture[face]
    size = atlas.size[texture]
    row, column = rows.intervals.row[pairs.interval], rows.intervals.column[pairs.interval]
    last = np.repeat((size - 1).astype(np.int32), lengths)
    inside = []
    for a, b, c in np.moveaxis(rows.projected.texture[face], 0, -1):
        value = np.repeat(((a * column + b * row + c) * size).astype(np.float32), lengths) * depth
        value += np.repeat((a * size).astype(np.float32), lengths) * step
        inside.append(np.minimum(np.maximum(value, 0).astype(np.int32), last))
    return np.repeat(atlas.start[texture, 0], lengths) + inside[1] * (last + 1) + inside[0]


def _nearness(place: Int[np.ndarray, " k"], buffer: Int[np.ndarray, " pixel"], rows: Rows) -> Float[np.ndarray, " k"]:
    """1/z of what the buffer shows at pixels."""
    v, u = np.divmod(place, rows.width)
    a, b, c = (np.take(part, buffer[place]) for part in rows.functions)
    return (a * u + (b * v + c)).astype(np.float32)
