"""A frame of a drive as pictures: colour under any number of looks, metric depth, classes and instances.

Geometry is rasterised once, at ``samples`` times the size. Where all samples of a pixel show one face, its middle
alone is shaded; elsewhere every sample is, so that edges are smooth and nothing is shaded in vain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from pipeline.city.film import develop
from pipeline.city.intervals import GROUND, SKY
from pipeline.city.looks import LOOKS
from pipeline.city.projection import project
from pipeline.city.raster import Buffers, rasterise
from pipeline.city.recording import Recording
from pipeline.city.shading import shade
from pipeline.city.spans import outline
from pipeline.city.stage import Cast, shadows, stage
from pipeline.city.surface import FaceTable, look_at
from pipeline.city.view import View, camera_view
from pipeline.city.world import World
from pipeline.schema import Calibration


@dataclass(frozen=True, eq=False)
class Picture:
    """What the camera sees at one frame."""

    colour: dict[str, UInt8[np.ndarray, "height width 3"]]
    """By look; all of them show the same geometry."""
    depth_m: Float[np.ndarray, "height width"]
    """Along the camera's axis, float32; infinite for the sky."""
    semantic: UInt8[np.ndarray, "height width"]
    instance: Int[np.ndarray, "height width"]
    """Actor + 1 of the recording; 0 for the city."""
    buffers: Buffers
    """At the finer size, for measures of visibility."""


def render(
    world: World, recording: Recording, cast: Cast, frame: int, calibration: Calibration, rng: np.random.Generator,
    samples: int = 2, looks: Sequence[str] = ("day",),
) -> Picture:  # fmt: skip
    """Render one frame; ``rng`` draws the sensor's noise only."""
    view = camera_view(calibration, recording.T_city_imu[frame])
    fine = view.finer(samples)
    buffers = rasterise(stage(world, recording, cast, frame, fine), fine, world.atlas)
    table = FaceTable.of(buffers, fine)
    shown, mixed = _nearest(buffers, samples)
    plain = np.flatnonzero(~mixed)
    u, v = _positions(plain, view, samples)
    fine_index = _finer_pixels(np.flatnonzero(mixed), view, samples)
    row, column = np.divmod(fine_index, fine.width)
    # 64 bits: numpy would widen narrower indices anew for each of the many look-ups that follow
    face = np.concatenate([shown.ravel()[plain], buffers.face.ravel()[fine_index]]).astype(np.int64)
    u, v = np.concatenate([u, column.astype(np.float32)]), np.concatenate([v, row.astype(np.float32)])
    jitter = rng.integers(0, 256, (2, len(face)), np.uint8) * np.float32(1 / 256) - np.float32(0.498)
    surface = look_at(world, fine, table, face, u, v, jitter)
    dark = _darkness(recording, frame, fine, world)
    at = np.minimum(v + 0.5, fine.height - 1).astype(np.int64) * fine.width + np.minimum(
        u + 0.5, fine.width - 1
    ).astype(np.int64)
    shade_on_ground = np.where(face == GROUND, dark[at], np.float32(0))
    colour = {}
    for name in looks:
        light = shade(surface, world, fine, table, LOOKS[name], shade_on_ground)
        image = np.empty((3, view.height * view.width), np.float32)
        image[:, plain] = light[:, : len(plain)]
        image[:, mixed.ravel()] = light[:, len(plain) :].reshape(3, -1, samples**2).mean(axis=2)
        colour[name] = develop(image.reshape(3, view.height, view.width), LOOKS[name], rng)
    depth = _exact_depth(table, shown, view, samples)
    semantic = np.empty(view.height * view.width, np.uint8)
    semantic[plain] = surface.semantic[: len(plain)]
    edge = surface.semantic[len(plain) :].reshape(-1, samples**2)
    first = (buffers.face.ravel()[fine_index].reshape(-1, samples**2) == shown[mixed][:, None]).argmax(axis=1)
    semantic[mixed.ravel()] = edge[np.arange(len(edge)), first]
    instance = table.instance[shown]
    return Picture(colour, depth, semantic.reshape(shown.shape), instance, buffers)


def _nearest(
    buffers: Buffers, samples: int
) -> tuple[Int[np.ndarray, "height width"], Bool[np.ndarray, "height width"]]:
    """The nearest face within each pixel, and whether a pixel shows more than one."""
    if samples == 1:
        return buffers.face, np.zeros(buffers.face.shape, bool)
    parts = [buffers.face[i::samples, j::samples] for i in range(samples) for j in range(samples)]
    near = [buffers.inverse_depth[i::samples, j::samples] for i in range(samples) for j in range(samples)]
    shown, best, mixed = parts[0], near[0], np.zeros(parts[0].shape, bool)
    for part, depth in zip(parts[1:], near[1:], strict=True):
        mixed |= part != parts[0]
        closer = depth > best
        shown, best = np.where(closer, part, shown), np.maximum(depth, best)
    return np.where(mixed, shown, parts[0]), mixed


def _positions(pixel: Int[np.ndarray, " n"], view: View, samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Middles of pixels, in the finer view's pixels."""
    u, v = _grid(view.width, view.height, samples)
    return np.take(u, pixel), np.take(v, pixel)


@lru_cache(maxsize=4)
def _grid(width: int, height: int, samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows of all pixels' middles, in pixels ``samples`` times as fine."""
    v, u = np.mgrid[:height, :width].astype(np.float32) * samples + np.float32((samples - 1) / 2)
    return u.ravel(), v.ravel()


def _finer_pixels(pixel: Int[np.ndarray, " n"], view: View, samples: int) -> Int[np.ndarray, " m"]:
    """All finer pixels of pixels, those of one pixel together."""
    row, column = np.divmod(pixel, view.width)
    inner = np.arange(samples)
    rows = row[:, None, None] * samples + inner[:, None]
    columns = column[:, None, None] * samples + inner
    return (rows * (view.width * samples) + columns).ravel()


def _exact_depth(
    table: FaceTable, shown: Int[np.ndarray, "height width"], view: View, samples: int
) -> Float[np.ndarray, "height width"]:
    """Depth of each pixel's middle on the plane of the face it shows."""
    u, v = _grid(view.width, view.height, samples)
    a, b, c = (np.take(part, shown.ravel()) for part in table.inverse_depth)
    inverse = a * u + b * v + c
    with np.errstate(divide="ignore"):
        depth = np.where(shown.ravel() == SKY, np.float32(np.inf), np.float32(1) / inverse)
    return depth.reshape(shown.shape)


def _darkness(recording: Recording, frame: int, view: View, world: World) -> Float[np.ndarray, " pixel"]:
    """How much of the sun road users take from each pixel of the ground."""
    patches, darkness = shadows(recording, frame, view.eye_m, world.sun)
    projected = project(patches, view)
    spans = outline(projected, view)
    pixel, span = spans.pixels(view.width)
    dark = np.zeros(view.width * view.height, np.float32)
    dark[pixel] = darkness[projected.index][spans.face][span]  # darker patches come later and win
    return dark
