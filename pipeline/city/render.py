"""A frame of a drive as pictures: colour under any number of looks, metric depth, classes and instances.

Geometry is rasterised once, at ``samples`` times the size. Every pixel is shaded once for each face that it shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from pipeline.city import classes
from pipeline.city.edges import Parts, split
from pipeline.city.film import develop
from pipeline.city.heavens import sky_colour
from pipeline.city.intervals import FIRST, GROUND, SKY
from pipeline.city.looks import LOOKS, Look
from pipeline.city.projection import project
from pipeline.city.raster import rasterise
from pipeline.city.recording import Recording
from pipeline.city.shading import shade_faces, shade_ground
from pipeline.city.spans import outline
from pipeline.city.stage import Cast, shadows, stage
from pipeline.city.surface import FaceTable, depth_at, look_at_faces, look_at_ground, rays
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


def render(
    world: World, recording: Recording, cast: Cast, frame: int, calibration: Calibration, rng: np.random.Generator,
    samples: int = 2, looks: Sequence[str] = ("day",),
) -> Picture:  # fmt: skip
    """Render one frame; ``rng`` draws the sensor's noise only."""
    view = camera_view(calibration, recording.T_city_imu[frame])
    fine = view.finer(samples)
    buffers = rasterise(stage(world, recording, cast, frame, fine), fine, world.atlas)
    table = FaceTable.of(buffers, fine)
    parts = split(buffers, samples)
    dark = _darkness(recording, frame, view, world)
    lights = [LOOKS[name] for name in looks]
    light, semantic = _shade(parts, dark, world, fine, table, lights, rng)
    shape = view.height, view.width
    colour = {
        name: develop(parts.blend(part).reshape(3, *shape), look, rng)
        for name, look, part in zip(looks, lights, light, strict=True)
    }
    instance = np.take(table.instance, parts.middles.face)
    return Picture(colour, depth_at(table, parts.middles).reshape(shape), semantic[: instance.size].reshape(shape),
                   instance.reshape(shape))  # fmt: skip


def _shade(
    parts: Parts, dark: Float[np.ndarray, " pixel"], world: World, view: View, table: FaceTable,
    looks: Sequence[Look], rng: np.random.Generator,
) -> tuple[Float[np.ndarray, "look 3 n"], UInt8[np.ndarray, " n"]]:  # fmt: skip
    """Brightness under each look, and class, of all samples; sky, ground and faces each in their own way."""
    face = parts.samples.face
    light = np.empty((len(looks), 3, len(face)), np.float32)
    semantic = np.full(len(face), classes.SKY, np.uint8)
    for index in _bands(face == SKY):
        some = parts.samples.take(index)
        ray = rays(view, some.u, some.v)
        for picture, look in zip(light, looks, strict=True):
            _put(picture, index, sky_colour(ray, world, look))
    pixel = parts.pixel
    for index in _bands(face == GROUND):
        ground = look_at_ground(world, view, table, parts.samples.take(index), _jitter(len(index), rng))
        semantic[index] = ground.semantic
        for picture, look in zip(light, looks, strict=True):
            _put(picture, index, shade_ground(ground, world, view, look, dark[pixel[index]]))
    for index in _bands(face >= FIRST):
        faces = look_at_faces(world, view, table, parts.samples.take(index), _jitter(len(index), rng))
        semantic[index] = faces.semantic
        for picture, look in zip(light, looks, strict=True):
            _put(picture, index, shade_faces(faces, world, view, table, look))
    return light, semantic


def _bands(chosen: Bool[np.ndarray, " n"]) -> list[Int[np.ndarray, " some"]]:
    """Positions of what is chosen, some at a time."""
    index = np.flatnonzero(chosen)
    return [index[begin : begin + BAND] for begin in range(0, len(index), BAND)]


def _put(
    picture: Float[np.ndarray, "3 n"], index: Int[np.ndarray, " some"], light: Float[np.ndarray, "3 some"]
) -> None:
    for plane, values in zip(picture, light, strict=True):
        plane[index] = values


def _jitter(count: int, rng: np.random.Generator) -> Float[np.ndarray, "2 n"]:
    begin = rng.integers(BAND)
    return _scatter()[:, begin : begin + count]


@lru_cache(maxsize=1)
def _scatter() -> Float[np.ndarray, "2 n"]:
    """Random numbers, -0.5 to 0.5, of which every band of samples uses a stretch."""
    return np.random.default_rng(21).random((2, 2 * BAND), np.float32) - np.float32(0.5)


def _darkness(recording: Recording, frame: int, view: View, world: World) -> Float[np.ndarray, " pixel"]:
    """How much of the sun road users take from each pixel of the ground."""
    patches, darkness = shadows(recording, frame, view, world.sun)
    projected = project(patches, view)
    spans = outline(projected, view)
    pixel, span = spans.pixels(view.width)
    dark = np.zeros(view.width * view.height, np.float32)
    dark[pixel] = darkness[projected.index][spans.face][span]  # darker patches come later and win
    return dark
