"""A whole city ready to be looked at: its faces, textures, shadows and lamps. Built once, used by every frame."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter

from pipeline.city.buildings import Footprint, houses
from pipeline.city.furniture import LAMP_HEIGHT_M, Heads, Trees, lamps, plant, signals, signs
from pipeline.city.ground import GroundMap, street_pictures
from pipeline.city.occlusion import Screens
from pipeline.city.polygons import Polygons
from pipeline.city.streets import Streets
from pipeline.city.styles import STYLES, Style
from pipeline.city.textures import Atlas, facade, foliage, grain, noise, shop
from pipeline.city.view import View
from pipeline.registry import lookup

SMALLEST_PX = 0.6
"""Standing faces whose bounding radius is smaller in the picture are left out."""

SHADOW_M = 0.5
"""Size of a cell of the shadow map."""

PENUMBRA_M = 0.35
"""Spread of the edge of a shadow on the ground."""


@dataclass(frozen=True, eq=False)
class GroundRaster:
    """A quantity over the ground, one value for each square cell; 0 beyond its border."""

    west_m: float
    south_m: float
    cell_m: float
    values: Float[np.ndarray, "column row"]

    def at(self, x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Values at places (m)."""
        columns, rows = self.values.shape
        i = ((x - np.float32(self.west_m)) * np.float32(1 / self.cell_m)).astype(np.int32)
        j = ((y - np.float32(self.south_m)) * np.float32(1 / self.cell_m)).astype(np.int32)
        inside = (i >= 0) & (j >= 0) & (i < columns) & (j < rows)
        found = np.take(self.values.ravel(), i * rows + j, mode="clip")
        return np.where(inside, found, np.float32(0))


@dataclass(frozen=True, eq=False)
class Standing:
    """The faces that never move, with what decides quickly whether a view may show them."""

    faces: Polygons
    normal: Float[np.ndarray, "n 3"]
    offset: Float[np.ndarray, " n"]
    """The face's plane is normal · x = offset."""
    middle: Float[np.ndarray, "n 3"]
    radius: Float[np.ndarray, " n"]

    @classmethod
    def of(cls, faces: Polygons) -> "Standing":
        """Work out planes and bounding spheres."""
        corners = faces.corners_m
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0])
        middle = corners.mean(axis=1)
        radius = np.linalg.norm(corners - middle[:, None], axis=2).max(axis=1)
        return cls(faces, normal, (normal * corners[:, 0]).sum(axis=1), middle, radius)

    def seen_in(self, view: View) -> Polygons:
        """Faces turned to the camera, near its cone of sight, and not too small to matter."""
        towards = self.normal @ view.eye_m > self.offset
        x, y, z = view.T_view_city[:3, :3] @ self.middle.T + view.T_view_city[:3, 3:]
        reach = 1.5 * self.radius
        wide = max(view.centre_px[0], view.width - view.centre_px[0]) / view.focal_px[0]
        tall = max(view.centre_px[1], view.height - view.centre_px[1]) / view.focal_px[1]
        ahead = np.maximum(z, 0)
        near = (np.abs(x) < wide * ahead + reach) & (np.abs(y) < tall * ahead + reach) & (z > -self.radius)
        near &= z < view.reach_m + self.radius
        large = self.radius * view.focal_px[1] > SMALLEST_PX * z
        return self.faces.take(np.flatnonzero(towards & near & large))


@dataclass(frozen=True, eq=False)
class World:
    """A city of one style and seed."""

    name: str
    style: Style
    streets: Streets
    standing: Standing
    screens: Screens
    trees: Trees
    signal_heads: Heads
    ground: GroundMap
    atlas: Atlas
    shadow_m: GroundRaster
    """Below this height a place does not see the sun."""
    shaded: GroundRaster
    """Share of the sun that is hidden from a place on the ground."""
    lamp_light: GroundRaster
    """Light of the street lamps on the ground; 1 right under a lamp."""
    clouds: Float[np.ndarray, "row column"]
    """Tileable noise over directions in the sky."""
    ridge: Float[np.ndarray, " azimuth"]
    """Elevation (rad) of the horizon's mountains; 0 where there are none."""

    @property
    def sun(self) -> Float[np.ndarray, "3"]:
        """Unit vector towards the sun."""
        azimuth, elevation = np.radians(self.style.sun)
        return np.array([np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation)])


@lru_cache(maxsize=2)
def build_world(name: str, seed: int) -> World:
    """The city called ``name``; its streets are those that ``record_drive`` drives through.

    Raises:
        UserError: there is no such city.
    """
    style = lookup(STYLES, name, "city")
    streets = Streets.lay_out(style.plan, np.random.default_rng([seed, list(STYLES).index(name)]))
    rng = np.random.default_rng([seed, list(STYLES).index(name), 7])
    built, plots = houses(streets, style, rng)
    trees, trunks = plant(streets, style, rng)
    posts, lights = lamps(streets)
    signal_posts, heads = signals(streets)
    standing = Standing.of(Polygons.join([built, trunks, posts, signal_posts, signs(streets, rng)]))
    atlas = _atlas(style, rng)
    shadow = _shadows(streets, style, plots, trees, rng)
    return World(
        name, style, streets, standing, Screens.of(plots), trees, heads,
        GroundMap.of(streets), atlas, shadow, _shaded(shadow),
        _lamp_light(streets, lights), noise(256, 9.0, rng) + 0.5 * noise(256, 3.0, rng), _ridge(style, rng),
    )  # fmt: skip


