"""One drive through the city: who was where at each frame, before anybody looks at it through a camera."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from pipeline.city.actors import Actor, Character, parked_on, random_turns, traffic_on, walkers_on
from pipeline.city.rig import ego_poses
from pipeline.city.routes import SPACING_M, drive_route
from pipeline.city.streets import CYCLE_S, GREEN_S, Streets, step
from pipeline.city.traffic import Traffic
from pipeline.schema import KITTI_DT_S

WARM_UP_FRAMES = 40
"""Steps before the recording begins, so that nobody starts from an invented speed."""

DRIVERS_WITHIN_M = 60.0
"""Streets farther than this from the ego's way have no vehicles ..."""

WALKERS_WITHIN_M = 25.0
"""... and farther than this no pedestrians, who would be too small to see."""

EGO_SIZE_M = np.array([1.5, 1.75, 4.3])


@dataclass(frozen=True, eq=False)
class Recording:
    """Ground truth of a drive in city coordinates."""

    name: str
    streets: Streets
    kinds: tuple[str, ...]
    size_m: Float[np.ndarray, "actor 3"]
    """Height, width, length."""
    position_m: Float[np.ndarray, "frame actor 2"]
    """Middle of each actor on the ground."""
    yaw_rad: Float[np.ndarray, "frame actor"]
    speed_mps: Float[np.ndarray, "frame actor"]
    T_city_imu: Float[np.ndarray, "frame 4 4"]
    ego_speed_mps: Float[np.ndarray, " frame"]
    ego_yaw_rad: Float[np.ndarray, " frame"]
    time_s: Float[np.ndarray, " frame"]
    """City time, which the signals run on."""


def record(streets: Streets, name: str, frames: int, rng: np.random.Generator) -> Recording:
    """Drive through ``streets`` for ``frames`` steps of 0.1 s; the same generator gives the same drive."""
    character = Character.draw(rng)
    ego = _ego(streets, character, frames, rng)
    actors = _surroundings(streets, ego, character, frames, rng)
    moving = [ego, *(actor for actor in actors if actor.route is not None)]
    traffic = Traffic(streets, moving)
    traffic.time_s = float(rng.uniform(0, CYCLE_S))
    for _ in range(WARM_UP_FRAMES):
        traffic.advance()
    states = []
    for _ in range(frames):
        states.append((*traffic.pose(), traffic.speed, traffic.time_s))
        traffic.advance()
    place, yaw, speed, time_s = (np.array(series) for series in zip(*states, strict=True))
    yaw = np.unwrap(yaw, axis=0)
    still = [actor for actor in actors if actor.route is None]
    everyone = [*moving[1:], *still]
    return Recording(
        name=name,
        streets=streets,
        kinds=tuple(actor.kind for actor in everyone),
        size_m=np.array([actor.size_m for actor in everyone]).reshape(-1, 3),
        position_m=np.concatenate([place[:, 1:], _repeat(frames, [a.position_m for a in still], (2,))], axis=1),
        yaw_rad=np.concatenate([yaw[:, 1:], _repeat(frames, [a.yaw_rad for a in still], ())], axis=1),
        speed_mps=np.concatenate([speed[:, 1:], np.zeros((frames, len(still)))], axis=1),
        T_city_imu=ego_poses(place[:, 0], yaw[:, 0], speed[:, 0], rng),
        ego_speed_mps=speed[:, 0],
        ego_yaw_rad=yaw[:, 0],
        time_s=time_s,
    )


def _repeat(frames: int, values: list[np.ndarray] | list[float], shape: tuple[int, ...]) -> np.ndarray:
    return np.broadcast_to(np.array(values).reshape(1, -1, *shape), (frames, len(values), *shape))


def _ego(streets: Streets, character: Character, frames: int, rng: np.random.Generator) -> Actor:
    """The recording car, on a random way long enough for the drive that begins near the middle of the city."""
    inner = [(node, way) for node, way in streets.edges() if _central(streets, node, way)]
    weights = np.array([GREEN_S[way % 2] for _, way in inner])
    node, way = inner[int(rng.choice(len(inner), p=weights / weights.sum()))]
    legs = 2 + int((frames + WARM_UP_FRAMES) * KITTI_DT_S * character.cruise_mps / streets.plan.block_m[0])
    turns = random_turns(streets, node, way, legs, rng, straight=0.7)
    route = drive_route(streets, node, way, turns, streets.plan.lane_offset_m(int(rng.integers(streets.plan.lanes))))
    return Actor("Car", EGO_SIZE_M, route.points[0], 0.0, character.cruise_mps, route, float(rng.uniform(3, 60)))


def _central(streets: Streets, node: tuple[int, int], way: int) -> bool:
    last = (len(streets.x_m) - 1, len(streets.y_m) - 1)
    return all(0 < place[axis] < last[axis] for place in (node, step(node, way)) for axis in (0, 1))


def _surroundings(
    streets: Streets, ego: Actor, character: Character, frames: int, rng: np.random.Generator
) -> list[Actor]:
    assert ego.route is not None  # made with one a few lines above
    reach_m = ego.at_m + (frames + WARM_UP_FRAMES) * KITTI_DT_S * ego.cruise_mps
    way_points = ego.route.points[: int(reach_m / SPACING_M) : 20]
    actors: list[Actor] = []
    for node, way in streets.edges():
        ends = streets.centre(node), streets.centre(step(node, way))
        distance = _distance_to_street(way_points, *ends)
        if distance < DRIVERS_WITHIN_M:
            moving = traffic_on(streets, (node, way), character, rng)
            actors += [actor for actor in moving if not _upon(actor, ego)]
            actors += parked_on(streets, (node, way), character, rng)
        if distance < WALKERS_WITHIN_M:
            actors += walkers_on(streets, (node, way), character, rng)
    return actors


def _distance_to_street(points: np.ndarray, first: np.ndarray, last: np.ndarray) -> float:
    """From the nearest of some points to a straight street."""
    axis = last - first
    share = np.clip((points - first) @ axis / (axis @ axis), 0, 1)[:, None]
    return float(np.linalg.norm(points - first - share * axis, axis=1).min())


def _upon(actor: Actor, ego: Actor) -> bool:
    """Whether a vehicle would start where the ego car starts."""
    if actor.route is None or ego.route is None:
        return False
    mine, theirs = (one.route.points[int(2 * one.at_m)] for one in (ego, actor) if one.route is not None)
    return bool(np.linalg.norm(mine - theirs) < actor.size_m[2] / 2 + 7)
