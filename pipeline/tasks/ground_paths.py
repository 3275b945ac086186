"""Windows as paths on the ground, in metres: the ego car's own motion taken out, the road user at the origin.

The frame of a path is the road user's pose at the last observed frame: x ahead, y to its left. Poses of observed frames
come from observed frames alone: nothing of the future leaks into what a forecaster sees.
"""

import numpy as np
from jaxtyping import Float

from pipeline.ego_paths import compose, inverse, planar_path
from pipeline.reprojection import on_ground
from pipeline.scenes import Scenes
from pipeline.schema import KINDS, UserError
from pipeline.windows import Windows

STEPS = 5
"""Velocity is taken over so many frames: over one alone, the jitter of labels and navigation data would rule it."""


def known_on_ground(windows: Windows, task: str) -> Windows:
    """The windows whose place on the ground is known.

    Raises:
        UserError: there is none; the message tells what is missing, or which strategy left it behind.
    """
    if not len(windows):
        return windows
    if windows.scenes is not None and windows.scenes.known.any():
        return windows.take(windows.scenes.known)
    maker = str(windows.origin[0])
    if maker != "real":
        raise UserError(
            f'Strategy "{maker}" changes boxes in the image alone, so its samples have no place on the ground: '
            f'task "{task}" cannot learn from them.'
        )
    raise UserError(
        f'Task "{task}" measures in metres on the ground and needs, for each window, 3D boxes (height, width, length, '
        "x, y, z, rotation_y), a calibration and the ego car's motion (KITTI's label_02, calib and oxts); this data "
        "does not hold all three."
    )


def ground_paths(windows: Windows, history: int) -> Float[np.ndarray, "n time 3"]:
    """Poses of each road user as seen from its own last observed one: x (m), y (m), yaw (rad, in (-pi, pi])."""
    scenes = _scenes(windows)
    relative, _ = on_ground(scenes)
    # Not smoothed: a moving average at the last observed frame would look two frames ahead.
    ego = planar_path(
        scenes.speed_mps.astype(np.float64), scenes.yaw_rate_radps.astype(np.float64), scenes.dt_s, history - 1
    )
    path = compose(ego, relative)
    path = compose(inverse(path[:, history - 1 : history]), path)
    path[..., 2] = np.pi - np.mod(np.pi - path[..., 2], 2 * np.pi)
    return path


def future_places(windows: Windows, history: int) -> Float[np.ndarray, "n future 2"]:
    """Where each road user went (m)."""
    return ground_paths(windows, history)[:, history:, :2]


def steady_motion(windows: Windows, history: int) -> Float[np.ndarray, "n future 2"]:
    """Where each road user would be (m) if it kept its velocity of the last frames."""
    observed, future = ground_paths(windows, history)[:, :history], windows.boxes.shape[1] - history
    return np.arange(1, future + 1)[:, None] * _step(observed)[:, None]


def motion_features(windows: Windows, history: int) -> Float[np.ndarray, "n history 5"]:
    """Observed places and steps in units of ``motion_scale``, heavy tails tamed by asinh; and headings."""
    path = ground_paths(windows, history)[:, :history]
    places = path[..., :2] / _scale(path)[:, None, None]
    steps = np.diff(places, axis=1, prepend=places[:, :1])
    return np.concatenate([np.arcsinh(places), np.arcsinh(steps / 0.1), path[..., 2:]], axis=-1)


def place_features(windows: Windows) -> Float[np.ndarray, "n kind"]:
    """What the road user is, and no more: speed and distance would let a network recognise the drives it knows."""
    return np.eye(len(KINDS))[windows.kind]


def motion_scale(windows: Windows, history: int) -> Float[np.ndarray, " n"]:
    """How far (m) each road user comes in ten frames at its present velocity, at least a metre."""
    return _scale(ground_paths(windows, history)[:, :history])


def _scale(observed: Float[np.ndarray, "n history 3"]) -> Float[np.ndarray, " n"]:
    return np.hypot(1.0, 10 * np.linalg.norm(_step(observed), axis=-1))


def _step(observed: Float[np.ndarray, "n history 3"]) -> Float[np.ndarray, "n 2"]:
    """Mean step (m per frame) over the last ``STEPS`` frames, or over all if there are fewer."""
    steps = min(STEPS, observed.shape[1] - 1)
    if steps < 1:
        raise UserError("A velocity needs two observed frames: set history to at least 2.")
    return (observed[:, -1, :2] - observed[:, -1 - steps, :2]) / steps


def _scenes(windows: Windows) -> Scenes:
    if windows.scenes is None:
        raise ValueError("windows without scenes have no place on the ground")
    return windows.scenes
