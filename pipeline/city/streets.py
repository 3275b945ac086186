"""Where the streets of a city are: a grid of blocks with lanes, kerbs, crossings, sidewalks and signals.

City coordinates are metres, x east, y north, z up. A direction is 0 east, 1 north, 2 west, 3 south; traffic keeps
right.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from pipeline.schema import require

CROSSING_M = 4.6
"""From the kerb of the crossing street to the stop line: the zebra and a gap."""

GREEN_S = (10.0, 6.0)
"""Along east-west streets, the main ones, and along north-south ones."""

CLEARANCE_S = 1.5
"""Nobody may start for this long after a green ends, so that the crossing empties."""

CYCLE_S = sum(GREEN_S) + 2 * CLEARANCE_S

Node = tuple[int, int]
"""Column and row of a crossing."""


@dataclass(frozen=True)
class StreetPlan:
    """The cross-section of every street of a city, and the size of its blocks."""

    lane_m: float = 3.5
    lanes: int = 1
    """Lanes in each direction."""
    median_m: float = 0.0
    """Width of the strip between the directions."""
    parking_m: float = 2.3
    verge_m: float = 0.0
    """Grass between kerb and sidewalk."""
    sidewalk_m: float = 3.2
    block_m: tuple[float, float] = (85.0, 150.0)
    """Shortest and longest distance between two crossings."""

    def __post_init__(self) -> None:
        """Refuse a street that no car fits into."""
        require(self.lane_m >= 2.8, f"a lane is at least 2.8 m wide, got {self.lane_m}")
        require(self.lanes in (1, 2), f"lanes must be 1 or 2, got {self.lanes}")
        require(self.block_m[0] >= 4 * self.stop_m, f"blocks of {self.block_m[0]} m are too short for these streets")

    @property
    def road_half_m(self) -> float:
        """From the middle of the street to the kerb."""
        return self.median_m / 2 + self.lanes * self.lane_m + self.parking_m

    @property
    def facade_m(self) -> float:
        """From the middle of the street to the building line."""
        return self.road_half_m + self.verge_m + self.sidewalk_m

    @property
    def stop_m(self) -> float:
        """From the middle of a crossing to the stop line."""
        return self.road_half_m + CROSSING_M

    def lane_offset_m(self, lane: int) -> float:
        """From the middle of the street to the middle of a lane; lane 0 is the inner one."""
        return self.median_m / 2 + (lane + 0.5) * self.lane_m


@dataclass(frozen=True, eq=False)
class Streets:
    """A grid of two-way streets; a signal stands at every crossing."""

    plan: StreetPlan
    x_m: Float[np.ndarray, " column"]
    """Where the north-south streets lie."""
    y_m: Float[np.ndarray, " row"]
    """Where the east-west streets lie."""
    signal_offset_s: Float[np.ndarray, "column row"]

    @classmethod
    def lay_out(cls, plan: StreetPlan, rng: np.random.Generator, columns: int = 6, rows: int = 6) -> "Streets":
        """A grid with random block sizes and signal offsets."""
        x_m, y_m = (np.cumsum(rng.uniform(*plan.block_m, count)) for count in (columns, rows))
        return cls(plan, x_m - x_m.mean(), y_m - y_m.mean(), rng.uniform(0, CYCLE_S, (columns, rows)))

    def centre(self, node: Node) -> Float[np.ndarray, "2"]:
        """The middle of a crossing."""
        return np.array([self.x_m[node[0]], self.y_m[node[1]]])

    def has(self, node: Node) -> bool:
        """Whether the grid has this crossing."""
        return 0 <= node[0] < len(self.x_m) and 0 <= node[1] < len(self.y_m)

    def edges(self) -> list[tuple[Node, int]]:
        """Every street between two crossings, once per driving direction: (first crossing, direction)."""
        nodes = [(i, j) for i in range(len(self.x_m)) for j in range(len(self.y_m))]
        return [(node, way) for node in nodes for way in range(4) if self.has(step(node, way))]

    def green_left_s(self, node: Node, way: int, time_s: float) -> float:
        """Seconds for which traffic in direction ``way`` may still start; 0 while it may not."""
        begin = (0.0, GREEN_S[0] + CLEARANCE_S)[way % 2]
        phase = (time_s + self.signal_offset_s[node] - begin) % CYCLE_S
        return max(0.0, GREEN_S[way % 2] - phase)

    def blocks(self) -> Float[np.ndarray, "block 4"]:
        """What is built upon between the sidewalks: west, south, east, north; the outermost blocks reach far out."""
        facade = self.plan.facade_m
        x, y = (np.concatenate([[axis[0] - 150], axis, [axis[-1] + 150]]) for axis in (self.x_m, self.y_m))
        west, south = np.meshgrid(x[:-1] + facade, y[:-1] + facade, indexing="ij")
        east, north = np.meshgrid(x[1:] - facade, y[1:] - facade, indexing="ij")
        return np.stack([west, south, east, north], axis=-1).reshape(-1, 4)


def step(node: Node, way: int) -> Node:
    """The neighbouring crossing in a direction."""
    return node[0] + (1, 0, -1, 0)[way], node[1] + (0, 1, 0, -1)[way]


def along(way: int) -> Float[np.ndarray, "2"]:
    """Unit vector of a direction."""
    return np.array([(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)][way])


def right_of(way: int) -> Float[np.ndarray, "2"]:
    """Unit vector to the right of a direction, where the traffic keeps."""
    return along((way + 3) % 4)
