"""Feature spaces of tracks: how a window moves, standardised, and the physical quantities one by one.

Everything is measured in heights of the window's mean box and frames: no scene is needed, so it holds for strategies
that know of boxes alone.
"""

import numpy as np
from jaxtyping import Float, Int

from pipeline.boxes import centre_and_size
from pipeline.fidelity.spaces import Space
from pipeline.windows import Windows

FAR = 8.0
"""Standardised features are held within so many standard deviations: boxes near the camera have very heavy tails."""
SLOW = 0.02
"""Heights a frame below which a direction of motion is the labels' noise."""


def kinematics(train: Windows) -> Space[Windows]:
    """Velocity and growth frame by frame, strongest acceleration, jerk and turning, place and size.

    Standardised by what the training windows have.
    """
    raw = _kinematics(train)
    mean, sd = raw.mean(axis=0), raw.std(axis=0) + 1e-6

    def features(windows: Windows) -> Float[np.ndarray, "n feature"]:
        return np.clip((_kinematics(windows) - mean) / sd, -FAR, FAR).astype(np.float32)

    return Space("kinematics", "plain", features)


QUANTITIES = ("speed", "acceleration", "jerk", "yaw rate", "border")


def quantities() -> tuple[Space[Windows], ...]:
    """Speed, acceleration and jerk (heights a frame, a frame², a frame³), turning (rad a frame), and the border.

    The border is a code: which of the four borders of the image a box touches, and whether it is small, middling or
    large.
    """
    found = {"speed": speed, "acceleration": acceleration, "jerk": jerk, "yaw rate": yaw_rate, "border": border}
    return tuple(Space(name, "quantity", found[name]) for name in QUANTITIES)


def velocity(windows: Windows) -> Float[np.ndarray, "n step 2"]:
    """Steps of the centre, in mean heights a frame."""
    centre, size = centre_and_size(windows.boxes.astype(np.float64))
    return np.diff(centre, axis=1) / size[..., 1:].mean(axis=1, keepdims=True)


def speed(windows: Windows) -> Float[np.ndarray, "n step"]:
    """Length of the velocity."""
    return np.linalg.norm(velocity(windows), axis=-1)


def acceleration(windows: Windows) -> Float[np.ndarray, "n step"]:
    """Length of the change of velocity."""
    return np.linalg.norm(np.diff(velocity(windows), axis=1), axis=-1)


def jerk(windows: Windows) -> Float[np.ndarray, "n step"]:
    """Length of the change of acceleration."""
    return np.linalg.norm(np.diff(velocity(windows), n=2, axis=1), axis=-1)


def yaw_rate(windows: Windows) -> Float[np.ndarray, "n step"]:
    """Change of the direction of motion in the image, -π to π; 0 where it is too slow to have one."""
    steps = velocity(windows)
    angle = np.arctan2(steps[..., 1], steps[..., 0])
    turn = np.pi - np.mod(np.pi - np.diff(angle, axis=1), 2 * np.pi)
    moving = np.linalg.norm(steps, axis=-1) > SLOW
    return np.where(moving[:, 1:] & moving[:, :-1], turn, 0.0)


def border(windows: Windows) -> Int[np.ndarray, "n time"]:
    """Left, upper, right and lower border as bits, and the height of the box in thirds of the image's."""
    high = np.concatenate([windows.image_size, windows.image_size], axis=1)[:, None] - 2.5
    near = np.where([True, True, False, False], windows.boxes < 1.5, windows.boxes > high)
    height = centre_and_size(windows.boxes)[1][..., 1] / windows.image_size[:, 1:]
    return near @ np.array([1, 2, 4, 8]) + 16 * np.clip(3 * height, 0, 2).astype(np.int64)


def _kinematics(windows: Windows) -> Float[np.ndarray, "n feature"]:
    centre, size = centre_and_size(windows.boxes.astype(np.float64))
    steps = velocity(windows)
    growth = np.diff(np.log(size), axis=1)
    middle = size.shape[1] // 2
    width, height = windows.image_size.T
    place = [centre[:, middle, 0] / width, centre[:, middle, 1] / height, *np.log(size[:, middle]).T]
    violence = [_strongest(acceleration(windows)), _strongest(jerk(windows)), _strongest(np.abs(yaw_rate(windows)))]
    series = np.arcsinh(np.concatenate([steps, growth], axis=-1) / 0.03).reshape(len(steps), -1)
    return np.column_stack([series, np.log(np.stack(violence, axis=1) + 1e-3), np.stack(place, axis=1)])


def _strongest(values: Float[np.ndarray, "n step"]) -> Float[np.ndarray, " n"]:
    return values.max(axis=1, initial=0.0)
