"""Ways through the city as dense polylines with speed limits, and the gates at which one must ask to pass."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float

from pipeline.city.streets import Node, StreetPlan, Streets, along, right_of, step

SPACING_M = 0.5
"""Distance between two points of a route."""

COMFORTABLE_BRAKE_MPS2 = 1.8
LATERAL_MPS2 = 2.2
"""Sideways acceleration accepted in a turn; it sets the speed on arcs."""

CONFLICT_M = 2.6
"""Two cars whose paths come closer than this cannot cross at the same time."""


@dataclass(frozen=True)
class Gate:
    """A stop line: from here to ``exit_m`` the route crosses other people's ways."""

    stop_m: float
    exit_m: float
    node: Node
    entry: int
    """Direction of travel before the crossing."""
    exit: int
    offset_m: float
    """From the middle of the street to the route."""


@dataclass(frozen=True, eq=False)
class Route:
    """A way from here to there, a point every ``SPACING_M``."""

    points: Float[np.ndarray, "point 2"]
    limit_mps: Float[np.ndarray, " point"]
    """Speed at which every later bend can still be taken."""
    gates: tuple[Gate, ...]


def drive_route(streets: Streets, start: Node, way: int, turns: list[int], offset_m: float) -> Route:
    """The way of a vehicle that leaves crossing ``start`` in direction ``way`` and turns as told at each crossing.

    Args:
        streets: The grid.
        start: The crossing left behind.
        way: First direction.
        turns: For each further crossing 0 straight on, 1 left, 3 right.
        offset_m: Distance kept from the middle of the street.
    """
    stop = streets.plan.stop_m
    pieces = [streets.centre(start) + along(way) * stop + right_of(way) * offset_m]
    limits = [(0.0, 0.0, np.inf)]  # from, to (metres along the route), limit
    gates: list[Gate] = []
    length, node = 0.0, start
    points = [pieces[0][None]]
    for turn in turns:
        node = step(node, way)
        if not streets.has(node):
            break
        entry = streets.centre(node) - along(way) * stop + right_of(way) * offset_m
        length += float(np.linalg.norm(entry - points[-1][-1]))
        passage, radius = _passage(stop, way, turn, offset_m)
        crossing_m = float(np.linalg.norm(np.diff(passage, axis=0), axis=1).sum())
        gates.append(Gate(length, length + crossing_m, node, way, (way + turn) % 4, offset_m))
        limits.append((length, length + crossing_m, float(np.sqrt(LATERAL_MPS2 * radius))))
        points += [entry[None], streets.centre(node) + passage]
        length += crossing_m
        way = (way + turn) % 4
    points.append(points[-1][-1:] + along(way) * (60 if streets.has(step(node, way)) else 140))
    return _route(np.concatenate(points), limits, tuple(gates))


def walk_route(streets: Streets, corner: Node, way: int, from_corner_m: float, aside_m: float, turn: int) -> Route:
    """The way of a pedestrian on the right-hand sidewalk towards a crossing, and beyond it.

    Args:
        streets: The grid.
        corner: The crossing ahead.
        way: Direction of walking.
        from_corner_m: Where the walk begins, before the corner.
        aside_m: Distance kept from the kerb.
        turn: 0 to cross the street ahead, 3 to turn right around the block.
    """
    reach = streets.plan.road_half_m + aside_m
    bend = streets.centre(corner) - along(way) * reach + right_of(way) * reach
    start = bend - along(way) * from_corner_m
    if turn == 0:
        ahead = [start, bend + along(way) * (2 * reach + 80)]
        kerb = from_corner_m + aside_m - 0.6
        gates = (Gate(kerb, kerb + 2 * streets.plan.road_half_m + 1.2, corner, way, way, reach),)
        return _route(np.stack(ahead), [], gates)
    return polyline(np.stack([start, bend, bend + right_of(way) * 80]))


def polyline(corners: Float[np.ndarray, "corner 2"]) -> Route:
    """A way from corner to corner that nothing slows down."""
    return _route(corners, [], ())


def _passage(stop_m: float, way: int, turn: int, offset_m: float) -> tuple[Float[np.ndarray, "point 2"], float]:
    """Points from stop line to far side around a crossing at the origin, and the radius of the bend."""
    first = -along(way) * stop_m + right_of(way) * offset_m
    out = (way + turn) % 4
    last = along(out) * stop_m + right_of(out) * offset_m
    if turn == 0:
        return np.stack([first, last]), np.inf
    radius = stop_m - offset_m if turn == 3 else stop_m + offset_m
    side = right_of(way) if turn == 3 else -right_of(way)
    pivot = first + side * radius
    angle = np.linspace(0, np.pi / 2, 13)[:, None]
    return pivot - side * radius * np.cos(angle) + along(way) * radius * np.sin(angle), radius


def _route(corners: np.ndarray, limits: list[tuple[float, float, float]], gates: tuple[Gate, ...]) -> Route:
    lengths = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1))])
    at = np.arange(0, lengths[-1], SPACING_M)
    points = np.stack([np.interp(at, lengths, corners[:, axis]) for axis in (0, 1)], axis=1)
    limit = np.full(len(at), 40.0)
    for begin, end, value in limits:
        limit[(at >= begin) & (at <= end)] = min(value, 40.0)
    # v_i^2 <= v_j^2 + 2 b (s_j - s_i) for every later j
    energy = limit**2 + 2 * COMFORTABLE_BRAKE_MPS2 * at
    reachable = np.minimum.accumulate(energy[::-1])[::-1] - 2 * COMFORTABLE_BRAKE_MPS2 * at
    return Route(points, np.sqrt(reachable), gates)


def conflict(plan: StreetPlan, first: Gate, second: Gate) -> bool:
    """Whether two passages of the same crossing touch; cars behind one another in a lane do not count."""
    if first.entry == second.entry and first.offset_m == second.offset_m:
        return False
    turns = ((first.exit - first.entry) % 4, (second.exit - second.entry) % 4)
    return _touch(plan.stop_m, (second.entry - first.entry) % 4, turns, (first.offset_m, second.offset_m))


@lru_cache(maxsize=1024)
def _touch(stop_m: float, rotation: int, turns: tuple[int, int], offsets_m: tuple[float, float]) -> bool:
    ways = [_dense(_passage(stop_m, way, turn, offset)[0]) for way, turn, offset in
            zip((0, rotation), turns, offsets_m, strict=True)]  # fmt: skip
    gaps: Bool[np.ndarray, "a b"] = np.linalg.norm(ways[0][:, None] - ways[1][None], axis=-1) < CONFLICT_M
    return bool(gaps.any())


def _dense(points: np.ndarray) -> np.ndarray:
    at = np.linspace(0, len(points) - 1, 40)
    return np.stack([np.interp(at, np.arange(len(points)), points[:, axis]) for axis in (0, 1)], axis=1)
