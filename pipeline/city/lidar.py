"""A 64-beam LiDAR in the same scene: rays meet the planes of the faces that four wide views show."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int

from pipeline.city.intervals import GROUND, SKY
from pipeline.city.raster import rasterise
from pipeline.city.recording import Recording
from pipeline.city.stage import Cast, solid
from pipeline.city.surface import WRAP, FaceTable
from pipeline.city.view import View
from pipeline.city.world import World
from pipeline.geometry import invert_rigid
from pipeline.schema import Calibration

BEAMS_DEG = np.concatenate([2.0 - np.arange(32) / 3, -8.83 - np.arange(32) / 2])
"""Elevations of the HDL-64E: an upper and a coarser lower block (Velodyne, user's manual)."""
COLUMNS = 2080
FARTHEST_M = 120.0
NOISE_M = 0.012
LOST = 0.06
"""Share of the rays that never come back."""
FOCAL_PX = 160.0
"""Of the views that tell which face a ray meets; where on the face is worked out exactly."""


@dataclass(frozen=True, eq=False)
class Rays:
    """The rays within one quarter of the horizon, as pixels of a view that looks along its middle."""

    u: Float[np.ndarray, " ray"]
    v: Float[np.ndarray, " ray"]
    direction: Float[np.ndarray, "ray 3"]
    """In the view, of length 1 along its axis."""
    length: Float[np.ndarray, " ray"]
    column: Int[np.ndarray, " ray"]
    row: Int[np.ndarray, " ray"]
    """The pixel nearest to the ray."""


@lru_cache(maxsize=1)
def _quarter() -> tuple[Rays, int, int]:
    """Rays of a quarter, and the size of a picture that holds them."""
    azimuth = (np.arange(COLUMNS // 4) + 0.5) / COLUMNS * 2 * np.pi - np.pi / 4
    elevation = np.radians(BEAMS_DEG)
    x = np.repeat(np.tan(azimuth)[None], len(elevation), axis=0)
    y = -np.tan(elevation)[:, None] / np.cos(azimuth)
    width, top = int(2 * FOCAL_PX) + 4, int(-y.min() * FOCAL_PX) + 2
    height = top + int(y.max() * FOCAL_PX) + 3
    direction = np.stack([x, y, np.ones_like(x)], axis=-1).reshape(-1, 3)
    u, v = direction[:, 0] * FOCAL_PX + (width - 1) / 2, direction[:, 1] * FOCAL_PX + top
    column, row = (np.clip(np.round(at).astype(np.int64), 0, size - 1) for at, size in ((u, width), (v, height)))
    return Rays(u, v, direction, np.linalg.norm(direction, axis=1), column, row), width, height


def scan(
    world: World, recording: Recording, cast: Cast, frame: int, calibration: Calibration, rng: np.random.Generator
) -> Float[np.ndarray, "point 4"]:
    """One turn of the scanner: x, y, z in the LiDAR's frame (m) and reflectance 0 to 1, float32 as KITTI stores it."""
    T_velo_city = calibration.T_velo_imu @ invert_rigid(recording.T_city_imu[frame])
    rays, width, height = _quarter()
    centre = ((width - 1) / 2, rays.v[0] - rays.direction[0, 1] * FOCAL_PX)
    points = []
    for quarter in range(4):
        T_view_velo = _looking(quarter * np.pi / 2)
        T_view_city = T_view_velo @ T_velo_city
        view = View(width, height, (FOCAL_PX, FOCAL_PX), (centre[0], float(centre[1])), T_view_city, FARTHEST_M)
        points.append(_returns(world, view, rays, _seen(world, recording, cast, frame, view), T_view_velo, rng))
    return np.concatenate(points)


def _seen(world: World, recording: Recording, cast: Cast, frame: int, view: View) -> tuple[np.ndarray, FaceTable]:
    """Faces of a view's pixels and the table that describes them."""
    buffers = rasterise(solid(world, recording, cast, frame, view), view, world.atlas)
    return buffers.face, FaceTable.of(buffers, view)


def _looking(yaw_rad: float) -> Float[np.ndarray, "4 4"]:
    """``T_view_velo`` of a camera at the LiDAR that looks to ``yaw_rad`` left of ahead."""
    cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
    return np.array([[sin, -cos, 0, 0], [0, 0, -1, 0], [cos, sin, 0, 0], [0, 0, 0, 1.0]])


def _returns(
    world: World, view: View, rays: Rays, seen: tuple[np.ndarray, FaceTable], T_view_velo: Float[np.ndarray, "4 4"],
    rng: np.random.Generator,
) -> Float[np.ndarray, "point 4"]:  # fmt: skip
    faces, table = seen
    face = np.take(faces, rays.row * view.width + rays.column).astype(np.int64)
    a, b, c = (np.take(part, face) for part in table.inverse_depth.astype(np.float64))
    inverse, at_pixel = a * rays.u + b * rays.v + c, a * rays.column + b * rays.row + c
    # between two pixels a ray may pass beside the face: its plane would then be met far off
    met = (face != SKY) & (inverse > 1e-3) & (np.abs(inverse - at_pixel) < 0.15 * at_pixel)
    kept = np.flatnonzero(met & (rays.length < FARTHEST_M * inverse) & (rng.random(len(face)) > LOST))
    depth = 1 / inverse[kept] + NOISE_M * rng.standard_normal(len(kept)) / rays.length[kept]
    points = rays.direction[kept] * depth[:, None] @ T_view_velo[:3, :3]
    reflectance = _reflectance(world, table, face[kept], points, view, T_view_velo)
    return np.column_stack([points, reflectance]).astype(np.float32)


def _reflectance(
    world: World, table: FaceTable, face: np.ndarray, points: Float[np.ndarray, "point 3"], view: View,
    T_view_velo: Float[np.ndarray, "4 4"],
) -> Float[np.ndarray, " point"]:  # fmt: skip
    """Brightness of what was hit; on the ground that of its texture, so that paint stands out."""
    result = np.take(table.colour.mean(axis=0), face)
    ground = np.flatnonzero(face == GROUND)
    T_city_velo = invert_rigid(view.T_view_city) @ T_view_velo
    x, y, _ = T_city_velo[:3, :3] @ points[ground].T + T_city_velo[:3, 3:]
    texture, s, t = world.ground.texture_at(x.astype(np.float32), y.astype(np.float32))
    level = 2
    side = world.atlas.size[texture] >> level
    column, row = (((at + WRAP) * side).astype(np.int64) & (side - 1) for at in (s, t))
    texel = world.atlas.start[texture, level] + row * side + column
    result[ground] = world.atlas.channels(texel)[0] / 255
    return np.clip(result, 0, 0.99)
