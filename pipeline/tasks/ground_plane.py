"""Task ``ground_plane``: where a road user will be on the ground, in metres, whatever the recording car does."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import smooth_l1_loss

from models.hypotheses import best_of_k_loss
from models.supervised import SupervisedRecipe
from pipeline.tasks import ground_paths
from pipeline.tasks.ground_errors import ground_errors
from pipeline.tasks.ground_paths import future_places, known_on_ground, motion_scale, steady_motion
from pipeline.tasks.hypotheses import FittedHypotheses, Hypotheses
from pipeline.tasks.prediction import BETA, FittedPredictor
from pipeline.windows import Windows

NAME = "ground_plane"


@dataclass(frozen=True, eq=False)
class FittedGroundPlane(FittedHypotheses):
    """A trained network that names several futures on the ground."""

    def futures(self, windows: Windows) -> list[Float[np.ndarray, "n future 2"]]:
        """Every future, in metres; the best single answer first."""
        with torch.inference_mode():
            residuals, _ = self.network(*self.inputs(windows))
        return [self.corrected(residual * self.scale, windows) for residual in residuals.numpy().swapaxes(0, 1)]

    @staticmethod
    def features(windows: Windows, history: int) -> tuple[np.ndarray, np.ndarray]:
        """Observed motion and class, not yet standardised."""
        return ground_paths.motion_features(windows, history), ground_paths.place_features(windows)

    @staticmethod
    def residual(windows: Windows, history: int) -> Float[np.ndarray, "n future 2"]:
        """What constant velocity gets wrong, in units of ``motion_scale``: who moves faster, errs farther."""
        wrong_m = future_places(windows, history) - steady_motion(windows, history)
        return wrong_m / motion_scale(windows, history)[:, None, None]

    def corrected(self, residual: Float[np.ndarray, "n future 2"], windows: Windows) -> np.ndarray:
        """A correction of constant velocity as (n, future, 2) places in metres."""
        return steady_motion(windows, self.history) + residual * motion_scale(windows, self.history)[:, None, None]


@dataclass(frozen=True)
class GroundPlane(Hypotheses):
    """GRU forecaster in the road user's own frame; judged by its one best answer, the best of all reported beside it.

    On the ground most road users stand or keep their velocity, and labels are noisy: the first future starts as
    constant velocity itself, and weights decay fast towards saying so.
    """

    history: int = 20
    hidden: int = 64
    training: SupervisedRecipe = field(
        default_factory=lambda: SupervisedRecipe(steps=600, learning_rate=1e-3, weight_decay=10.0)
    )

    metric = "ade_m"
    unit = "m"
    needs_scenes = True
    fitted: ClassVar[type[FittedPredictor]] = FittedGroundPlane
    boxes_from_the_past: ClassVar[bool] = False
    chosen_by: ClassVar[str] = "ade_m"

    def loss(self, network: nn.Module, motion: Tensor, place: Tensor, target: Tensor) -> Float[Tensor, ""]:
        """The first future learns from every sample, as if it were alone; of all of them, winner takes nearly all."""
        futures, odds = network(motion, place)
        alone = smooth_l1_loss(futures[:, 0], target, beta=BETA)
        return alone + best_of_k_loss(futures, odds, target, BETA)

    def usable(self, windows: Windows) -> Windows:
        """Those whose place on the ground is known.

        Raises:
            UserError: there are none; the message tells what is missing.
        """
        return known_on_ground(windows, NAME)

    def evaluate(self, fitted: FittedPredictor, held_out: Windows) -> pd.DataFrame:
        """One row of errors in metres per window whose place on the ground is known."""
        assert isinstance(fitted, FittedGroundPlane)
        known = self.usable(held_out)
        return ground_errors(np.stack(fitted.futures(known)), known)

    def examine_baselines(self, train: Windows, held_out: Windows) -> dict[str, pd.DataFrame]:
        """The errors in metres of standing still and of constant velocity."""
        known = self.usable(held_out)
        steady = steady_motion(known, self.history)
        forecasts = {"constant_position": np.zeros_like(steady), "constant_velocity": steady}
        return {name: ground_errors(places[None], known) for name, places in forecasts.items()}


@dataclass(frozen=True)
class GroundHypotheses(GroundPlane):
    """The same forecaster, judged as one that may name five futures: by the best of them."""

    metric = "min_ade_m"
    chosen_by: ClassVar[str] = "min_ade_m"
