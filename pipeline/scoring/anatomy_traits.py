"""What windows are told apart by when their errors are taken to pieces: who, how far away, and who moves."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from jaxtyping import Float

from pipeline.boxes import centre_and_size
from pipeline.ego_paths import compose, planar_path
from pipeline.reprojection import on_ground
from pipeline.scenes import Scenes
from pipeline.schema import KINDS
from pipeline.tasks.world_forecast import known_in_3d
from pipeline.windows import Windows, border_mask

UNKNOWN = "not known"

NEAR_M, FAR_M = 15.0, 30.0
"""Depths that part near from middle and middle from far."""
TALL_PX, SMALL_PX = 72.0, 36.0
"""Heights of a car's box at those depths in KITTI's camera, for windows without depth."""
STANDING_MPS = 0.5
"""Slower on average over the window counts as standing: labels of parked cars wander by as much."""
TURNING_RADPS = 0.05
"""Mean yaw rate from which the recording car counts as turning: 6 degrees in 2 s."""

TRAITS = ("class", "distance", "ego motion", "agent motion", "border")

PARTS = (
    *KINDS, "near", "middle", "far", "standing", "straight", "turning", "moving", "whole", "cut by the border", UNKNOWN,
)  # fmt: skip
"""Every part of every trait, in the order in which they are shown."""


def traits(windows: Windows, history: int) -> pd.DataFrame:
    """One row per window, one column per trait in ``TRAITS``: the part that the window belongs to."""
    touched = border_mask(windows.boxes, windows.image_size[:, None]).any(axis=1)
    return pd.DataFrame({
        "class": np.asarray(KINDS)[windows.kind],
        "distance": _distance(windows, history),
        "ego motion": _where_known(windows, _ego_motion),
        "agent motion": _where_known(windows, _agent_motion),
        "border": np.where(touched, "cut by the border", "whole"),
    })  # fmt: skip


def _distance(windows: Windows, history: int) -> np.ndarray:
    """Near, middle or far at the last observed frame: by depth, and by the box's height where depth is not known."""
    height_px = centre_and_size(windows.boxes[:, history - 1])[1][:, 1]
    nearness = np.select([height_px > TALL_PX, height_px > SMALL_PX], [0, 1], 2)
    known = known_in_3d(windows)
    if windows.scenes is not None:
        depth_m = windows.scenes.position_cam_m[:, history - 1, 2]
        nearness = np.where(known, np.select([depth_m < NEAR_M, depth_m < FAR_M], [0, 1], 2), nearness)
    return np.array(["near", "middle", "far"])[nearness]


def _where_known(windows: Windows, name: Callable[[Scenes], np.ndarray]) -> np.ndarray:
    named = np.full(len(windows), UNKNOWN, dtype="<U16")
    known = known_in_3d(windows)
    if windows.scenes is not None and known.any():
        named[known] = name(windows.scenes.take(known))
    return named


def _ego_motion(scenes: Scenes) -> np.ndarray:
    speed = np.abs(scenes.speed_mps.mean(axis=1))
    turning = np.abs(scenes.yaw_rate_radps.mean(axis=1)) > TURNING_RADPS
    return np.select([speed < STANDING_MPS, turning], ["standing", "turning"], "straight")


def _agent_motion(scenes: Scenes) -> np.ndarray:
    return np.where(_agent_speed(scenes) < STANDING_MPS, "standing", "moving")


def _agent_speed(scenes: Scenes) -> Float[np.ndarray, " n"]:
    """From the first to the last frame, over the ground (m/s)."""
    speed, yaw_rate = (values.astype(np.float64) for values in (scenes.speed_mps, scenes.yaw_rate_radps))
    path = compose(planar_path(speed, yaw_rate, scenes.dt_s, 0), on_ground(scenes)[0])
    moved_m = np.linalg.norm(path[:, -1, :2] - path[:, 0, :2], axis=-1)
    return moved_m / (scenes.dt_s * (path.shape[1] - 1))
