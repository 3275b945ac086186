"""What the camera's rays hit: material, place and depth of each sample, before any light falls on it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Integer

from pipeline.city import classes
from pipeline.city.ground import LOT_M, PERIOD_M, crossing_reach_m
from pipeline.city.intervals import GROUND, SKY
from pipeline.city.projection import ground_inverse_depth
from pipeline.city.raster import Buffers
from pipeline.city.textures import CROSSING, LOT, STREET, WINDOWED
from pipeline.city.view import View
from pipeline.city.world import World

WRAP = 128
"""Added to texture coordinates, which must not be negative."""


@dataclass(frozen=True, eq=False)
class FaceTable:
    """Per face number (``SKY``, ``GROUND``, then the scene's), as float32, what shading needs."""

    inverse_depth: Float[np.ndarray, "3 n"]
    texture_s: Float[np.ndarray, "3 n"]
    texture_t: Float[np.ndarray, "3 n"]
    stretch: Float[np.ndarray, " n"]
    """Area of texture that a pixel covers at depth 1; grows with depth cubed."""
    texture: Int[np.ndarray, " n"]
    colour: Float[np.ndarray, "3 n"]
    normal: Float[np.ndarray, "n 3"]
    upwards: Float[np.ndarray, " n"]
    """Share of the sky that shines on a face."""
    gloss: Float[np.ndarray, " n"]
    """Share of the sky that a face mirrors; 0 for most."""
    windowed: Bool[np.ndarray, " n"]
    """Whether the texture marks panes."""
    glow: Float[np.ndarray, " n"]
    semantic: Int[np.ndarray, " n"]
    instance: Int[np.ndarray, " n"]

    @classmethod
    def of(cls, buffers: Buffers, view: View) -> "FaceTable":
        """The tables of everything in ``buffers``."""
        projected, scene = buffers.projected, buffers.projected.faces
        ground = ground_inverse_depth(view)
        inverse = np.concatenate([np.zeros((1, 3)), ground[None], projected.inverse_depth])
        textures = [np.concatenate([np.zeros((2, 3)), projected.texture[:, axis]]) for axis in (0, 1)]
        stretch = np.abs(np.linalg.det(np.stack([*textures, inverse], axis=1)))
        # on the ground texture coordinates are metres: area of a pixel there
        stretch[GROUND] = np.abs(1 / (view.focal_px[0] * view.focal_px[1] * view.eye_m[2]))
        along = scene.corners_m[:, 1] - scene.corners_m[:, 0]
        normal = np.cross(along, scene.corners_m[:, 3] - scene.corners_m[:, 0])
        normal /= np.maximum(np.linalg.norm(normal, axis=1), 1e-12)[:, None]
        normal = np.concatenate([[[0.0, 0, 1], [0, 0, 1]], normal]).astype(np.float32)
        semantic = np.concatenate([[classes.SKY, classes.ROAD], scene.semantic]).astype(np.int32)
        texture = np.concatenate([[0, 0], scene.texture]).astype(np.int64)
        upwards = np.where(semantic == classes.VEGETATION, 0.85, 0.62 + 0.38 * normal[:, 2])
        body = np.isin(semantic, (classes.CAR, classes.TRUCK))
        gloss = np.where(body, 0.05 + 0.13 * np.maximum(normal[:, 2], 0), 0)
        return cls(
            np.ascontiguousarray(inverse.T, np.float32),
            np.ascontiguousarray(textures[0].T, np.float32),
            np.ascontiguousarray(textures[1].T, np.float32),
            stretch.astype(np.float32),
            texture,
            np.ascontiguousarray(np.concatenate([np.ones((2, 3)), scene.colour]).T, np.float32),
            normal,
            upwards.astype(np.float32),
            gloss.astype(np.float32),
            np.isin(texture, WINDOWED),
            np.concatenate([[0.0, 0.0], scene.glow]).astype(np.float32),
            semantic,
            np.concatenate([[0, 0], scene.instance]).astype(np.int32),
        )


@dataclass(frozen=True, eq=False)
class Samples:
    """Points of a view to shade."""

    face: Int[np.ndarray, " n"]
    u: Float[np.ndarray, " n"]
    v: Float[np.ndarray, " n"]
    """Column and row; they may lie between pixel centres."""

    def take(self, index: Int[np.ndarray, " some"]) -> "Samples":
        """The samples at ``index``."""
        # 64 bits: numpy would widen narrower indices anew for each of the many look-ups that follow
        face = np.take(self.face, index).astype(np.int64)
        return Samples(face, np.take(self.u, index), np.take(self.v, index))


@dataclass(frozen=True, eq=False)
class Surface:
    """Samples of the ground, or of a scene's faces; float32 throughout."""

    depth_m: Float[np.ndarray, " n"]
    """Along the camera's axis."""
    place_m: tuple[np.ndarray, np.ndarray, np.ndarray]
    """The height of the ground is one number."""
    albedo: Float[np.ndarray, "3 n"]
    jitter: Float[np.ndarray, "2 n"]
    """Random, -0.5 to 0.5."""
    semantic: Integer[np.ndarray, " n"]


@dataclass(frozen=True, eq=False)
class FaceSurface(Surface):
    """Samples of a scene's faces."""

    face: Int[np.ndarray, " n"]
    panes: Int[np.ndarray, " pane"]
    """Which samples show a window pane."""
    window: Int[np.ndarray, " pane"]
    """A random number 0-255 that belongs to the window."""


def look_at_ground(
    world: World, view: View, table: FaceTable, samples: Samples, jitter: Float[np.ndarray, "2 n"]
) -> Surface:
    """What lies on the ground where samples meet it; ``jitter`` (texels) blurs textures seen from too near."""
    a, b, c = table.inverse_depth[:, GROUND]
    depth = 1 / (a * samples.u + b * samples.v + c)
    x, y, _ = rays(view, samples.u, samples.v)
    x *= depth
    y *= depth
    x += np.float32(view.eye_m[0])
    y += np.float32(view.eye_m[1])
    texture, s, t = world.ground.texture_at(x, y)
    area = np.take(table.stretch[GROUND] * _per_tile(world) * world.atlas.size**2, texture).astype(np.float32)
    area *= depth * depth * depth
    texel = _texels(world, texture, s, t, area, jitter)
    albedo = np.empty((3, len(depth)), np.float32)
    for plane, share in zip(albedo, world.atlas.channels(texel), strict=False):
        np.multiply(share, np.float32(1 / 255), out=plane)
    return Surface(depth, (x, y, np.zeros((), np.float32)), albedo, jitter, np.take(world.atlas.semantic, texel))


def look_at_faces(
    world: World, view: View, table: FaceTable, samples: Samples, jitter: Float[np.ndarray, "2 n"]
) -> FaceSurface:
    """Material and place of samples of a scene's faces; ``jitter`` (texels) blurs textures seen from too near."""
    face, u, v = samples.face, samples.u, samples.v
    depth = 1 / affine(table.inverse_depth, face, u, v)
    place = tuple(depth * part + np.float32(eye) for eye, part in zip(view.eye_m, rays(view, u, v), strict=True))
    s, t = affine(table.texture_s, face, u, v), affine(table.texture_t, face, u, v)
    s *= depth
    t *= depth
    texture = np.take(table.texture, face)
    area = np.take(table.stretch * (world.atlas.size**2).astype(np.float32)[table.texture], face)
    area *= depth * depth * depth
    *colours, marks = world.atlas.channels(_texels(world, texture, s, t, area, jitter))
    albedo = np.empty((3, len(face)), np.float32)
    for plane, share, colour in zip(albedo, colours, table.colour, strict=True):
        np.multiply(share, np.take(colour * np.float32(1 / 255), face), out=plane)
    panes = np.flatnonzero(np.take(table.windowed, face) & (marks > 127))
    window = _window_numbers(s[panes], t[panes], texture[panes])
    return FaceSurface(depth, (place[0], place[1], place[2]), albedo, jitter, np.take(table.semantic, face), face,
                       panes, window)  # fmt: skip


def depth_at(table: FaceTable, samples: Samples) -> Float[np.ndarray, " n"]:
    """Depth along the camera's axis (m); infinite for the sky."""
    with np.errstate(divide="ignore"):
        return np.where(
            samples.face == SKY, np.float32(np.inf), 1 / affine(table.inverse_depth, *vars(samples).values())
        )


def affine(
    functions: Float[np.ndarray, "3 faces"], face: Int[np.ndarray, " n"], u: Float[np.ndarray, " n"],
    v: Float[np.ndarray, " n"],
) -> Float[np.ndarray, " n"]:  # fmt: skip
    """Values at pixels of each one's function a u + b v + c."""
    a, b, c = (np.take(part, face) for part in functions)
    a *= u
    b *= v
    a += b
    a += c
    return a


def rays(
    view: View, u: Float[np.ndarray, " n"], v: Float[np.ndarray, " n"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """City directions of pixels, of length 1 along the camera's axis."""
    to_city = view.T_view_city[:3, :3].T
    (fx, fy), (cx, cy) = view.focal_px, view.centre_px
    steps = (to_city @ np.array([[1 / fx, 0, -cx / fx], [0, 1 / fy, -cy / fy], [0, 0, 1]])).astype(np.float32)
    x, y, z = (row[0] * u + row[1] * v + row[2] for row in steps)
    return x, y, z


def _per_tile(world: World) -> Float[np.ndarray, " texture"]:
    """Square tiles per square metre of each ground texture."""
    share = np.ones(len(world.atlas.size), np.float32)
    share[STREET] = 1 / (2 * world.style.plan.facade_m * PERIOD_M)
    share[CROSSING] = 1 / (2 * crossing_reach_m(world.style.plan)) ** 2
    share[LOT] = 1 / LOT_M**2
    return share


def _texels(
    world: World, texture: Int[np.ndarray, " n"], s: Float[np.ndarray, " n"], t: Float[np.ndarray, " n"],
    area: Float[np.ndarray, " n"], jitter: Float[np.ndarray, "2 n"],
) -> Int[np.ndarray, " n"]:  # fmt: skip
    """Which texel of which mip level each sample reads: half of log2 of ``area``, the texels in its footprint."""
    size = np.take(world.atlas.size.astype(np.int32), texture)
    # the exponent bits of a float32 are its log2, rounded down
    level = ((area * np.float32(1.4)).view(np.int32) >> 23) - 127 >> 1
    level = np.minimum(np.maximum(level, 0), np.take(_last_level(world), texture))
    side = size >> level
    fine = side.astype(np.float32)
    mask = side - 1
    column = ((s + WRAP) * fine + jitter[0]).astype(np.int32) & mask
    row = ((t + WRAP) * fine + jitter[1]).astype(np.int32) & mask
    levels = world.atlas.start.shape[1]
    return np.take(world.atlas.start.ravel(), texture * levels + level) + row * side + column


def _last_level(world: World) -> Int[np.ndarray, " texture"]:
    return np.log2(world.atlas.size).astype(np.int32)


def _window_numbers(
    s: Float[np.ndarray, " n"], t: Float[np.ndarray, " n"], texture: Int[np.ndarray, " n"]
) -> Int[np.ndarray, " n"]:
    column, row = s.astype(np.int64), t.astype(np.int64)
    mixed = (column * 73856093) ^ (row * 19349663) ^ (texture.astype(np.int64) * 83492791)
    return mixed * 2654435761 >> 13 & 255
