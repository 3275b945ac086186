"""Task ``prediction_given_ego``: the LSTM of ``prediction``, told how the recording car will move.

A car knows its own plan. For one that does not, this is an oracle: what its error loses here, no augmentation can give.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from pipeline.boxes import to_relative
from pipeline.reprojection import on_ground
from pipeline.tasks.baselines import to_pixels
from pipeline.tasks.prediction import FittedPredictor, Prediction
from pipeline.tasks.world_forecast import ego_path, known_in_3d, world_forecast
from pipeline.windows import Windows


@dataclass(frozen=True, eq=False)
class FittedGivenEgo(FittedPredictor):
    """A trained network that corrects constant velocity in the world, seen from where the recording car will be."""

    @staticmethod
    def features(windows: Windows, history: int) -> tuple[np.ndarray, np.ndarray]:
        """Observed motion; last place in the image and on the ground, and the recording car's poses to come."""
        motion, place = FittedPredictor.features(windows, history)
        return motion, np.concatenate([place, _plan(windows, history)], axis=1)

    @staticmethod
    def residual(windows: Windows, history: int) -> Float[np.ndarray, "n future 4"]:
        """What constant velocity in the world gets wrong, in heights of the last observed box."""
        return to_relative(windows.boxes[:, history:], windows.boxes[:, history - 1]) - _steady(windows, history)

    def corrected(self, residual: np.ndarray, windows: Windows) -> Float[np.ndarray, "n future coordinates"]:
        """A correction of constant velocity in the world as boxes in pixels."""
        return to_pixels(_steady(windows, self.history) + residual, windows, self.history)


@dataclass(frozen=True)
class PredictionGivenEgo(Prediction):
    """LSTM forecaster that is told the recording car's motion; without 3D boxes it is told nothing."""

    fitted: ClassVar[type[FittedPredictor]] = FittedGivenEgo
    boxes_from_the_past: ClassVar[bool] = False


def _steady(windows: Windows, history: int) -> Float[np.ndarray, "n future 4"]:
    boxes = world_forecast(windows, history, ego_known=True, agent_known=False)
    return to_relative(boxes, windows.boxes[:, history - 1])


def _plan(windows: Windows, history: int) -> Float[np.ndarray, "n plan"]:
    """Where the road user is on the ground (10 m), and the car's poses to come (10 m, rad); 0 where not known."""
    future = windows.boxes.shape[1] - history
    plan = np.zeros((len(windows), 2 + 3 * future))
    known = known_in_3d(windows)
    if windows.scenes is not None and known.any():
        scenes = windows.scenes.take(known)
        poses = ego_path(scenes, history)[:, history:] / np.array([10, 10, 1])
        plan[known] = np.concatenate([on_ground(scenes)[0][:, history - 1, :2] / 10, poses.reshape(len(poses), -1)], 1)
    return plan
