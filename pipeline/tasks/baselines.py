"""Forecasts without learning: stand still, keep the velocity, Kalman filter. Every predictor must beat these.

All work on boxes relative to the last observed one (``pipeline.boxes``), so sizes change geometrically.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from pipeline.boxes import centre_and_size, clip_to_image, from_relative, to_relative
from pipeline.windows import Windows

Forecast: TypeAlias = Callable[[Windows], np.ndarray]
"""Windows -> boxes (n, future, 4) in pixels; looks at the history alone."""


def relative_history(windows: Windows, history: int) -> Float[np.ndarray, "n history 4"]:
    """The observed boxes relative to the last of them."""
    return to_relative(windows.boxes[:, :history], windows.boxes[:, history - 1])


def constant_velocity(relative: Float[np.ndarray, "n history 4"], future: int) -> Float[np.ndarray, "n future 4"]:
    """The last step, repeated."""
    step = relative[:, -1:] - relative[:, -2:-1]
    return np.arange(1, future + 1)[:, None] * step


def to_pixels(
    relative: Float[np.ndarray, "n future 4"], windows: Windows, history: int
) -> Float[np.ndarray, "n future 4"]:
    """Relative forecasts as boxes in pixels, clipped to the image as every KITTI label is."""
    return clip_to_image(from_relative(relative, windows.boxes[:, history - 1]), windows.image_size)


@dataclass(frozen=True)
class KalmanFilter:
    """Constant-velocity Kalman filter, one per box coordinate (Kalman 1960; Bar-Shalom et al. 2001, section 6.2)."""

    process_to_measurement: float
    """Variance of the acceleration over variance of a measurement, per frame: the only number that matters."""

    def gains(self, history: int) -> Float[np.ndarray, "history 2"]:
        """Kalman gain of position and velocity at each observed frame; the same for every window."""
        transition = np.array([[1.0, 1.0], [0.0, 1.0]])
        process = self.process_to_measurement * np.array([[0.25, 0.5], [0.5, 1.0]])
        covariance = np.diag([1.0, 1e3])
        gains = np.zeros((history, 2))
        for frame in range(history):
            covariance = transition @ covariance @ transition.T + process
            gains[frame] = covariance[:, 0] / (covariance[0, 0] + 1.0)
            covariance = covariance - np.outer(gains[frame], covariance[0])
        return gains

    def predict(self, relative: Float[np.ndarray, "n history 4"], future: int) -> Float[np.ndarray, "n future 4"]:
        """Filter the history, then follow the filtered velocity."""
        position, velocity = relative[:, 0], np.zeros_like(relative[:, 0])
        for frame, (gain_position, gain_velocity) in enumerate(self.gains(relative.shape[1])):
            predicted = position + velocity
            innovation = relative[:, frame] - predicted
            position, velocity = predicted + gain_position * innovation, velocity + gain_velocity * innovation
        return position[:, None] + np.arange(1, future + 1)[:, None] * velocity[:, None]


def tune_kalman(train: Windows, history: int, most_windows: int = 4000) -> KalmanFilter:
    """The filter with the smallest mean centre error in box heights on training windows."""
    some = train.take(np.arange(0, len(train), -(-len(train) // most_windows)))
    relative = relative_history(some, history)
    truth = to_relative(some.boxes[:, history:], some.boxes[:, history - 1])

    def error(candidate: KalmanFilter) -> float:
        difference = candidate.predict(relative, truth.shape[1]) - truth
        return float(np.linalg.norm(difference[..., :2], axis=-1).mean())

    return min((KalmanFilter(float(ratio)) for ratio in np.geomspace(1e-4, 1e3, 29)), key=error)


def baselines(train: Windows, history: int) -> dict[str, Forecast]:
    """Every baseline by name, tuned on training windows where there is something to tune."""
    kalman = tune_kalman(train, history)

    def forecast(extrapolate: Callable[[np.ndarray, int], np.ndarray]) -> Forecast:
        def boxes(windows: Windows) -> np.ndarray:
            future = windows.boxes.shape[1] - history
            return to_pixels(extrapolate(relative_history(windows, history), future), windows, history)

        return boxes

    return {
        "constant_position": forecast(lambda relative, future: np.zeros((len(relative), future, 4))),
        "constant_velocity": forecast(constant_velocity),
        "kalman": forecast(kalman.predict),
    }


def last_height_px(windows: Windows, history: int) -> Float[np.ndarray, " n"]:
    """Height of the last observed box, the scale of a relative forecast."""
    return centre_and_size(windows.boxes[:, history - 1])[1][:, 1]
