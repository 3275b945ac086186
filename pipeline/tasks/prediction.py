"""Task ``prediction``: an LSTM that says where a road user's box will be, as a correction of constant velocity."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import smooth_l1_loss

from models.lstm import LstmForecaster
from models.reporting import Report, silent
from models.supervised import SupervisedRecipe, train_supervised
from pipeline.boxes import to_relative
from pipeline.randomness import torch_generator
from pipeline.schedule import Schedule
from pipeline.tasks.baselines import baselines, constant_velocity, relative_history, to_pixels
from pipeline.tasks.forecast_errors import forecast_errors
from pipeline.tasks.forecast_features import Standardiser, motion_features, place_features
from pipeline.windows import Windows

BETA = 0.02
"""Where the loss turns from squared to absolute: far below typical errors, so outliers do not rule."""


@dataclass(frozen=True, eq=False)
class FittedPredictor:
    """A trained network with the scales it was trained on."""

    network: nn.Module
    motion: Standardiser
    place: Standardiser
    scale: Float[np.ndarray, "future coordinates"]
    """Mean size of the residual over constant velocity; the network speaks in these units."""
    history: int

    @staticmethod
    def features(windows: Windows, history: int) -> tuple[np.ndarray, np.ndarray]:
        """Observed motion and last place, not yet standardised."""
        return motion_features(windows, history), place_features(windows, history)

    @staticmethod
    def residual(windows: Windows, history: int) -> Float[np.ndarray, "n future 4"]:
        """What constant velocity gets wrong, in heights of the last observed box."""
        truth = to_relative(windows.boxes[:, history:], windows.boxes[:, history - 1])
        return truth - constant_velocity(relative_history(windows, history), truth.shape[1])

    def corrected(self, residual: np.ndarray, windows: Windows) -> Float[np.ndarray, "n future coordinates"]:
        """A correction of constant velocity as boxes in pixels."""
        relative = relative_history(windows, self.history)
        return to_pixels(constant_velocity(relative, residual.shape[1]) + residual, windows, self.history)

    def forecast(self, windows: Windows) -> Float[np.ndarray, "n future coordinates"]:
        """What will be, from the history alone."""
        with torch.inference_mode():
            residual = self.network(*self.inputs(windows)).numpy() * self.scale
        return self.corrected(residual, windows)

    def inputs(self, windows: Windows) -> tuple[Float[Tensor, "n history features"], Float[Tensor, "n place"]]:
        """What the network sees."""
        motion, place = self.features(windows, self.history)
        return self.motion(motion), self.place(place)


@dataclass(frozen=True)
class Prediction:
    """LSTM forecaster: ten frames observed, ten predicted, unless the windows say otherwise."""

    history: int = 10
    hidden: int = 64
    training: SupervisedRecipe = field(default_factory=lambda: SupervisedRecipe(weight_decay=0.3))

    metric = "ade_px"
    unit = "px"
    higher_is_better = False
    needs_scenes = False
    samples = Windows
    fitted: ClassVar[type[FittedPredictor]] = FittedPredictor
    boxes_from_the_past: ClassVar[bool] = True
    """Whether it foretells boxes in pixels and needs nothing but the observed frames for it."""
    chosen_by: ClassVar[str] = "nade"
    """The error on the validation drives by which the checkpoint is chosen."""

    def train(
        self,
        train: Windows,
        synthetic: Windows | None,
        schedule: Schedule,
        valid: Windows,
        rng: np.random.Generator,
        report: Report = silent,
    ) -> FittedPredictor:
        """Train on batches that are synthetic as ``schedule`` says; keep the weights that do best on ``valid``."""
        train, valid = self.usable(train), self.usable(valid)
        synthetic = None if synthetic is None else self.usable(synthetic)
        initial, batches = torch_generator(rng), torch_generator(rng)
        motion, place = (Standardiser.of(values) for values in self.fitted.features(train, self.history))
        scale = np.sqrt(np.abs(self.fitted.residual(train, self.history)).mean(axis=0) + 1e-3)
        horizon, outputs = scale.shape
        network = self.network(len(motion.mean), len(place.mean), horizon, outputs, initial)
        fitted = self.fitted(network, motion, place, scale, self.history)
        pools = [self._tensors(pool, fitted) for pool in (train, synthetic) if pool is not None and len(pool)]
        steps, batch = self.training.steps, self.training.batch

        def draw_batch(step: int) -> tuple[Tensor, ...]:
            counts = schedule.counts(step, steps, batch) if len(pools) > 1 else (batch,)
            parts = [_draw(pool, count, batches) for pool, count in zip(pools, counts, strict=True)]
            return tuple(torch.cat(columns) for columns in zip(*parts, strict=True)) if len(parts) > 1 else parts[0]

        def validate(network: nn.Module) -> float:
            return float(self.evaluate(fitted, valid)[self.chosen_by].mean())

        train_supervised(network, self.training, draw_batch, self.loss, validate, report)
        return fitted

    def wanted(self, real: int, schedule: Schedule) -> int:
        """A quarter of those drawn, each seen about four times: variety is what they have over recordings.

        With a quarter of KITTI, samples seen 33 times each led flip by 1.3 %, 8 times by 3.9, 4 times 4.3, twice 4.7.
        """
        return schedule.drawn(self.training.steps, self.training.batch) // 4

    def usable(self, windows: Windows) -> Windows:
        """What can be learnt from and examined: as a rule, all."""
        return windows

    def network(self, features: int, static: int, horizon: int, outputs: int, generator: torch.Generator) -> nn.Module:
        """An untrained network, its weights drawn from ``generator``."""
        return LstmForecaster(features, static, horizon, outputs, self.hidden, generator=generator)

    def loss(self, network: nn.Module, motion: Tensor, place: Tensor, target: Tensor) -> Float[Tensor, ""]:
        """What training minimises."""
        return smooth_l1_loss(network(motion, place), target, beta=BETA)

    def evaluate(self, fitted: FittedPredictor, held_out: Windows) -> pd.DataFrame:
        """One row of errors per window."""
        return forecast_errors(fitted.forecast(held_out), held_out)

    def examine_baselines(self, train: Windows, held_out: Windows) -> dict[str, pd.DataFrame]:
        """The errors of standing still, of constant velocity and of a Kalman filter."""
        forecasts = baselines(train, self.history)
        return {name: forecast_errors(forecast(held_out), held_out) for name, forecast in forecasts.items()}

    def to_arrays(self, fitted: FittedPredictor) -> dict[str, np.ndarray]:
        """Weights and scales as plain arrays."""
        weights = {f"network.{name}": value.numpy() for name, value in fitted.network.state_dict().items()}
        scales = {"motion.mean": fitted.motion.mean, "motion.sd": fitted.motion.sd,
                  "place.mean": fitted.place.mean, "place.sd": fitted.place.sd}  # fmt: skip
        return {**weights, **scales, "scale": fitted.scale, "history": np.asarray(fitted.history)}

    def from_arrays(self, arrays: Mapping[str, np.ndarray]) -> FittedPredictor:
        """The predictor that ``to_arrays`` described."""
        motion, place = (Standardiser(arrays[f"{name}.mean"], arrays[f"{name}.sd"]) for name in ("motion", "place"))
        weights = {
            name.removeprefix("network."): torch.from_numpy(np.array(value))
            for name, value in arrays.items()
            if name.startswith("network.")
        }
        scale = arrays["scale"]
        horizon, outputs = scale.shape
        network = self.network(len(motion.mean), len(place.mean), horizon, outputs, torch.Generator())
        network.load_state_dict(weights)
        return self.fitted(network, motion, place, scale, int(arrays["history"]))

    def _tensors(self, windows: Windows, fitted: FittedPredictor) -> tuple[Tensor, ...]:
        """Network inputs, and the residual over constant velocity in units of ``scale``."""
        target = fitted.residual(windows, self.history) / fitted.scale
        return (*fitted.inputs(windows), torch.from_numpy(target.astype(np.float32)))


def _draw(pool: tuple[Tensor, ...], count: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    index = torch.randint(len(pool[0]), (count,), generator=generator)
    return tuple(column[index] for column in pool)
