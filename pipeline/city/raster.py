"""From faces to geometry buffers: which face each pixel shows, and how far away it is.

For a flat face 1/z, s/z and t/z are affine in the pixel, so a face is three numbers each; its outline is four lines,
so a row of pixels in it is one span. Spans of all faces are laid out as one list of fragments and the nearest
fragment of each pixel wins. There is no loop over faces or rows.

Source: Olano and Greer, "Triangle scan conversion using 2D homogeneous coordinates", Graphics Hardware 1997, for
edges that need no clipping.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from pipeline.city.polygons import Polygons
from pipeline.city.textures import CUT_OUT, Atlas
from pipeline.city.view import View

NEAR_M = 0.25
FAR_M = 1000.0
BLOCK = 16
"""Pixels of a row, a power of two, that are taken together when asking whether a span is hidden."""

SHARES = (0.6, 1.6)
"""After so many pictures' worth of pixels, nearest faces first, what is hidden by then is left out."""

SKY, GROUND, FIRST = 0, 1, 2
"""Numbers in a face buffer: nothing, the endless ground plane, and the first face of the list."""


@dataclass(frozen=True, eq=False)
class Projected:
    """Faces of a scene that may be seen in a view, as affine functions of the pixel: value = a u + b v + c."""

    faces: Polygons
    edges: Float[np.ndarray, "n 5 3"]
    """Not negative inside the outline; the fifth cuts off what is nearer than ``NEAR_M``."""
    inverse_depth: Float[np.ndarray, "n 3"]
    texture: Float[np.ndarray, "n 2 3"]
    """s/z and t/z."""
    first_row: Int[np.ndarray, " n"]
    last_row: Int[np.ndarray, " n"]
    index: Int[np.ndarray, " n"]
    """Position of each face in the list that was projected."""


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


@dataclass(frozen=True, eq=False)
class Fragments:
    """Pixels covered by spans, with repetitions."""

    pixel: Int[np.ndarray, " m"]
    """row * width + column."""
    span: Int[np.ndarray, " m"]
    """Position of the span that a pixel belongs to."""
    step: Int[np.ndarray, " m"]
    """Place of the pixel in its span."""
    inverse_depth: Float[np.ndarray, " m"]


def project(polygons: Polygons, view: View) -> Projected:
    """Cull what cannot be seen and work out the affine functions of the rest."""
    corners = polygons.corners_m @ view.T_view_city[:3, :3].T + view.T_view_city[:3, 3]
    kept = _in_front(corners, view) & _facing(corners, polygons.two_sided)
    index = np.flatnonzero(kept)
    first, last, shown = _rows(corners[index], view)
    index = index[shown]
    corners, faces = corners[index], polygons.take(index)
    along, up = corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0]
    normal = _cross(along, up)
    distance = (normal * corners[:, 0]).sum(axis=1)
    to_pixel = _ray_to_pixel(view)
    inverse_depth = normal @ to_pixel / distance[:, None]
    edges = _cross(corners, np.roll(corners, -1, axis=1)) * np.sign(distance)[:, None, None]
    near = np.array([0, 0, 1 / NEAR_M]) - inverse_depth
    texture = _texture_functions(corners[:, 0], along, up, normal, faces.extent, inverse_depth, to_pixel)
    return Projected(faces, np.concatenate([edges @ to_pixel, near[:, None]], axis=1), inverse_depth, texture,
                     first[shown], last[shown], index)  # fmt: skip


def _cross(first: Float[np.ndarray, "*n 3"], second: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
    """The cross product; numpy's own takes three times as long."""
    (ax, ay, az), (bx, by, bz) = np.moveaxis(first, -1, 0), np.moveaxis(second, -1, 0)
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)


def _ray_to_pixel(view: View) -> Float[np.ndarray, "3 3"]:
    """Turns a function of the ray (x/z, y/z, 1), given as a row, into one of the pixel (u, v, 1)."""
    (fx, fy), (cx, cy) = view.focal_px, view.centre_px
    return np.array([[1 / fx, 0, -cx / fx], [0, 1 / fy, -cy / fy], [0, 0, 1]])


def _in_front(corners: Float[np.ndarray, "n 4 3"], view: View) -> Bool[np.ndarray, " n"]:
    """Faces that are not wholly behind the camera or beside the picture."""
    x, y, z = np.moveaxis(corners, -1, 0)
    (fx, fy), (cx, cy) = view.focal_px, view.centre_px
    left, right = (x * fx + z * (cx + 1) < 0).all(axis=1), (x * fx - z * (view.width - cx) > 0).all(axis=1)
    above, below = (y * fy + z * (cy + 1) < 0).all(axis=1), (y * fy - z * (view.height - cy) > 0).all(axis=1)
    return (z > NEAR_M).any(axis=1) & (z < FAR_M).any(axis=1) & ~(left | right | above | below)


