"""How windows move, in numbers that do not depend on how large a road user appears."""

import numpy as np
from jaxtyping import Bool, Float

from pipeline.boxes import centre_and_size
from pipeline.windows import Windows


def kinematics(windows: Windows) -> Float[np.ndarray, "n quantity"]:
    """How violently each window moves, per frame and in box heights.

    Mean and greatest speed, greatest acceleration, mean approach and retreat (growth and shrinking of the log height),
    greatest change of log height and of log aspect; of what happens before the end of a track.
    """
    centre, size = centre_and_size(windows.boxes.astype(np.float64))
    there, moving = windows.valid, windows.valid[:, 1:]
    velocity = np.diff(centre, axis=1) / _mean(size[..., 1], there)[:, None, None]
    speed = np.linalg.norm(velocity, axis=-1) * moving
    acceleration = (np.linalg.norm(np.diff(velocity, axis=1), axis=-1) * moving[:, 1:]).max(axis=1)
    growth = np.diff(np.log(size[..., 1]), axis=1) * moving
    aspect = (np.abs(np.diff(np.log(size[..., 0] / size[..., 1]), axis=1)) * moving).max(axis=1)
    mean_speed, mean_growth = _mean(speed, moving), _mean(growth, moving)
    columns = [mean_speed, speed.max(1), acceleration, mean_growth, -mean_growth, np.abs(growth).max(1), aspect]
    return np.stack(columns, axis=-1)


def _mean(values: Float[np.ndarray, "n time"], there: Bool[np.ndarray, "n time"]) -> Float[np.ndarray, " n"]:
    return (values * there).sum(axis=1) / there.sum(axis=1).clip(min=1)


def constant_velocity_error(windows: Windows) -> Float[np.ndarray, " n"]:
    """Mean distance (box heights) between the second half and the last step of the first half, repeated."""
    centre, size = centre_and_size(windows.boxes.astype(np.float64))
    last = centre.shape[1] // 2 - 1
    steps = np.arange(1, centre.shape[1] - last)[:, None]
    forecast = centre[:, last : last + 1] + steps * (centre[:, last : last + 1] - centre[:, last - 1 : last])
    return np.linalg.norm(forecast - centre[:, last + 1 :], axis=-1).mean(axis=1) / size[:, last, 1]
