"""What stands along the streets: trees, lamp posts, signals, signs, hydrants, bins."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from pipeline.city import classes
from pipeline.city.polygons import Polygons, box, faces
from pipeline.city.streets import Node, Streets, along, right_of, step
from pipeline.city.styles import Style
from pipeline.city.textures import CONIFER, PALM

LAMP_HEIGHT_M = 7.5

LAMP_COLOURS = np.array([(0.95, 0.05, 0.03), (0.95, 0.55, 0.03), (0.05, 0.80, 0.40)])
"""Red above amber above green."""


@dataclass(frozen=True, eq=False)
class Heads:
    """Where the heads of signals hang."""

    owner: list[tuple[Node, int]]
    """Crossing, and direction of the traffic that each speaks to ..."""
    place_m: Float[np.ndarray, "n 3"]
    along: Float[np.ndarray, "n 2"]
    """... also as a vector."""


GREENS = np.array([(0.060, 0.095, 0.022), (0.075, 0.110, 0.028), (0.048, 0.082, 0.024), (0.105, 0.105, 0.030)])


@dataclass(frozen=True, eq=False)
class Trees:
    """Crowns that turn towards the camera; trunks are ordinary faces."""

    position_m: Float[np.ndarray, "tree 2"]
    low_m: Float[np.ndarray, " tree"]
    """Where the crown begins."""
    size_m: Float[np.ndarray, "tree 2"]
    """Width and height of the crown."""
    texture: np.ndarray
    colour: Float[np.ndarray, "tree 3"]

    def crowns(self, eye_m: Float[np.ndarray, "3"], within_m: float = 260.0) -> Polygons:
        """A cut-out for each crown, upright and facing the eye."""
        offset = self.position_m - eye_m[:2]
        distance = np.linalg.norm(offset, axis=1)
        near = np.flatnonzero((distance < within_m) & (distance > 0.5))
        facing = offset[near] / distance[near, None]
        across = np.stack([facing[:, 1], -facing[:, 0]], axis=1) * self.size_m[near, :1] / 2
        low = np.column_stack([self.position_m[near], self.low_m[near]])
        high = low + [0, 0, 1] * self.size_m[near, 1:]
        side = np.column_stack([across, np.zeros(len(near))])
        corners = np.stack([low - side, low + side, high + side, high - side], axis=1)
        crowns = faces(corners, self.colour[near], semantic=classes.VEGETATION, two_sided=True)
        crowns.texture[:] = self.texture[near]
        return crowns


def plant(streets: Streets, style: Style, rng: np.random.Generator) -> tuple[Trees, Polygons]:
    """Street trees on the verge or the sidewalk's edge, on medians, and a few in the lots."""
    spots = []
    plan = streets.plan
    aside = plan.road_half_m + (plan.verge_m / 2 if plan.verge_m else 0.7)
    for node, way in streets.edges():
        length = float(abs((streets.centre(step(node, way)) - streets.centre(node)) @ along(way)))
        for at in np.arange(plan.stop_m + 4, length - plan.stop_m - 4, style.tree_spacing_m or np.inf):
            if rng.random() < 0.8:
                spots.append(streets.centre(node) + along(way) * (at + rng.uniform(-2, 2)) + right_of(way) * aside)
            if plan.median_m >= 2 and way < 2 and rng.random() < 0.5:
                spots.append(streets.centre(node) + along(way) * at)
    for west, south, east, north in streets.blocks():
        for _ in range(int((east - west) * (north - south) * style.lawn / 900)):
            spots.append(np.array([rng.uniform(west, east), rng.uniform(south, north)]))
    position = np.array(spots).reshape(-1, 2)
    count = len(position)
    texture = rng.choice(style.trees, count)
    palm, conifer = texture == PALM, texture == CONIFER
    scale = rng.uniform(0.75, 1.25, count)
    width = np.where(palm, 4.2, np.where(conifer, 4.0, 5.2)) * scale
    height = np.where(palm, 3.6, np.where(conifer, 9.5, 5.4)) * scale
    low = np.where(palm, 5.2, np.where(conifer, 0.9, 2.4)) * np.where(conifer, 1.0, scale)
    colour = GREENS[rng.integers(len(GREENS), size=count)] * rng.uniform(0.8, 1.25, (count, 1))
    trunk_top = low + np.where(palm, 1.9, 0.8)
    thick = np.where(palm, 0.26, 0.32) * scale
    trunks = [
        faces(box((t, t, h), (x, y, h / 2), 0.7)[:4], (0.075, 0.058, 0.045), semantic=classes.VEGETATION)
        for (x, y), t, h in zip(position, thick, trunk_top, strict=True)
    ]
    return Trees(position, low, np.stack([width, height], axis=1), texture, colour), Polygons.join(trunks)


def lamps(streets: Streets) -> tuple[Polygons, Float[np.ndarray, "lamp 2"]]:
    """Lamp posts with an arm over the road, and where their light falls from."""
    parts, lights = [], []
    plan = streets.plan
    for node, way in streets.edges():
        length = float(abs((streets.centre(step(node, way)) - streets.centre(node)) @ along(way)))
        for at in np.arange(plan.stop_m + 8 + (way > 1) * 14, length - plan.stop_m, 28.0):
            foot = streets.centre(node) + along(way) * at + right_of(way) * (plan.road_half_m + 0.5)
            head = foot - right_of(way) * 2.2
            middle = (foot + head) / 2
            reach = np.abs(right_of(way)) * 2.3 + 0.1
            parts += [
                faces(box((0.15, 0.15, LAMP_HEIGHT_M), (*foot, LAMP_HEIGHT_M / 2), 0.6)[:4], (0.16, 0.17, 0.17),
                      semantic=classes.POLE),
                faces(box((*reach, 0.1), (*middle, LAMP_HEIGHT_M)), (0.16, 0.17, 0.17), semantic=classes.POLE),
                faces(box((0.5, 0.5, 0.14), (*head, LAMP_HEIGHT_M - 0.05)), (0.95, 0.72, 0.42), semantic=classes.POLE,
                      glow=4.0),
            ]  # fmt: skip
            lights.append(head)
    return Polygons.join(parts), np.array(lights)