def _facing(corners: Float[np.ndarray, "n 4 3"], two_sided: Bool[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
    """Faces that turn their outside to the camera and are not seen exactly edge-on."""
    normal = _cross(corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0])
    towards = -(normal * corners[:, 0]).sum(axis=1)
    return np.where(two_sided, np.abs(towards), towards) > 1e-9


def _rows(
    corners: Float[np.ndarray, "n 4 3"], view: View
) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"], Bool[np.ndarray, " n"]]:
    """First and last picture row of each face, and which faces have a row at all."""
    start, stop = corners, np.roll(corners, -1, axis=1)
    z0, z1 = start[..., 2], stop[..., 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        cut = start[..., 1] + (NEAR_M - z0) / (z1 - z0) * (stop[..., 1] - start[..., 1])
        v = start[..., 1] / z0
    crosses = (z0 - NEAR_M) * (z1 - NEAR_M) < 0
    behind = z0 < NEAR_M
    low = np.minimum(np.where(behind, np.inf, v), np.where(crosses, cut / NEAR_M, np.inf)).min(axis=1)
    high = np.maximum(np.where(behind, -np.inf, v), np.where(crosses, cut / NEAR_M, -np.inf)).max(axis=1)
    edge = view.height - 1
    first = np.ceil(np.clip(low * view.focal_px[1] + view.centre_px[1], 0, edge + 1)).astype(np.int64)
    last = np.floor(np.clip(high * view.focal_px[1] + view.centre_px[1], -1, edge)).astype(np.int64)
    return first, last, first <= last


def _texture_functions(
    origin: Float[np.ndarray, "n 3"], along: Float[np.ndarray, "n 3"], up: Float[np.ndarray, "n 3"],
    normal: Float[np.ndarray, "n 3"], extent: Float[np.ndarray, "n 4"], inverse_depth: Float[np.ndarray, "n 3"],
    to_pixel: Float[np.ndarray, "3 3"],
) -> Float[np.ndarray, "n 2 3"]:  # fmt: skip
    """s/z = S·ray + (s0 - S·origin) / z with S the gradient of s in the plane; t alike."""
    area = (normal**2).sum(axis=1)[:, None]
    gradient_s = _cross(up, normal) / area * (extent[:, 2] - extent[:, 0])[:, None]
    gradient_t = _cross(normal, along) / area * (extent[:, 3] - extent[:, 1])[:, None]
    functions = []
    for gradient, start in ((gradient_s, extent[:, 0]), (gradient_t, extent[:, 1])):
        rest = start - (gradient * origin).sum(axis=1)
        functions.append(gradient @ to_pixel + rest[:, None] * inverse_depth)
    return np.stack(functions, axis=1)


def outline(projected: Projected, view: View, index: Int[np.ndarray, " some"]) -> Spans:
    """All runs of pixels whose centres lie inside the faces at ``index``."""
    first = projected.first_row[index]
    number, below = _expand(projected.last_row[index] - first + 1)
    row = first[number] + below
    low, high = np.zeros(len(row)), np.full(len(row), view.width - 1.0)
    level = np.zeros(len(row), bool)
    for edge in range(5):
        a, b, c = projected.edges[index, edge].T
        opens, closes = a > 1e-12, a < -1e-12
        flat = ~(opens | closes)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope, root = np.where(flat, 0, b / -a), np.where(flat, 0, c / -a)
        bound = slope[number] * row + root[number]
        np.maximum(low, bound, out=low, where=opens[number])
        np.minimum(high, bound, out=high, where=closes[number])
        if flat.any():
            level |= flat[number] & (b[number] * row + c[number] < 0)
    start, stop = np.ceil(low).astype(np.int64), np.floor(high).astype(np.int64)
    filled = np.flatnonzero((stop >= start) & ~level)
    return Spans(index[number[filled]], row[filled], start[filled], stop[filled])


def fill(spans: Spans, projected: Projected, view: View) -> Fragments:
    """The pixels of spans and how near the face is at each."""
    a, b, c = projected.inverse_depth[spans.face].T
    at_start = (a * spans.start + b * spans.row + c).astype(np.float32)
    span, step = _expand(spans.stop - spans.start + 1)
    pixel = np.take(spans.row * view.width + spans.start, span) + step
    depth = np.take(at_start, span) + np.take(a.astype(np.float32), span) * step.astype(np.float32)
    return Fragments(pixel, span, step, depth)


def _not_hidden(
    spans: Spans, projected: Projected, nearest: Float[np.ndarray, "height width"]
) -> Bool[np.ndarray, " m"]:
    """False for spans that lie behind everything drawn so far: minima over runs of blocks, from a sparse table."""
    height, width = nearest.shape
    blocks = -(-width // BLOCK)
    padded = np.full((height, blocks * BLOCK), np.inf, np.float32)
    padded[:, :width] = nearest
    least = padded
    for _ in range(BLOCK.bit_length() - 1):  # halving is faster than a minimum along so short an axis
        least = np.minimum(least[:, ::2], least[:, 1::2])
    table = [least]
    while 2 ** len(table) <= blocks:
        last, reach = table[-1], 2 ** (len(table) - 1)
        table.append(np.minimum(last, np.concatenate([last[:, reach:], last[:, -reach:]], axis=1)))
    stacked = np.stack(table)
    first, last = spans.start // BLOCK, spans.stop // BLOCK
    level = np.log2(last - first + 1).astype(np.int64)
    behind = np.minimum(stacked[level, spans.row, first], stacked[level, spans.row, last - 2**level + 1])
    a, b, c = projected.inverse_depth[spans.face].T
    rest = b * spans.row + c
    return np.maximum(a * spans.start + rest, a * spans.stop + rest) > behind


def _expand(counts: Int[np.ndarray, " n"]) -> tuple[Int[np.ndarray, " m"], Int[np.ndarray, " m"]]:
    """For counts (2, 3): owners 0 0 1 1 1 and positions 0 1 0 1 2."""
    owner = np.repeat(np.arange(len(counts)), counts)
    begin = np.cumsum(counts) - counts
    return owner, np.arange(len(owner)) - begin[owner]


def ground_inverse_depth(view: View) -> Float[np.ndarray, "3"]:
    """1/z of the plane on which the city stands, as a function of the pixel."""
    normal = view.T_view_city[:3, 2]
    return normal @ _ray_to_pixel(view) / (normal @ view.T_view_city[:3, 3])


@dataclass(frozen=True, eq=False)
class Buffers:
    """What each pixel of a view shows."""

    face: Int[np.ndarray, "height width"]
    """``SKY``, ``GROUND``, or ``FIRST`` + position in ``projected``."""
    inverse_depth: Float[np.ndarray, "height width"]
    projected: Projected


def rasterise(polygons: Polygons, view: View, atlas: Atlas) -> Buffers:
    """The nearest face of every pixel, float32 depth along the view axis.

    The nearest faces come first; of the others only what they leave free is filled in.
    """
    projected = project(polygons, view)
    u, v = np.arange(view.width), np.arange(view.height)[:, None]
    a, b, c = ground_inverse_depth(view)
    ground = (a * u + (b * v + c)).astype(np.float32)
    on_ground = ground > 1 / FAR_M
    nearest = np.where(on_ground, ground, np.float32(1 / FAR_M))
    face = on_ground.astype(np.int32)
    spans = outline(projected, view, _nearest_first(projected, view))
    filled = np.cumsum(spans.stop - spans.start + 1)
    ends = np.searchsorted(filled, np.array([*SHARES, np.inf]) * face.size)
    for begin, end in zip((0, *ends[:-1]), ends, strict=True):
        some = spans.take(slice(begin, end))
        if begin:
            some = some.take(_not_hidden(some, projected, nearest))
        _draw(fill(some, projected, view), some, projected, atlas, nearest, face)
    return Buffers(face, nearest, projected)


def _nearest_first(projected: Projected, view: View) -> Int[np.ndarray, " n"]:
    corners = projected.faces.corners_m - view.eye_m
    return np.argsort(np.abs(corners).sum(axis=2).min(axis=1), kind="stable")


def _draw(
    fragments: Fragments, spans: Spans, projected: Projected, atlas: Atlas, nearest: Float[np.ndarray, "height width"],
    face: Int[np.ndarray, "height width"],
) -> None:  # fmt: skip
    """Write the fragments that are nearer than what is there; of several at one pixel the nearest."""
    flat, faces = nearest.reshape(-1), face.reshape(-1)
    visible = fragments.inverse_depth > np.take(flat, fragments.pixel)
    cut_out = np.isin(projected.faces.texture, CUT_OUT)[spans.face]
    asked = np.flatnonzero(np.take(cut_out, fragments.span) & visible)
    visible[asked[~_opaque(projected, fragments, spans, asked, atlas)]] = False
    kept = np.flatnonzero(visible)
    pixel, depth = np.take(fragments.pixel, kept), np.take(fragments.inverse_depth, kept)
    np.maximum.at(flat, pixel, depth)
    wins = np.flatnonzero(depth == np.take(flat, pixel))
    faces[np.take(pixel, wins)] = np.take(spans.face + FIRST, np.take(fragments.span, np.take(kept, wins)))


def _opaque(
    projected: Projected, fragments: Fragments, spans: Spans, asked: Int[np.ndarray, " k"], atlas: Atlas
) -> Bool[np.ndarray, " k"]:
    """False where a cut-out texture has a hole."""
    span, step = fragments.span[asked], fragments.step[asked].astype(np.float32)
    depth = fragments.inverse_depth[asked]
    texture = projected.faces.texture[spans.face]
    size = np.take(atlas.size[texture], span)
    inside = []
    for a, b, c in np.moveaxis(projected.texture[spans.face], 0, -1):
        at_start = (a * spans.start + b * spans.row + c).astype(np.float32)
        value = (np.take(at_start, span) + np.take(a.astype(np.float32), span) * step) / depth
        inside.append(np.clip((value * size).astype(np.int32), 0, size - 1))
    texel = np.take(atlas.start[texture, 0], span) + inside[1] * size + inside[0]
    return np.take(atlas.texels[3], texel) > 127
