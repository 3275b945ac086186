"""Who is on the streets: kinds of road users, their sizes as in KITTI, and where each starts from."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from pipeline.city.routes import Route, drive_route, polyline, walk_route
from pipeline.city.streets import Node, Streets, along, right_of, step

SIZES_M: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "Car": ((1.53, 1.64, 3.95), (0.10, 0.08, 0.35)),
    "Van": ((2.15, 1.88, 5.05), (0.20, 0.10, 0.40)),
    "Truck": ((3.15, 2.45, 8.6), (0.25, 0.08, 1.2)),
    "Cyclist": ((1.73, 0.60, 1.77), (0.07, 0.06, 0.08)),
    "Pedestrian": ((1.74, 0.62, 0.76), (0.09, 0.08, 0.16)),
}
"""Mean and spread of height, width, length in metres, after the labels of the KITTI tracking benchmark."""

DRIVEN = ("Car", "Van", "Truck", "Cyclist")


@dataclass(frozen=True)
class Character:
    """How busy a drive is."""

    headway_m: float
    """Mean free distance between moving vehicles in a lane."""
    parked: float
    """Share of the parking places that are taken."""
    walkers_per_100m: float
    """Pedestrians per 100 m of sidewalk."""
    cyclists: float
    """Share of cyclists among the moving vehicles."""
    cruise_mps: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Character":
        """A quiet, a busy, or a crowded street; where many people walk, cars go slowly."""
        walkers = float(rng.choice([1.0, 3.0, 7.0, 14.0]))
        return cls(
            headway_m=float(rng.uniform(22, 80)),
            parked=float(rng.choice([0.0, 0.05, 0.15, 0.4])),
            walkers_per_100m=walkers,
            cyclists=float(rng.uniform(0.05, 0.3)),
            cruise_mps=float(rng.uniform(4, 8) if walkers > 10 else rng.uniform(10, 15.5)),
        )


@dataclass(frozen=True, eq=False)
class Actor:
    """One road user before the drive begins."""

    kind: str
    size_m: Float[np.ndarray, "3"]
    """Height, width, length."""
    position_m: Float[np.ndarray, "2"]
    yaw_rad: float
    cruise_mps: float
    """Speed it would like to travel at; 0 for whoever stays."""
    route: Route | None
    """None for parked vehicles and people who stand."""
    at_m: float = 0.0
    """Where on the route it starts."""


def size_of(kind: str, rng: np.random.Generator) -> Float[np.ndarray, "3"]:
    """A random height, width and length for a kind, within two spreads of the mean."""
    mean, spread = (np.array(row) for row in SIZES_M[kind])
    return np.round(mean + spread * np.clip(rng.standard_normal(3), -2, 2), 3)


def random_turns(
    streets: Streets, start: Node, way: int, count: int, rng: np.random.Generator, straight: float = 0.56
) -> list[int]:
    """Turns (0 straight, 1 left, 3 right) that keep inside the grid; straight on is likeliest."""
    turns: list[int] = []
    node = step(start, way)
    for _ in range(count):
        stays = np.array([streets.has(step(node, (way + turn) % 4)) for turn in (0, 1, 3)])
        weights = np.array([straight, 0.45 * (1 - straight), 0.55 * (1 - straight)]) * stays
        turn = int(rng.choice([0, 1, 3], p=weights / weights.sum()))
        turns.append(turn)
        way = (way + turn) % 4
        node = step(node, way)
    return turns


def traffic_on(streets: Streets, edge: tuple[Node, int], character: Character, rng: np.random.Generator) -> list[Actor]:
    """The moving vehicles of one street in one direction, with room between them."""
    node, way = edge
    stop, actors = streets.plan.stop_m, []
    length = float(abs((streets.centre(step(node, way)) - streets.centre(node)) @ along(way))) - 2 * stop
    for lane in range(streets.plan.lanes):
        at = float(rng.exponential(character.headway_m))
        while at < length - 4:
            share = character.cyclists
            kind = str(rng.choice(DRIVEN, p=[0.82 * (1 - share), 0.12 * (1 - share), 0.06 * (1 - share), share]))
            actors.append(_driver(streets, edge, lane, at, kind, character, rng))
            at += actors[-1].size_m[2] + 7 + float(rng.exponential(character.headway_m))
    return actors


def _driver(
    streets: Streets, edge: tuple[Node, int], lane: int, at_m: float, kind: str, character: Character,
    rng: np.random.Generator,
) -> Actor:  # fmt: skip
    cycling = kind == "Cyclist"
    lane = streets.plan.lanes - 1 if cycling else lane
    offset = streets.plan.lane_offset_m(lane) + (1.5 if cycling else 0.0)
    turns = random_turns(streets, *edge, 4, rng)
    cruise = rng.uniform(3.5, 6.5) if cycling else character.cruise_mps * rng.uniform(0.85, 1.15)
    route = drive_route(streets, *edge, turns, offset)
    return Actor(kind, size_of(kind, rng), route.points[0], 0.0, float(cruise), route, at_m)


def parked_on(streets: Streets, edge: tuple[Node, int], character: Character, rng: np.random.Generator) -> list[Actor]:
    """The vehicles parked on the right-hand side of one street."""
    if streets.plan.parking_m == 0:
        return []
    node, way = edge
    first, last = streets.centre(node), streets.centre(step(node, way))
    length = float(abs((last - first) @ along(way)))
    actors = []
    for at in np.arange(streets.plan.stop_m + 5, length - streets.plan.stop_m - 5, 6.6):
        if rng.random() < character.parked:
            kind = str(rng.choice(["Car", "Van"], p=[0.9, 0.1]))
            aside = streets.plan.road_half_m - 0.2 - 0.95 + rng.uniform(-0.08, 0.08)
            place = first + along(way) * (at + rng.uniform(-0.4, 0.4)) + right_of(way) * aside
            turned = way * np.pi / 2 + rng.normal(0, 0.012)
            actors.append(Actor(kind, size_of(kind, rng), place, float(turned), 0.0, None))
    return actors


def walkers_on(streets: Streets, edge: tuple[Node, int], character: Character, rng: np.random.Generator) -> list[Actor]:
    """The pedestrians on the right-hand sidewalk of one street; a few stand, some walk in pairs."""
    node, way = edge
    length = float(abs((streets.centre(step(node, way)) - streets.centre(node)) @ along(way)))
    actors: list[Actor] = []
    for _ in range(rng.poisson(character.walkers_per_100m * length / 100)):
        from_corner = float(rng.uniform(0, length - 2 * streets.plan.road_half_m))
        aside = streets.plan.verge_m + float(rng.uniform(0.7, streets.plan.sidewalk_m - 0.6))
        actors.append(_walker(streets, edge, from_corner, aside, rng))
        if rng.random() < 0.25:
            inwards = 0.75 if aside < streets.plan.verge_m + streets.plan.sidewalk_m / 2 else -0.75
            actors.append(_companion(actors[-1], right_of(way) * inwards, rng))
    return actors


def _walker(
    streets: Streets, edge: tuple[Node, int], from_corner_m: float, aside_m: float, rng: np.random.Generator
) -> Actor:
    node, way = edge
    corner = step(node, way)
    if rng.random() < 0.5:  # the other way along the same sidewalk, so it lies on the left
        points = walk_route(streets, corner, way, from_corner_m, aside_m, 3).points[:2]
        heading, reach = along(way), streets.plan.road_half_m + aside_m
        far = streets.centre(node) + heading * reach + right_of(way) * reach
        route = polyline(np.stack([points[0], far, far + right_of(way) * 80]))
    else:
        turn = 0 if rng.random() < 0.12 and streets.has(step(corner, way)) else 3
        route = walk_route(streets, corner, way, from_corner_m, aside_m, turn)
    pace = 0.0 if rng.random() < 0.03 else float(np.clip(rng.normal(1.35, 0.22), 0.7, 2.0))
    standing = float(rng.uniform(-np.pi, np.pi))
    size = size_of("Pedestrian", rng)
    return Actor("Pedestrian", size, route.points[0], standing, pace, route if pace else None)


def _companion(friend: Actor, aside_m: Float[np.ndarray, "2"], rng: np.random.Generator) -> Actor:
    route = friend.route
    if route is not None:
        route = Route(route.points + aside_m, route.limit_mps, route.gates)
    size = size_of("Pedestrian", rng)
    return Actor("Pedestrian", size, friend.position_m + aside_m, friend.yaw_rad, friend.cruise_mps, route)
