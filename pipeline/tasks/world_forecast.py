"""Forecasts made in the world and seen through the camera again, which can be told of a future that others must guess.

Four of them split an error in two: what the road user does, and what the recording car does.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from pipeline.boxes import clip_to_image
from pipeline.ego_paths import compose, inverse, planar_path
from pipeline.reprojection import lift, on_ground, outlines, placed
from pipeline.scenes import Scenes
from pipeline.tasks.baselines import constant_velocity, relative_history, to_pixels
from pipeline.windows import Windows

STEPS = 5
"""Velocities are taken over so many frames: over one alone, the jitter of labels and navigation data would rule."""


def world_forecast(
    windows: Windows, history: int, *, ego_known: bool, agent_known: bool
) -> Float[np.ndarray, "n future 4"]:
    """Boxes (px) of road users that keep their velocity in the world, seen from a car that keeps its own.

    Args:
        windows: Those not known in 3D, or out of the camera's sight, get constant velocity in the image.
        history: Observed frames.
        ego_known: Give the recording car its true future motion.
        agent_known: Give the road user its true future places.
    """
    forecast = image_forecast(windows, history)
    rows = np.flatnonzero(known_in_3d(windows))
    if len(rows):
        boxes = _seen(windows.take(rows), history, ego_known, agent_known)
        in_sight = np.isfinite(boxes).all(axis=(1, 2))
        forecast[rows[in_sight]] = boxes[in_sight]
    return clip_to_image(forecast, windows.image_size)


def image_forecast(windows: Windows, history: int) -> Float[np.ndarray, "n future 4"]:
    """Boxes (px) that keep their velocity in the image."""
    future = windows.boxes.shape[1] - history
    return to_pixels(constant_velocity(relative_history(windows, history), future), windows, history)


def known_in_3d(windows: Windows) -> Bool[np.ndarray, " n"]:
    """Windows with 3D boxes, calibration and ego motion in every frame."""
    return np.zeros(len(windows), bool) if windows.scenes is None else windows.scenes.known


def ego_path(scenes: Scenes, history: int, ego_known: bool = True) -> Float[np.ndarray, "n time 3"]:
    """Poses of the recording car seen from its last observed one; where it must be guessed, it keeps its motion."""
    motion = np.stack([scenes.speed_mps, scenes.yaw_rate_radps]).astype(np.float64)
    if not ego_known:
        motion[..., history:] = motion[..., max(0, history - STEPS) : history].mean(axis=-1, keepdims=True)
    # Not smoothed: a moving average at the last observed frame would look two frames ahead.
    return planar_path(motion[0], motion[1], scenes.dt_s, history - 1)


def _seen(windows: Windows, history: int, ego_known: bool, agent_known: bool) -> Float[np.ndarray, "n future 4"]:
    """Boxes as if the image had no border; NaN behind the camera."""
    scenes = windows.scenes
    assert scenes is not None
    relative, height_m = on_ground(scenes)
    agent = compose(ego_path(scenes, history), relative)
    size_m = scenes.size_m.copy()
    if not agent_known:
        agent[:, history:] = _steady(agent[:, :history], agent.shape[1] - history)
        height_m[:, history:], size_m[:, history:] = height_m[:, history - 1, None], size_m[:, history - 1, None]
    again = placed(
        replace(scenes, size_m=size_m), compose(inverse(ego_path(scenes, history, ego_known)), agent), height_m
    )
    outline = outlines(again)[:, history:]
    observed = until(windows, history)
    assert observed.scenes is not None
    error = lift(observed, observed.scenes, history - 1).edge_error[:, -1:]
    return outline + error * (outline[..., 3:] - outline[..., 1:2])


def _steady(observed: Float[np.ndarray, "n history 3"], future: int) -> Float[np.ndarray, "n future 3"]:
    """Poses of road users that keep their heading and the velocity of the last ``STEPS`` frames."""
    steps = min(STEPS, observed.shape[1] - 1)
    step = (observed[:, -1] - observed[:, -1 - steps]) / steps
    step[:, 2] = 0
    return observed[:, -1:] + np.arange(1, future + 1)[:, None] * step[:, None]


def until(windows: Windows, frames: int) -> Windows:
    """The first ``frames`` frames of each window."""
    scenes = windows.scenes and replace(
        windows.scenes,
        **{
            name: values[:, :frames]
            for name, values in windows.scenes.arrays().items()
            if name in ("size_m", "position_cam_m", "rotation_y_rad", "speed_mps", "yaw_rate_radps")
        },
    )
    return replace(windows, boxes=windows.boxes[:, :frames], valid=windows.valid[:, :frames], scenes=scenes)
