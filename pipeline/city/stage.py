"""One instant of a drive as faces: the standing city, the road users where they are now, and their shadows."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from pipeline.city import classes
from pipeline.city.furniture import lit_lamps
from pipeline.city.people import cyclist, pedestrian
from pipeline.city.polygons import Polygons, faces
from pipeline.city.recording import Recording
from pipeline.city.vehicles import vehicle
from pipeline.city.view import View
from pipeline.city.world import SMALLEST_PX, World
from pipeline.schema import KITTI_DT_S

ACTORS_WITHIN_M = 130.0
STRIDE_M = 1.45
"""Way walked while both legs swing once."""


@dataclass(frozen=True, eq=False)
class Cast:
    """The bodies of a recording's road users in their own coordinates, joined, with the owner of every face."""

    bodies: Polygons
    actor: Int[np.ndarray, " n"]
    radius_m: Float[np.ndarray, " n"]
    """From the middle of each face to its farthest corner."""
    walked_m: Float[np.ndarray, "frame actor"]

    @classmethod
    def dress(cls, recording: Recording, world: World, seed: int) -> "Cast":
        """Give every actor a body; instance numbers are actor + 1."""
        bodies = []
        for actor, (kind, size) in enumerate(zip(recording.kinds, recording.size_m, strict=True)):
            rng = np.random.default_rng([seed, 11, actor])
            if kind == "Pedestrian":
                bodies.append(pedestrian(size, actor + 1, rng))
            elif kind == "Cyclist":
                bodies.append(cyclist(size, actor + 1, rng))
            else:
                bodies.append(vehicle(kind, size, kind == "Car" and rng.random() < world.style.taxis, actor + 1, rng))
        owners = np.repeat(np.arange(len(bodies)), [len(body) for body in bodies])
        phase = np.random.default_rng([seed, 12]).uniform(0, STRIDE_M, len(bodies))
        joined = Polygons.join(bodies)
        middle = joined.corners_m.mean(axis=1, keepdims=True)
        radius = np.linalg.norm(joined.corners_m - middle, axis=2).max(axis=1)
        return cls(joined, owners, radius, np.cumsum(recording.speed_mps * KITTI_DT_S, axis=0) + phase)


def stage(world: World, recording: Recording, cast: Cast, frame: int, view: View) -> Polygons:
    """Everything a view may show at one frame."""
    return Polygons.join([
        solid(world, recording, cast, frame, view),
        lit_lamps(world.signal_heads, world.streets, float(recording.time_s[frame]), view.eye_m),
    ])  # fmt: skip


def solid(world: World, recording: Recording, cast: Cast, frame: int, view: View) -> Polygons:
    """The same without the lamps of signals, which no LiDAR notices."""
    faces = Polygons.join([
        world.standing.seen_in(view), world.trees.crowns(view.eye_m), actor_faces(recording, cast, frame, view),
    ])  # fmt: skip
    return faces.take(np.flatnonzero(~world.screens.hide(faces.corners_m, view)))


def actor_faces(recording: Recording, cast: Cast, frame: int, view: View) -> Polygons:
    """Bodies turned and moved to where their owners are; what is far off loses its smallest parts."""
    place, yaw = recording.position_m[frame], recording.yaw_rad[frame]
    x, _, z = view.T_view_city[:3, :2] @ place.T + view.T_view_city[:3, 3:]
    wide = max(view.centre_px[0], view.width - view.centre_px[0]) / view.focal_px[0]
    near = (np.abs(x) < wide * np.maximum(z, 0) + 8) & (z > -6) & (z < ACTORS_WITHIN_M)
    large = cast.radius_m * view.focal_px[0] > SMALLEST_PX * np.maximum(z, 0)[cast.actor]
    index = np.flatnonzero(near[cast.actor] & large)
    bodies, owner = cast.bodies.take(index), cast.actor[index]
    swing = np.sin(2 * np.pi * cast.walked_m[frame] / STRIDE_M)
    x = bodies.corners_m[..., 0] + bodies.swing_m * swing[owner, None]
    y = bodies.corners_m[..., 1]
    cos, sin = np.cos(yaw)[owner, None], np.sin(yaw)[owner, None]
    corners = np.stack([cos * x - sin * y, sin * x + cos * y, bodies.corners_m[..., 2]], axis=-1)
    corners[..., :2] += place[owner, None]
    bodies.corners_m[:] = corners
    return bodies


def shadows(
    recording: Recording, frame: int, view: View, sun: Float[np.ndarray, "3"]
) -> tuple[Polygons, Float[np.ndarray, " n"]]:
    """Dark patches on the ground under and beside road users, lightest first, and how dark each is."""
    place, yaw = recording.position_m[frame], recording.yaw_rad[frame]
    ahead = view.T_view_city[2, :2] @ place.T + view.T_view_city[2, 3]
    near = np.flatnonzero((np.abs(place - view.eye_m[:2]).max(axis=1) < 70) & (ahead > -15))
    height, width, length = recording.size_m[near].T
    person = np.isin(np.array(recording.kinds)[near], ("Pedestrian", "Cyclist"))
    narrow = np.where(person, 0.55, 1.0)
    drift = -sun[:2] / sun[2]
    patches, darkness = [], []
    for grow, share, dark in (
        (1.0, 0.85, 0.35),
        (1.0, 0.55, 0.35),
        (0.9, 0.3, 0.35),
        (1.12, 0.0, 0.45),
        (0.92, 0.0, 0.72),
    ):
        middle = place[near] + drift * (height * share)[:, None]
        patches.append(_footprints(middle, yaw[near], grow * length * narrow, grow * width * narrow))
        darkness.append(np.full(len(near), dark))
    return faces(np.concatenate(patches), (0.0, 0.0, 0.0), semantic=classes.ROAD), np.concatenate(darkness)


def _footprints(
    middle: Float[np.ndarray, "n 2"], yaw: Float[np.ndarray, " n"], length: Float[np.ndarray, " n"],
    width: Float[np.ndarray, " n"],
) -> Float[np.ndarray, "n 4 3"]:  # fmt: skip
    along = np.stack([np.cos(yaw), np.sin(yaw)], axis=-1) * length[:, None] / 2
    aside = np.stack([-np.sin(yaw), np.cos(yaw)], axis=-1) * width[:, None] / 2
    ring = np.stack([-along - aside, along - aside, along + aside, -along + aside], axis=1) + middle[:, None]
    return np.concatenate([ring, np.full((*ring.shape[:2], 1), 0.0)], axis=2)