def _atlas(style: Style, rng: np.random.Generator) -> Atlas:
    flat = np.ones((1, 1, 4)) * [1, 1, 1, 0]
    ground, marks = street_pictures(style.plan, rng, style.lawn)
    pictures = {
        0: flat,
        1: facade(rng, (0.27, 0.22, 0.73, 0.80), courses=16, bars=1),
        2: facade(rng, (0.22, 0.16, 0.78, 0.86), frame=0.05, relief=0.03, bars=2),
        3: facade(rng, (0.03, 0.10, 0.97, 0.97), frame=0.02, relief=0.02, bars=2),
        4: facade(rng, (0.20, 0.10, 0.80, 0.80), frame=0.02, relief=0.03, bars=2),
        5: facade(rng, (0.28, 0.26, 0.72, 0.78), frame=0.05, courses=12, relief=0.02),
        6: shop(rng),
        7: grain(rng, 0.9, 0.05, 0.08),
        8: foliage(rng, "round"),
        9: foliage(rng, "palm"),
        10: foliage(rng, "conifer"),
        **ground,
    }
    return Atlas.pack([pictures[number] for number in range(len(pictures))], marks)


def _shadows(
    streets: Streets, style: Style, plots: list[tuple[Footprint, float]], trees: Trees, rng: np.random.Generator
) -> GroundRaster:
    """How high the shadow of the houses reaches over every cell: heights dragged away from the sun, sinking."""
    west, south = streets.x_m[0] - 170, streets.y_m[0] - 170
    columns, rows = (int((axis[-1] - axis[0] + 340) / SHADOW_M) for axis in (streets.x_m, streets.y_m))
    height = np.zeros((columns, rows), np.float32)
    for plot, top in plots:
        x0, y0, x1, y1 = ((np.array(plot) - [west, south, west, south]) / SHADOW_M).astype(int)
        height[max(x0, 0) : max(x1, 0), max(y0, 0) : max(y1, 0)] = top
    azimuth, elevation = np.radians(style.sun)
    away, sink = -np.array([np.cos(azimuth), np.sin(azimuth)]), np.tan(elevation)
    shadow, stride = np.zeros_like(height), 1.0
    for reach in np.arange(stride, height.max() / sink, stride):
        i, j = np.round(away * reach / SHADOW_M).astype(int).tolist()
        to, of = _shifted(i, columns), _shifted(-i, columns)
        to_y, of_y = _shifted(j, rows), _shifted(-j, rows)
        np.maximum(shadow[to, to_y], height[of, of_y] - np.float32(reach * sink), out=shadow[to, to_y])
    raster = GroundRaster(float(west), float(south), SHADOW_M, shadow)
    _tree_shade(raster, trees, away / sink, rng)
    return raster


def _shaded(shadow: GroundRaster) -> GroundRaster:
    """Where the ground lies in shadow, with soft edges."""
    share = gaussian_filter((shadow.values > 0.1).astype(np.float32), PENUMBRA_M / SHADOW_M)
    return GroundRaster(shadow.west_m, shadow.south_m, SHADOW_M, share)


def _shifted(steps: int, size: int) -> slice:
    return slice(max(steps, 0), size + min(steps, 0))


def _tree_shade(
    raster: GroundRaster, trees: Trees, per_metre: Float[np.ndarray, "2"], rng: np.random.Generator
) -> None:
    """Dappled spots where crowns stand in the sun's way."""
    columns, rows = raster.values.shape
    for place, low, (wide, high) in zip(trees.position_m, trees.low_m, trees.size_m, strict=True):
        spot = (place + per_metre * (low + high / 2) - [raster.west_m, raster.south_m]) / raster.cell_m
        reach = int(wide / 2 / raster.cell_m) + 1
        i, j = spot.astype(int)
        if not (reach < i < columns - reach and reach < j < rows - reach):
            continue
        y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        leaves = (np.hypot(x, y) < wide / 2 / raster.cell_m) & (rng.random(x.shape) < 0.82)
        window = raster.values[i - reach : i + reach + 1, j - reach : j + reach + 1]
        window[leaves] = np.maximum(window[leaves], 2.0)


def _lamp_light(streets: Streets, lights: Float[np.ndarray, "lamp 2"]) -> GroundRaster:
    west, south = streets.x_m[0] - 60, streets.y_m[0] - 60
    shape = tuple(int(axis[-1] - axis[0] + 120) for axis in (streets.x_m, streets.y_m))
    values = np.zeros(shape, np.float32)
    reach = 22
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    fall = (1 + (x**2 + y**2) / LAMP_HEIGHT_M**2) ** -1.5 - (1 + reach**2 / LAMP_HEIGHT_M**2) ** -1.5
    for i, j in (lights - [west, south]).astype(int):
        if reach <= i < shape[0] - reach and reach <= j < shape[1] - reach:
            values[i - reach : i + reach + 1, j - reach : j + reach + 1] += np.maximum(fall, 0)
    return GroundRaster(float(west), float(south), 1.0, values)


def _ridge(style: Style, rng: np.random.Generator) -> Float[np.ndarray, " azimuth"]:
    """A mountain line around the city, or none."""
    if not style.mountains:
        return np.zeros(1024, np.float32)
    rough = sum(
        noise(1024, scale, rng)[0] * weight for scale, weight in ((60.0, 1.0), (18.0, 0.45), (5.0, 0.16), (2.0, 0.07))
    )
    return np.maximum(0.085 + 0.028 * np.asarray(rough), 0.02).astype(np.float32)
