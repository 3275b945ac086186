"""Forecasts that are told a part of the future: what they lose against a model is about what not knowing it costs.

All errors are in the metric of the task, one per window; NaN where an oracle has no answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from jaxtyping import Float
from scipy.signal import savgol_filter

from pipeline.boxes import centre_and_size, to_relative
from pipeline.tasks import Task
from pipeline.tasks.baselines import to_pixels
from pipeline.tasks.forecast_errors import forecast_errors
from pipeline.tasks.ground_errors import ground_errors
from pipeline.tasks.ground_paths import STEPS, ground_paths, steady_motion
from pipeline.tasks.ground_plane import GroundPlane
from pipeline.tasks.prediction import FittedPredictor, Prediction
from pipeline.tasks.world_forecast import image_forecast, known_in_3d, world_forecast
from pipeline.windows import Windows

STEADY, WORLD, AGENT, EGO, BOTH, NEXT = (
    "constant velocity", "world", "world, agent told", "world, ego told", "world, both told", "next step told",
)  # fmt: skip
MODEL_EGO, MODEL_NEXT, LABELS = "model, ego told", "model, next told", "label noise"

KNOWLEDGE: Mapping[str, str] = {
    STEADY: "learns nothing: the last step, repeated",
    WORLD: "learns nothing: road user and recording car keep their past velocity in the world, known from 3D boxes",
    AGENT: "the same, told where the road user will be in the world",
    EGO: "the same, told how the recording car will move",
    BOTH: "the same, told both: what projection and labels leave",
    NEXT: "constant velocity, told the first position to come",
    MODEL_EGO: "the model, trained with 3D boxes of the past and told how the recording car will move",
    MODEL_NEXT: "the plain model, told the first position to come",
    LABELS: "how far labels stray from a smooth track: nothing forecasts that",
}
"""Every forecast that is not a strategy's, and what it knows."""

SMOOTHED = 5
"""Frames of the parabola that a smooth track is taken to be."""


def can_be_dissected(task: object) -> bool:
    """Whether there are oracles for this task."""
    return isinstance(task, Prediction)


def steady_errors(task: Prediction, windows: Windows) -> Float[np.ndarray, " n"]:
    """Errors of constant velocity where the task is at home: in the image or on the ground."""
    if isinstance(task, GroundPlane):
        return _on_ground(task, windows, steady_motion)
    return _in_image(task, image_forecast(windows, task.history), windows)


def oracle_errors(task: Prediction, windows: Windows) -> dict[str, Float[np.ndarray, " n"]]:
    """Errors of every oracle that needs no model."""
    if isinstance(task, GroundPlane):
        return {NEXT: _on_ground(task, windows, _steady_from_next), LABELS: _on_ground_labels(task, windows)}
    found = {NEXT: _in_image(task, steady_from_next(windows, task.history), windows)}
    known = known_in_3d(windows)
    if known.any():
        for name, ego, agent in ((WORLD, 0, 0), (AGENT, 0, 1), (EGO, 1, 0), (BOTH, 1, 1)):
            forecast = world_forecast(windows, task.history, ego_known=bool(ego), agent_known=bool(agent))
            found[name] = np.where(known, _in_image(task, forecast, windows), np.nan)
    centre, size = centre_and_size(windows.boxes.astype(np.float64))
    scale = size[:, task.history - 1, 1] if task.metric == "nade" else 1.0
    return {**found, LABELS: label_noise(centre, task.history) / scale}


def window_errors(task: Task, fitted: object, windows: Windows) -> Float[np.ndarray, " n"]:  # type: ignore[type-arg]
    """Errors of a trained model."""
    rows = task.evaluate(fitted, windows)[task.metric].to_numpy(float)
    errors = np.full(len(windows), np.nan)
    errors[known_in_3d(windows) if task.needs_scenes else slice(None)] = rows
    return errors


def told_next_errors(task: Prediction, fitted: FittedPredictor, windows: Windows) -> Float[np.ndarray, " n"]:
    """Errors of a model in the image that sees one frame more; the first step is right then."""
    shifted = replace(windows, boxes=np.roll(windows.boxes, -1, axis=1), scenes=None)
    first = windows.boxes[:, task.history : task.history + 1]
    forecast = np.concatenate([first, fitted.forecast(shifted)[:, :-1]], axis=1)
    return _in_image(task, forecast, windows)


def steady_from_next(windows: Windows, history: int) -> Float[np.ndarray, "n future 4"]:
    """Boxes (px) that keep the velocity of the first step to come."""
    anchor = windows.boxes[:, history - 1]
    step = to_relative(windows.boxes[:, history : history + 1], anchor)
    return to_pixels(np.arange(1, windows.boxes.shape[1] - history + 1)[:, None] * step, windows, history)


def label_noise(places: Float[np.ndarray, "n time 2"], history: int) -> Float[np.ndarray, " n"]:
    """Mean distance, over future frames, of labelled places from the smooth track that they stray from.

    The track is a parabola through five frames (Savitzky and Golay, Analytical Chemistry 36(8), 1964). It follows the
    middle one of them by 17/35, so that what is left is too small by sqrt(18/35) and is enlarged. Noise that is shared
    by neighbouring frames, as that of interpolated labels, is not seen.
    """
    time, half = places.shape[1], SMOOTHED // 2
    frames = np.arange(max(history, half), time - half)
    if time < SMOOTHED or not len(frames):
        return np.full(len(places), np.nan)
    strays = places - savgol_filter(places, SMOOTHED, 2, axis=1)
    return np.linalg.norm(strays[:, frames], axis=-1).mean(axis=1) / np.sqrt(18 / 35)


def _in_image(task: Prediction, forecast: Float[np.ndarray, "n future 4"], windows: Windows) -> np.ndarray:
    return forecast_errors(forecast, windows)[task.metric].to_numpy(float)


def _on_ground(
    task: GroundPlane, windows: Windows, forecast: Callable[[Windows, int], np.ndarray]
) -> Float[np.ndarray, " n"]:
    errors, known = np.full(len(windows), np.nan), known_in_3d(windows)
    if known.any():
        some = windows.take(known)
        errors[known] = ground_errors(forecast(some, task.history)[None], some)[task.metric].to_numpy(float)
    return errors


def _steady_from_next(windows: Windows, history: int) -> Float[np.ndarray, "n future 2"]:
    """Places (m) that keep the velocity up to the first step to come, from there on."""
    path = ground_paths(windows, history)[..., :2]
    steps = min(STEPS, history)
    step = (path[:, history] - path[:, history - steps]) / steps
    return path[:, history, None] + np.arange(path.shape[1] - history)[:, None] * step[:, None]


def _on_ground_labels(task: GroundPlane, windows: Windows) -> Float[np.ndarray, " n"]:
    errors, known = np.full(len(windows), np.nan), known_in_3d(windows)
    if known.any():
        errors[known] = label_noise(ground_paths(windows.take(known), task.history)[..., :2], task.history)
    return errors
