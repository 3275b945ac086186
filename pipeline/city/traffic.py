"""How road users move: routes followed, distance kept, signals obeyed, people waited for; one step of 0.1 s a frame.

Speeds follow the intelligent driver model (Treiber, Hennecke, Helbing, Phys. Rev. E 62, 2000, equations 2-4). Whoever
wants to cross asks at a gate and waits while the signal is red or someone with a conflicting way is still inside.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial import cKDTree

from pipeline.city.actors import Actor
from pipeline.city.routes import SPACING_M, Gate, conflict
from pipeline.city.streets import Node, Streets
from pipeline.schema import KITTI_DT_S

LOOK_AHEAD_M = np.arange(1.0, 42.0, 2.0)
"""Distances at which a driver looks whether the way is free."""

STRONGEST_BRAKE_MPS2 = 5.5
BRAKE_MPS2 = 2.2
STANDSTILL_GAP_M = 2.0
HEADWAY_S = 1.2


class Traffic:
    """The moving actors of a drive, advanced together; positions are arrays over actors."""

    def __init__(self, streets: Streets, actors: Sequence[Actor]) -> None:
        """Put every actor at its start; each must have a route."""
        routes = [actor.route for actor in actors if actor.route is not None]
        longest = max(len(route.points) for route in routes)
        self.streets = streets
        self.points = np.stack([_padded(route.points, longest) for route in routes])
        self.limit = np.stack([_padded(route.limit_mps, longest) for route in routes])
        self.gates = [route.gates for route in routes]
        self.end_m = np.array([(len(route.points) - 2) * SPACING_M for route in routes])
        self.walking: Bool[np.ndarray, " actor"] = np.array([actor.kind == "Pedestrian" for actor in actors])
        self.crosses: Bool[np.ndarray, " actor"] = np.array([len(gates) > 0 for gates in self.gates])
        self.drivers = np.flatnonzero(~self.walking).tolist()
        self.cruise = np.array([actor.cruise_mps for actor in actors])
        self.width, self.length = np.array([actor.size_m[1:] for actor in actors]).T
        self.at_m = np.array([actor.at_m for actor in actors])
        self.speed = np.minimum(self.cruise, self._limit())
        self.next_gate = [self._first_gate(index) for index in range(len(actors))]
        self.inside: Bool[np.ndarray, " actor"] = np.zeros(len(actors), bool)
        """Who has been let through the gate ahead or is passing it now."""
        self.time_s = 0.0

    def pose(self) -> tuple[Float[np.ndarray, "actor 2"], Float[np.ndarray, " actor"]]:
        """Middle and heading of every actor: both axles lie on the route, so that headings turn smoothly."""
        reach = np.where(self.walking, 0.4, 0.3 * self.length)
        rear, front = self._point(self.at_m - reach), self._point(self.at_m + reach)
        return (rear + front) / 2, np.arctan2(*(front - rear).T[::-1])

    def advance(self) -> None:
        """One step: everybody decides on what they see now, then all move."""
        gap, leader_speed = self._obstacles()
        last = self.end_m - self.at_m
        gap, leader_speed = np.minimum(gap, last), np.where(last < gap, 0.0, leader_speed)
        at_node: defaultdict[Node, list[int]] = defaultdict(list)
        for index in self.drivers:
            if self.next_gate[index] < len(self.gates[index]):
                at_node[self.gates[index][self.next_gate[index]].node].append(index)
        for index, gates in enumerate(self.gates):
            if self.next_gate[index] < len(gates):
                gate = gates[self.next_gate[index]]
                room = self._room_at_gate(index, gate, at_node[gate.node])
                if room < gap[index]:
                    gap[index], leader_speed[index] = room, 0.0
        self._move(gap, leader_speed)
        self.time_s += KITTI_DT_S

    def _point(self, at_m: Float[np.ndarray, " actor"]) -> Float[np.ndarray, "actor 2"]:
        exact = np.clip(at_m / SPACING_M, 0, self.points.shape[1] - 1.001)
        low = exact.astype(np.int64)
        rows = np.arange(len(low))
        share = (exact - low)[:, None]
        return self.points[rows, low] * (1 - share) + self.points[rows, low + 1] * share

    def _limit(self) -> Float[np.ndarray, " actor"]:
        at = np.clip(self.at_m / SPACING_M, 0, self.limit.shape[1] - 1).astype(np.int64)
        return self.limit[np.arange(len(at)), at]

    def _first_gate(self, index: int) -> int:
        return int(sum(gate.exit_m < self.at_m[index] for gate in self.gates[index]))

    def _obstacles(self) -> tuple[Float[np.ndarray, " actor"], Float[np.ndarray, " actor"]]:
        """Free metres before the front bumper of each vehicle, and how fast what stands there moves along."""
        centre, yaw = self.pose()
        facing = np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
        gap, leader_speed = np.full(len(yaw), np.inf), np.zeros(len(yaw))
        mine, other = self._near_pairs(centre, facing)
        ahead = np.stack([self._point_of(mine, self.at_m[mine] + reach) for reach in LOOK_AHEAD_M], axis=1)
        touch = (self.width[mine] + self.width[other]) / 2 + 0.35
        blocked = np.full(ahead.shape[:2], False)
        for along in (-0.36, 0.0, 0.36):  # three discs stand for the other's outline
            disc = centre[other] + facing[other] * (along * self.length[other])[:, None]
            x, y = np.moveaxis(ahead - disc[:, None], -1, 0)
            blocked |= x * x + y * y < touch[:, None] ** 2
        hit = blocked.any(axis=1)
        mine, other = mine[hit], other[hit]
        distance = LOOK_AHEAD_M[blocked[hit].argmax(axis=1)]
        free = distance - self.length[mine] / 2
        speed = self.speed[other] * np.maximum((facing[mine] * facing[other]).sum(axis=1), 0)
        order = np.argsort(-free, kind="stable")  # the nearest is written last and stays
        gap[mine[order]], leader_speed[mine[order]] = free[order], speed[order]
        return gap, leader_speed

    def _near_pairs(
        self, centre: Float[np.ndarray, "actor 2"], facing: Float[np.ndarray, "actor 2"]
    ) -> tuple[Int[np.ndarray, " pair"], Int[np.ndarray, " pair"]]:
        matter = np.flatnonzero(~self.walking | self.crosses)
        pairs = matter[cKDTree(centre[matter]).query_pairs(LOOK_AHEAD_M[-1] + 4, output_type="ndarray")]
        mine, other = np.concatenate([pairs, pairs[:, ::-1]]).T
        x, y = (centre[other] - centre[mine]).T
        in_front = x * facing[mine, 0] + y * facing[mine, 1] > 0.3
        kept = in_front & (np.hypot(x, y) < 14 + 4 * self.speed[mine]) & ~self.walking[mine]
        return mine[kept], other[kept]

    def _point_of(self, rows: Int[np.ndarray, " pair"], at_m: Float[np.ndarray, " pair"]) -> np.ndarray:
        at = np.clip(at_m / SPACING_M, 0, self.points.shape[1] - 1).astype(np.int64)
        return self.points[rows, at]

    def _room_at_gate(self, index: int, gate: Gate, around: list[int]) -> float:
        """Metres to the stop line; infinite once the actor may pass."""
        front = self.at_m[index] + (0.0 if self.walking[index] else self.length[index] / 2)
        room = float(gate.stop_m - front)
        if self.at_m[index] - self.length[index] / 2 > gate.exit_m:
            self.next_gate[index] += 1
            self.inside[index] = False
            return np.inf
        if self.inside[index] or room < -0.5:
            self.inside[index] = True
            return np.inf
        if room > 30:
            return np.inf
        self.inside[index] = self._may_pass(index, gate, room, around)
        return np.inf if self.inside[index] else max(room, 0.05)

    def _may_pass(self, index: int, gate: Gate, room_m: float, around: list[int]) -> bool:
        green = self.streets.green_left_s(gate.node, gate.entry, self.time_s)
        if self.walking[index]:
            return room_m < 1 and bool(green > 0.45 * (gate.exit_m - gate.stop_m) / self.cruise[index])
        needed_s = room_m / max(self.speed[index], 2.0)
        if green < needed_s:
            return False
        turning_left = (gate.exit - gate.entry) % 4 == 1
        return not any(self._blocks(other, gate, turning_left) for other in around if other != index)

    def _blocks(self, other: int, gate: Gate, turning_left: bool) -> bool:
        """Whether another vehicle is in the way: inside already, or coming towards someone who turns left."""
        if self.next_gate[other] >= len(self.gates[other]):
            return False  # it has passed its last crossing within this very step
        theirs = self.gates[other][self.next_gate[other]]
        if theirs.node != gate.node:
            return False
        coming = turning_left and theirs.entry == (gate.entry + 2) % 4 and theirs.exit != (theirs.entry + 1) % 4
        soon = theirs.stop_m - self.at_m[other] < 4.5 * max(self.speed[other], 1.5)
        return bool(self.inside[other] or (coming and soon)) and conflict(self.streets.plan, gate, theirs)

    def _move(self, gap: Float[np.ndarray, " actor"], leader_speed: Float[np.ndarray, " actor"]) -> None:
        wish = np.maximum(np.minimum(self.cruise, self._limit()), 0.5)
        strongest = np.where(self.walking, 1.2, 1.6)
        wanted = STANDSTILL_GAP_M * np.where(self.walking, 0.1, 1) + np.maximum(
            0,
            self.speed * np.where(self.walking, 0.3, HEADWAY_S)
            + self.speed * (self.speed - leader_speed) / (2 * np.sqrt(strongest * BRAKE_MPS2)),
        )
        free = strongest * (1 - (self.speed / wish) ** 4)
        push = np.clip(free - strongest * (wanted / np.maximum(gap, 0.1)) ** 2, -STRONGEST_BRAKE_MPS2, strongest)
        speed = np.maximum(0, self.speed + push * KITTI_DT_S)
        self.at_m = np.minimum(self.at_m + (self.speed + speed) / 2 * KITTI_DT_S, self.end_m)
        self.speed = np.where(self.at_m < self.end_m, speed, 0.0)


def _padded(values: np.ndarray, length: int) -> np.ndarray:
    return np.concatenate([values, np.repeat(values[-1:], length - len(values), axis=0)])
