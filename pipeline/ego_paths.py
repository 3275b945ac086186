"""Planar poses (x m, y m, yaw rad) and the paths that a car drives with a given speed and yaw rate."""

import numpy as np
from jaxtyping import Float
from scipy.ndimage import uniform_filter1d

SMOOTHED_FRAMES = 5
"""Navigation data is averaged over so many frames: its noise, seen from the car, would shake every parked car."""


def smoothed(values: Float[np.ndarray, "n time"]) -> Float[np.ndarray, "n time"]:
    """Moving average; the first and the last value stand for what lies outside."""
    return uniform_filter1d(values.astype(np.float64), SMOOTHED_FRAMES, axis=1, mode="nearest")


def planar_path(
    speed_mps: Float[np.ndarray, "n time"],
    yaw_rate_radps: Float[np.ndarray, "n time"],
    dt_s: Float[np.ndarray, " n"],
    anchor: int,
) -> Float[np.ndarray, "n time 3"]:
    """Poses of a unicycle (it moves where it faces) relative to its pose at frame ``anchor``."""
    step_s = dt_s[:, None]
    turned = step_s * (yaw_rate_radps[:, 1:] + yaw_rate_radps[:, :-1]) / 2
    yaw = np.pad(np.cumsum(turned, axis=1), ((0, 0), (1, 0)))
    middle = yaw[:, :-1] + turned / 2
    length = step_s * (speed_mps[:, 1:] + speed_mps[:, :-1]) / 2
    steps = np.stack([length * np.cos(middle), length * np.sin(middle)], axis=-1)
    place = np.pad(np.cumsum(steps, axis=1), ((0, 0), (1, 0), (0, 0)))
    path = np.concatenate([place, yaw[..., None]], axis=-1)
    return compose(inverse(path[:, anchor : anchor + 1]), path)


def compose(first: Float[np.ndarray, "*n 3"], second: Float[np.ndarray, "*m 3"]) -> Float[np.ndarray, "*k 3"]:
    """``second``, given in the frame of ``first``, in the frame that ``first`` is given in."""
    cos, sin = np.cos(first[..., 2]), np.sin(first[..., 2])
    x = first[..., 0] + cos * second[..., 0] - sin * second[..., 1]
    y = first[..., 1] + sin * second[..., 0] + cos * second[..., 1]
    return np.stack([x, y, first[..., 2] + second[..., 2]], axis=-1)


def inverse(pose: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
    """The pose that undoes another: their composition stands at the origin."""
    x, y, yaw = np.moveaxis(pose, -1, 0)
    cos, sin = np.cos(yaw), np.sin(yaw)
    return np.stack([-cos * x - sin * y, sin * x - cos * y, -yaw], axis=-1)
