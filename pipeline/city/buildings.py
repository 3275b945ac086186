"""Houses along the streets of every block, and a skyline beyond the last street."""

import numpy as np
from jaxtyping import Float

from pipeline.city import classes
from pipeline.city.polygons import Polygons, faces, lid, walls
from pipeline.city.streets import Streets
from pipeline.city.styles import Style
from pipeline.city.textures import CURTAIN, ROOF, SHOP

FLOOR_M, SHOP_M, BAY_M = 3.3, 4.4, 3.4
DEPTH_M = (13.0, 20.0)
"""How far houses reach back from the street."""

Footprint = tuple[float, float, float, float]
"""West, south, east, north."""


def houses(streets: Streets, style: Style, rng: np.random.Generator) -> tuple[Polygons, list[tuple[Footprint, float]]]:
    """All houses of the city as faces, and their footprints with heights (m) for the shadows they throw."""
    parts: list[Polygons] = []
    plots: list[tuple[Footprint, float]] = []
    for west, south, east, north in streets.blocks():
        for plot in _plots((west, south, east, north), style, rng):
            floors = int(rng.integers(style.floors[0], style.floors[1] + 1))
            if rng.random() < style.towers:
                floors = int(floors * rng.uniform(1.8, 4.0)) + 2
            part, height = house(plot, floors, style, rng)
            parts.append(part)
            plots.append((plot, height))
    parts.append(_skyline(streets, style, rng))
    return Polygons.join(parts), plots


def _plots(block: Footprint, style: Style, rng: np.random.Generator) -> list[Footprint]:
    """Plots in a ring along the four sides of a block; houses of one row share a front line only by chance."""
    west, south, east, north = block
    plots: list[Footprint] = []
    deep = min(DEPTH_M[1] + style.setback_m[1], (north - south) / 2.2, (east - west) / 2.2)
    for side in range(4):
        begin, end = (west, east) if side in (0, 2) else (south + deep, north - deep)
        at = begin
        while at < end - style.frontage_m[0]:
            width = min(float(rng.uniform(*style.frontage_m)), end - at)
            if end - at - width < style.frontage_m[0]:
                width = end - at
            back, depth = float(rng.uniform(*style.setback_m)), float(rng.uniform(DEPTH_M[0], min(DEPTH_M[1], deep)))
            space = 0.0 if style.setback_m[1] < 2 else float(rng.uniform(0.5, 4.0))
            if rng.random() >= style.gaps:
                plots.append(_plot(side, block, at + space / 2, at + width - space / 2, back, depth))
            at += width
    return plots


def _plot(side: int, block: Footprint, first: float, last: float, back: float, depth: float) -> Footprint:
    west, south, east, north = block
    return (
        (first, south + back, last, south + back + depth),
        (east - back - depth, first, east - back, last),
        (first, north - back - depth, last, north - back),
        (west + back, first, west + back + depth, last),
    )[side]


def house(plot: Footprint, floors: int, style: Style, rng: np.random.Generator) -> tuple[Polygons, float]:
    """One house: a ground floor, upper floors with windows, a parapet, a roof; its height in metres too."""
    kinds = style.facades
    texture, colours = kinds[int(rng.integers(len(kinds)))]
    if floors > 14 and rng.random() < 0.6:
        texture, colours = next(((t, c) for t, c in kinds if t == CURTAIN), (texture, colours))
    colour = np.clip(np.array(colours[int(rng.integers(len(colours)))]) * rng.uniform(0.85, 1.12), 0, 0.9)
    shop = rng.random() < style.shops
    base = SHOP_M if shop else FLOOR_M
    top = base + floors * FLOOR_M
    shift = float(rng.integers(0, 97)) * 16  # windows of two houses are lit independently
    parts = [
        _storeys(plot, 0.0, base, SHOP if shop else texture, colour, 1.0, shift),
        _storeys(plot, base, top, texture, colour, float(floors), shift + 8),
        faces(walls(*plot, top, top + 0.9), colour * 0.8, semantic=classes.BUILDING),
        faces(lid(*plot, top), (0.3, 0.29, 0.28), texture=ROOF, extent=(0.0, 0.0, 4.0, 4.0), semantic=classes.BUILDING),
    ]
    cornice = (plot[0] - 0.3, plot[1] - 0.3, plot[2] + 0.3, plot[3] + 0.3)
    parts.append(faces(walls(*cornice, top - 0.35, top + 0.15), colour * 1.1, semantic=classes.BUILDING))
    if shop:
        parts.append(faces(walls(*cornice, base - 0.5, base - 0.15), colour * 0.7, semantic=classes.BUILDING))
    return Polygons.join(parts), top + 0.9


def _storeys(
    plot: Footprint,
    low_m: float,
    high_m: float,
    texture: int,
    colour: Float[np.ndarray, "3"],
    floors: float,
    shift: float,
) -> Polygons:
    """Four walls with whole bays; ``shift`` makes the numbers of bays and floors differ from house to house."""
    corners = walls(*plot, low_m, high_m)
    bays = np.maximum(np.round(np.linalg.norm(corners[:, 1] - corners[:, 0], axis=1) / BAY_M), 1)
    extent = np.stack([np.full(4, shift), np.full(4, shift), shift + bays, np.full(4, shift + floors)], axis=1)
    shade = colour if texture != SHOP else 0.6 * colour + 0.25
    return faces(corners, shade, texture=texture, extent=extent, semantic=classes.BUILDING)


def _skyline(streets: Streets, style: Style, rng: np.random.Generator) -> Polygons:
    """Towers beyond the outermost streets, up to the 1000 m the camera can see."""
    parts = []
    middle = np.array([streets.x_m.mean(), streets.y_m.mean()])
    half = np.array([np.ptp(streets.x_m), np.ptp(streets.y_m)]) / 2
    for _ in range(170):
        angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(190, 620)
        direction = np.array([np.cos(angle), np.sin(angle)])
        x, y = middle + direction * (reach + 1 / np.max(np.abs(direction) / half))
        floors = int(rng.integers(style.floors[0], style.floors[1] * 2 + 2))
        floors = int(floors * rng.uniform(2, 4.5)) if rng.random() < style.towers else floors
        width, depth = rng.uniform(18, 40, 2)
        texture, colours = style.facades[int(rng.integers(len(style.facades)))]
        plot = (x - width / 2, y - depth / 2, x + width / 2, y + depth / 2)
        colour = np.array(colours[int(rng.integers(len(colours)))])
        parts.append(_storeys(plot, 0.0, floors * FLOOR_M, texture, colour, float(floors), float(rng.integers(997))))
    return Polygons.join(parts)
