"""What stands in the city as flat four-cornered faces, and the few ways in which all of it is built.

A face is a parallelogram or a trapezium; a triangle repeats a corner. Texture coordinates run along its first edge
(s) and its last (t). Corners go counter-clockwise when looked at from outside.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float, Int

from pipeline.city.classes import STATIC
from pipeline.city.textures import FLAT

Vector = Sequence[float | int] | np.ndarray

Colour = tuple[float, float, float]
"""Reflected share of red, green and blue light, 0 to 1, linear."""


@dataclass(frozen=True, eq=False)
class Polygons:
    """Faces as arrays, one row each."""

    corners_m: Float[np.ndarray, "n 4 3"]
    texture: Int[np.ndarray, " n"]
    colour: Float[np.ndarray, "n 3"]
    """Linear reflectance that the texture is multiplied with."""
    extent: Float[np.ndarray, "n 4"]
    """Texture coordinates s0, t0 at the first corner; s1 at the second, t1 at the last."""
    semantic: Int[np.ndarray, " n"]
    instance: Int[np.ndarray, " n"]
    """Number of the road user, from 1; 0 for the city itself."""
    glow: Float[np.ndarray, " n"]
    """Light of its own, in the face's colour; seen by night."""
    two_sided: Bool[np.ndarray, " n"]
    swing_m: Float[np.ndarray, "n 4"]
    """How far each corner moves forwards and back when its owner walks."""

    @classmethod
    def join(cls, parts: Sequence["Polygons"]) -> "Polygons":
        """All faces of ``parts``, in order."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def take(self, index: np.ndarray) -> "Polygons":
        """The faces at ``index`` (positions or a mask)."""
        return Polygons(*(getattr(self, field.name)[index] for field in fields(self)))

    def __len__(self) -> int:
        """How many faces."""
        return len(self.texture)


def faces(
    corners_m: Float[np.ndarray, "n 4 3"], colour: Colour | np.ndarray, *, texture: int = FLAT,
    extent: Float[np.ndarray, "n 4"] | tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0), semantic: int = STATIC,
    instance: int = 0, glow: float = 0.0, two_sided: bool = False,
    swing_m: Float[np.ndarray, "n 4"] | float = 0.0,
) -> Polygons:  # fmt: skip
    """Faces that share a look."""
    count = len(corners_m)
    return Polygons(
        corners_m=np.asarray(corners_m, np.float64),
        texture=np.full(count, texture),
        colour=np.broadcast_to(np.asarray(colour, np.float32), (count, 3)),
        extent=np.broadcast_to(np.asarray(extent, np.float64), (count, 4)),
        semantic=np.full(count, semantic),
        instance=np.full(count, instance),
        glow=np.full(count, glow, np.float32),
        two_sided=np.full(count, two_sided),
        swing_m=np.broadcast_to(np.asarray(swing_m, np.float64), (count, 4)),
    )


def walls(
    west: float, south: float, east: float, north: float, low_m: float, high_m: float
) -> Float[np.ndarray, "4 4 3"]:
    """Sides of an upright box: south, east, north, west; each from its lower left corner seen from outside."""
    ring = np.array([(west, south), (east, south), (east, north), (west, north)])
    ends = np.stack([ring, np.roll(ring, -1, axis=0)], axis=1)
    low, high = (np.concatenate([ends, np.full((4, 2, 1), level)], axis=2) for level in (low_m, high_m))
    return np.stack([low[:, 0], low[:, 1], high[:, 1], high[:, 0]], axis=1)


def lid(west: float, south: float, east: float, north: float, level_m: float) -> Float[np.ndarray, "1 4 3"]:
    """The top of an upright box."""
    return np.array([[(west, south, level_m), (east, south, level_m), (east, north, level_m), (west, north, level_m)]])


def box(size_m: Vector, middle_m: Vector, taper: float = 1.0) -> Float[np.ndarray, "5 4 3"]:
    """Sides and top of a box (length along x, width along y, height); ``taper`` is top width over foot width."""
    (length, width, height), (x, y, z) = size_m, middle_m
    corners = walls(-length / 2, -width / 2, length / 2, width / 2, -height / 2, height / 2)
    corners = np.concatenate([corners, lid(-length / 2, -width / 2, length / 2, width / 2, height / 2)])
    corners[..., :2] *= np.where(corners[..., 2:] > 0, taper, 1.0)
    return corners + np.array([x, y, z])


def disc(radius_m: float, middle_m: Vector, across: Vector, up: Vector) -> Float[np.ndarray, "3 4 3"]:
    """A regular octagon as three faces in the plane of two unit vectors."""
    angle = np.pi / 8 + np.arange(8) * np.pi / 4
    ring = np.asarray(middle_m) + radius_m * (np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * np.asarray(up))
    return ring[np.array([(7, 0, 1, 2), (6, 7, 2, 3), (5, 6, 3, 4)])]