def signs(streets: Streets, rng: np.random.Generator) -> Polygons:
    """Traffic signs, parking signs, hydrants and bins along the kerbs."""
    parts = []
    plan = streets.plan
    looks = (
        ((0.60, 0.03, 0.04), 0.62),
        ((0.70, 0.70, 0.70), 0.45),
        ((0.06, 0.14, 0.50), 0.5),
        ((0.70, 0.50, 0.04), 0.6),
    )
    for node, way in streets.edges():
        length = float(abs((streets.centre(step(node, way)) - streets.centre(node)) @ along(way)))
        for _ in range(4):
            at = rng.uniform(plan.stop_m + 1, length - plan.stop_m)
            x, y = streets.centre(node) + along(way) * at + right_of(way) * (plan.road_half_m + 0.4)
            colour, wide = looks[int(rng.integers(len(looks)))]
            if rng.random() < 0.3:
                tone, tall = (((0.45, 0.30, 0.03), 0.75), ((0.05, 0.12, 0.06), 1.0))[int(rng.integers(2))]
                parts.append(faces(box((0.4, 0.4, tall), (x, y, tall / 2), 0.8), tone))
                continue
            parts.append(faces(box((0.06, 0.06, 2.6), (x, y, 1.3))[:4], (0.3, 0.3, 0.3), semantic=classes.POLE))
            across = np.array([*right_of(way), 0]) * wide / 2
            foot = np.array([x, y, 2.0]) - np.array([*along(way), 0]) * 0.05
            lift = np.array([0, 0, wide * 1.2])
            plate = np.stack([foot - across, foot + across, foot + across + lift, foot - across + lift])[None]
            parts.append(faces(plate, colour, semantic=classes.SIGN))
            parts.append(faces(plate[:, ::-1], (0.32, 0.32, 0.33), semantic=classes.SIGN))
    return Polygons.join(parts)


def signals(streets: Streets) -> tuple[Polygons, Heads]:
    """Signal posts at every stop line; also the three-lamp heads that hang from them."""
    parts: list[Polygons] = []
    owner: list[tuple[Node, int]] = []
    places: list[np.ndarray] = []
    plan = streets.plan
    dark = (0.05, 0.05, 0.045)
    for node, way in [(step(node, way), way) for node, way in streets.edges()]:
        foot = streets.centre(node) + along(way) * (plan.road_half_m + 1.0) + right_of(way) * (plan.road_half_m + 0.9)
        reach = plan.road_half_m + 0.9 - plan.lane_offset_m(0)
        parts.append(faces(box((0.2, 0.2, 6.2), (*foot, 3.1), 0.7)[:4], (0.2, 0.2, 0.2), semantic=classes.POLE))
        middle = foot - right_of(way) * reach / 2
        arm = np.abs(right_of(way)) * reach + 0.12
        parts.append(faces(box((*arm, 0.12), (*middle, 6.0)), (0.2, 0.2, 0.2), semantic=classes.POLE))
        for place in (np.array([*(foot - right_of(way) * reach), 5.5]), np.array([*(foot - along(way) * 0.2), 3.4])):
            parts.append(faces(box((0.34, 0.34, 1.05), place), dark, semantic=classes.LIGHT))
            owner.append((node, way))
            places.append(place - np.array([*along(way), 0]) * 0.19)
    return Polygons.join(parts), Heads(owner, np.array(places), np.array([along(way) for _, way in owner]))


def lit_lamps(heads: Heads, streets: Streets, time_s: float, eye_m: Float[np.ndarray, "3"]) -> Polygons:
    """The three lamps of the signal heads before the eye, with the one that shines now."""
    ahead = heads.place_m - eye_m
    facing = (ahead[:, :2] * heads.along).sum(axis=1) > 0
    near = np.flatnonzero(facing & (np.abs(ahead[:, 0]) + np.abs(ahead[:, 1]) < 150))
    if not len(near):
        return faces(np.zeros((0, 4, 3)), (0.0, 0.0, 0.0))
    place, right = heads.place_m[near], np.array([right_of(heads.owner[head][1]) for head in near])
    green = np.array([streets.green_left_s(*heads.owner[head], time_s) for head in near])
    lift = np.array([[0, 0, 0.32], [0, 0, 0], [0, 0, -0.32]])
    middle = (place[:, None] + lift).reshape(-1, 3)
    across, up = np.repeat(np.column_stack([right, np.zeros(len(right))]), 3, axis=0) * 0.12, np.array([0, 0, 0.12])
    corners = np.stack([middle - across - up, middle + across - up, middle + across + up, middle - across + up], axis=1)
    shining = (np.where(green > 1.2, 2, np.where(green > 0, 1, 0))[:, None] == np.arange(3)).ravel()
    colour = np.where(shining[:, None], np.tile(LAMP_COLOURS, (len(place), 1)), (0.07, 0.06, 0.05))
    lamps = faces(corners, colour, semantic=classes.LIGHT, two_sided=True)
    lamps.glow[:] = 5.0 * shining
    return lamps
