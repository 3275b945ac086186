"""Faces as a camera sees them: what is in view, and 1/z, s/z, t/z and the outline as affine functions of the pixel.

Source: Olano and Greer, "Triangle scan conversion using 2D homogeneous coordinates", Graphics Hardware 1997, for
edges that need no clipping.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from pipeline.city.polygons import Polygons
from pipeline.city.view import View

NEAR_M = 0.25
FAR_M = 1000.0


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
    x, y, z = np.ascontiguousarray(corners.transpose(2, 1, 0))  # numpy is slow along axes as short as a face's corners
    (fx, fy), (cx, cy) = view.focal_px, view.centre_px
    left, right = (x * fx + z * (cx + 1) < 0).all(axis=0), (x * fx - z * (view.width - cx) > 0).all(axis=0)
    above, below = (y * fy + z * (cy + 1) < 0).all(axis=0), (y * fy - z * (view.height - cy) > 0).all(axis=0)
    return (z > NEAR_M).any(axis=0) & (z < FAR_M).any(axis=0) & ~(left | right | above | below)


def _facing(corners: Float[np.ndarray, "n 4 3"], two_sided: Bool[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
    """Faces that turn their outside to the camera and are not seen exactly edge-on."""
    normal = _cross(corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0])
    towards = -np.einsum("ij,ij->i", normal, corners[:, 0])
    return np.where(two_sided, np.abs(towards), towards) > 1e-9


def _rows(
    corners: Float[np.ndarray, "n 4 3"], view: View
) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"], Bool[np.ndarray, " n"]]:
    """First and last picture row of each face, and which faces have a row at all."""
    _, y0, z0 = np.ascontiguousarray(corners.transpose(2, 1, 0))
    y1, z1 = np.roll(y0, -1, axis=0), np.roll(z0, -1, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        cut = y0 + (NEAR_M - z0) / (z1 - z0) * (y1 - y0)
        v = y0 / z0
    crosses = (z0 - NEAR_M) * (z1 - NEAR_M) < 0
    behind = z0 < NEAR_M
    low = np.minimum(np.where(behind, np.inf, v), np.where(crosses, cut / NEAR_M, np.inf)).min(axis=0)
    high = np.maximum(np.where(behind, -np.inf, v), np.where(crosses, cut / NEAR_M, -np.inf)).max(axis=0)
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


def ground_inverse_depth(view: View) -> Float[np.ndarray, "3"]:
    """1/z of the plane on which the city stands, as a function of the pixel."""
    normal = view.T_view_city[:3, 2]
    return normal @ _ray_to_pixel(view) / (normal @ view.T_view_city[:3, 3])
