"""A frame of a drive as pictures: colour under any number of looks, metric depth, classes and instances.

Geometry is rasterised once, at ``samples`` times the size. Every pixel is shaded in its middle; those whose samples
show several faces are shaded once more at every sample, so that edges are smooth and little is shaded in vain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int, UInt8

from pipeline.city.film import develop
from pipeline.city.intervals import GROUND
from pipeline.city.looks import LOOKS, Look
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

BAND = 131072
"""Samples shaded at a time: memory stays small, and numpy's cost of a call does not show."""


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


@dataclass(frozen=True, eq=False)
class Samples:
    """Points of the picture to shade."""

    face: Int[np.ndarray, " n"]
    u: Float[np.ndarray, " n"]
    v: Float[np.ndarray, " n"]
    """Column and row in the finer view."""
    dark: Float[np.ndarray, " n"]
    """Share of the sun that road users take there, were it ground."""
    jitter: UInt8[np.ndarray, "2 n"]

    def band(self, begin: int) -> "Samples":
        """Some samples from ``begin`` on."""
        part = slice(begin, begin + BAND)
        return Samples(self.face[part], self.u[part], self.v[part], self.dark[part], self.jitter[:, part])


def render(
    world: World, recording: Recording, cast: Cast, frame: int, calibration: Calibration, rng: np.random.Generator,
    samples: int = 2, looks: Sequence[str] = ("day",),
) -> Picture:  # fmt: skip
    """Render one frame; ``rng`` draws the sensor's noise only."""
    view = camera_view(calibration, recording.T_city_imu[frame])
    fine = view.finer(samples)
    buffers = rasterise(stage(world, recording, cast, frame, fine), fine, world.atlas)
    table = FaceTable.of(buffers, fine)
    shown, mixed, inner = _nearest(buffers, samples)
    dark = _darkness(recording, frame, view, world)
    lights = [LOOKS[name] for name in looks]
    middles = Samples(shown, *_grid(view.width, view.height, samples), dark, _jitter(shown.size, rng))
    light, depth, semantic = _shade(middles, world, fine, table, lights)
    if len(mixed):
        v, u = np.divmod(inner.ravel(), fine.width)
        edges = Samples(buffers.face.ravel()[inner.ravel()], u.astype(np.float32), v.astype(np.float32),
                        np.repeat(dark[mixed], samples**2), _jitter(inner.size, rng))  # fmt: skip
        parts, _, classes = _shade(edges, world, fine, table, lights)
        light[:, :, mixed] = sum(parts[:, :, part :: samples**2] for part in range(samples**2)) / samples**2
        first = (edges.face.reshape(inner.shape) == shown[mixed, None]).argmax(axis=1)
        semantic[mixed] = classes.reshape(inner.shape)[np.arange(len(mixed)), first]
    shape = view.height, view.width
    colour = {
        name: develop(picture.reshape(3, *shape), look, rng)
        for name, look, picture in zip(looks, lights, light, strict=True)
    }
    return Picture(colour, depth.reshape(shape), semantic.reshape(shape), np.take(table.instance, shown).reshape(shape))


def _nearest(
    buffers: Buffers, samples: int
) -> tuple[Int[np.ndarray, " pixel"], Int[np.ndarray, " m"], Int[np.ndarray, "m part"]]:
    """The nearest face within each pixel, which pixels show more than one, and these pixels' finer pixels."""
    width = buffers.face.shape[1]
    parts = [buffers.face[i::samples, j::samples] for i in range(samples) for j in range(samples)]
    several = np.zeros(parts[0].shape, bool)
    for part in parts[1:]:
        several |= part != parts[0]
    mixed, shown = np.flatnonzero(several), parts[0].ravel()
    row, column = np.divmod(mixed, width // samples)
    step = (np.arange(samples)[:, None] * width + np.arange(samples)).ravel()
    inner = (row * width + column)[:, None] * samples + step
    faces = buffers.face.ravel()[inner]
    a, b, c = buffers.functions[:, faces]
    best = (a * (inner % width) + (b * (inner // width) + c)).argmax(axis=1)
    if len(mixed):
        shown = shown.copy()
        shown[mixed] = faces[np.arange(len(mixed)), best]
    return shown, mixed, inner


def _jitter(count: int, rng: np.random.Generator) -> UInt8[np.ndarray, "2 n"]:
    return rng.integers(0, 256, (2, count), np.uint8)


@lru_cache(maxsize=4)
def _grid(width: int, height: int, samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows of all pixels' middles, in pixels ``samples`` times as fine."""
    v, u = np.mgrid[:height, :width].astype(np.float32) * samples + np.float32((samples - 1) / 2)
    return u.ravel(), v.ravel()


def _shade(
    samples: Samples, world: World, view: View, table: FaceTable, looks: Sequence[Look]
) -> tuple[Float[np.ndarray, "look 3 n"], Float[np.ndarray, " n"], UInt8[np.ndarray, " n"]]:
    """Brightness under each look, depth and class of samples."""
    count = len(samples.face)
    light = np.empty((len(looks), 3, count), np.float32)
    depth, semantic = np.empty(count, np.float32), np.empty(count, np.uint8)
    for begin in range(0, count, BAND):
        some, part = samples.band(begin), slice(begin, begin + BAND)
        # 64 bits: numpy would widen narrower indices anew for each of the many look-ups that follow
        face = some.face.astype(np.int64)
        jitter = some.jitter * np.float32(1 / 256) - np.float32(0.498)
        surface = look_at(world, view, table, face, some.u, some.v, jitter)
        depth[part], semantic[part] = surface.depth_m, surface.semantic
        dark = np.where(face == GROUND, some.dark, np.float32(0))
        for number, look in enumerate(looks):
            light[number, :, part] = shade(surface, world, view, table, look, dark)
    return light, depth, semantic


def _darkness(recording: Recording, frame: int, view: View, world: World) -> Float[np.ndarray, " pixel"]:
    """How much of the sun road users take from each pixel of the ground."""
    patches, darkness = shadows(recording, frame, view.eye_m, world.sun)
    projected = project(patches, view)
    spans = outline(projected, view)
    pixel, span = spans.pixels(view.width)
    dark = np.zeros(view.width * view.height, np.float32)
    dark[pixel] = darkness[projected.index][spans.face][span]  # darker patches come later and win
    return dark
