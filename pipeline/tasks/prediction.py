"""Task ``prediction``: an LSTM that says where a road user's box will be, as a correction of constant velocity."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from models.lstm import LstmForecaster
from models.reporting import Report, silent
from models.supervised import SupervisedRecipe, train_supervised
from pipeline.boxes import centre_and_size, to_relative
from pipeline.randomness import torch_generator
from pipeline.schema import KINDS
from pipeline.tasks.baselines import constant_velocity, relative_history, to_pixels
from pipeline.tasks.forecast_errors import forecast_errors
from pipeline.windows import Windows

COORDINATES = 4
"""Of a box: centre x and y, log width and log height."""

BETA = 0.02
"""Where the loss turns from squared to absolute: far below typical errors, so outliers do not rule."""

FAR = 6.0
"""Standardised features are held within this many standard deviations: near objects have very heavy tails."""


@dataclass(frozen=True, eq=False)
class Standardiser:
    """Mean and standard deviation of the inputs, from real training windows."""

    mean: Float[np.ndarray, " feature"]
    sd: Float[np.ndarray, " feature"]

    def __call__(self, values: np.ndarray) -> Tensor:
        """Standardised, clipped and as float32."""
        return torch.from_numpy(np.clip((values - self.mean) / self.sd, -FAR, FAR).astype(np.float32))

    @classmethod
    def of(cls, values: np.ndarray) -> "Standardiser":
        """Fitted over all axes but the last."""
        flat = values.reshape(-1, values.shape[-1])
        return cls(flat.mean(axis=0), flat.std(axis=0) + 1e-6)


@dataclass(frozen=True, eq=False)
class FittedPredictor:
    """A trained network with the scales it was trained on."""

    network: LstmForecaster
    motion: Standardiser
    place: Standardiser
    scale: Float[np.ndarray, "future 4"]
    """Mean size of the residual over constant velocity; the network speaks in these units."""
    history: int

    def forecast(self, windows: Windows) -> Float[np.ndarray, "n future 4"]:
        """Boxes in pixels, from the history alone."""
        with torch.inference_mode():
            inputs = (
                self.motion(motion_features(windows, self.history)),
                self.place(place_features(windows, self.history)),
            )
            residual = self.network(*inputs).numpy() * self.scale
        relative = relative_history(windows, self.history)
        return to_pixels(constant_velocity(relative, residual.shape[1]) + residual, windows, self.history)


@dataclass(frozen=True)
class Prediction:
    """LSTM forecaster: ten frames observed, ten predicted, unless the windows say otherwise."""

    history: int = 10
    hidden: int = 64
    training: SupervisedRecipe = field(default_factory=lambda: SupervisedRecipe(weight_decay=0.3))

    metric = "ade_px"
    unit = "px"
    higher_is_better = False

    def train(
        self,
        train: Windows,
        synthetic: Windows | None,
        share: float,
        valid: Windows,
        rng: np.random.Generator,
        report: Report = silent,
    ) -> FittedPredictor:
        """Train on batches of which ``share`` is synthetic; keep the weights that do best on ``valid``."""
        initial, batches = torch_generator(rng), torch_generator(rng)
        motion = Standardiser.of(motion_features(train, self.history))
        place = Standardiser.of(place_features(train, self.history))
        scale = np.sqrt(np.abs(self._residual(train)).mean(axis=0) + 1e-3)
        network = LstmForecaster(
            len(motion.mean),
            len(place.mean),
            train.boxes.shape[1] - self.history,
            COORDINATES,
            self.hidden,
            generator=initial,
        )
        fitted = FittedPredictor(network, motion, place, scale, self.history)
        pools = [self._tensors(pool, fitted) for pool in (train, synthetic) if pool is not None and len(pool)]
        counts = self._batch_counts(len(pools), share)

        def draw_batch(step: int) -> tuple[Tensor, ...]:
            parts = [_draw(pool, count, batches) for pool, count in zip(pools, counts, strict=True)]
            return tuple(torch.cat(columns) for columns in zip(*parts, strict=True)) if len(parts) > 1 else parts[0]

        def loss(network: LstmForecaster, motion: Tensor, place: Tensor, target: Tensor) -> Tensor:
            return torch.nn.functional.smooth_l1_loss(network(motion, place), target, beta=BETA)

        def validate(network: LstmForecaster) -> float:
            return float(self.evaluate(fitted, valid)["nade"].mean())

        train_supervised(network, self.training, draw_batch, loss, validate, report)
        return fitted

    def evaluate(self, fitted: FittedPredictor, held_out: Windows) -> pd.DataFrame:
        """One row of errors per window."""
        return forecast_errors(fitted.forecast(held_out), held_out)

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
        outputs, hidden = weights["head.weight"].shape
        horizon = outputs // COORDINATES
        network = LstmForecaster(
            len(motion.mean), len(place.mean), horizon, COORDINATES, hidden, generator=torch.Generator()
        )
        network.load_state_dict(weights)
        return FittedPredictor(network, motion, place, arrays["scale"], int(arrays["history"]))

    def _tensors(self, windows: Windows, fitted: FittedPredictor) -> tuple[Tensor, ...]:
        """Network inputs, and the residual over constant velocity in units of ``scale``."""
        target = self._residual(windows) / fitted.scale
        return (
            fitted.motion(motion_features(windows, self.history)),
            fitted.place(place_features(windows, self.history)),
            torch.from_numpy(target.astype(np.float32)),
        )

    def _residual(self, windows: Windows) -> Float[np.ndarray, "n future 4"]:
        """What constant velocity gets wrong, in heights of the last observed box."""
        truth = to_relative(windows.boxes[:, self.history :], windows.boxes[:, self.history - 1])
        return truth - constant_velocity(relative_history(windows, self.history), truth.shape[1])

    def _batch_counts(self, pools: int, share: float) -> list[int]:
        batch = self.training.batch
        synthetic = round(share * batch)
        return [batch] if pools == 1 else [batch - synthetic, synthetic]


def _draw(pool: tuple[Tensor, ...], count: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    index = torch.randint(len(pool[0]), (count,), generator=generator)
    return tuple(column[index] for column in pool)


def motion_features(windows: Windows, history: int) -> Float[np.ndarray, "n history 8"]:
    """Observed boxes relative to the last one, and their steps: heavy tails tamed by asinh."""
    relative = relative_history(windows, history)
    steps = np.diff(relative, axis=1, prepend=relative[:, :1])
    return np.arcsinh(np.concatenate([relative / 0.3, steps / 0.03], axis=-1))


def place_features(windows: Windows, history: int) -> Float[np.ndarray, "n place"]:
    """Where in the image the last observed box is, how large, how far from the side borders, and its class."""
    last = windows.boxes[:, history - 1]
    centre, size = centre_and_size(last)
    height = size[:, 1:]
    gaps = np.stack([last[:, 0], windows.image_size[:, 0] - 1 - last[:, 2]], axis=1) / height
    kind = np.eye(len(KINDS))[windows.kind]
    parts = [centre / windows.image_size, np.log(size / windows.image_size), np.minimum(gaps, 1.0), kind]
    return np.concatenate(parts, axis=1)
