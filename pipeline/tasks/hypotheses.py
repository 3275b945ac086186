"""Task ``hypotheses``: a stronger forecaster with several futures, so that no gain is an artefact of a weak one."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.hypotheses import HypothesesForecaster, best_of_k_loss
from pipeline.boxes import centre_and_size
from pipeline.tasks.forecast_errors import forecast_errors
from pipeline.tasks.prediction import BETA, FittedPredictor, Prediction
from pipeline.windows import Windows


@dataclass(frozen=True, eq=False)
class FittedHypotheses(FittedPredictor):
    """A trained network that names several futures."""

    def forecast(self, windows: Windows) -> Float[np.ndarray, "n future coordinates"]:
        """The most likely future."""
        return self.futures(windows)[0]

    def futures(self, windows: Windows) -> list[Float[np.ndarray, "n future coordinates"]]:
        """Every future, the most likely first."""
        with torch.inference_mode():
            residuals, odds = self.network(*self.inputs(windows))
            order = odds.argsort(dim=1, descending=True, stable=True)
            ordered = residuals.gather(1, order[:, :, None, None].expand_as(residuals)).numpy() * self.scale
        return [self.corrected(ordered[:, rank], windows) for rank in range(ordered.shape[1])]


@dataclass(frozen=True)
class Hypotheses(Prediction):
    """GRU forecaster with several hypotheses; judged by the most likely one, the best of all reported beside it."""

    hidden: int = 96
    hypotheses: int = 5

    fitted: ClassVar[type[FittedPredictor]] = FittedHypotheses

    def network(self, features: int, static: int, horizon: int, outputs: int, generator: torch.Generator) -> nn.Module:
        """An untrained network, its weights drawn from ``generator``."""
        return HypothesesForecaster(
            features, static, horizon, outputs, self.hidden, self.hypotheses, generator=generator
        )

    def loss(self, network: nn.Module, motion: Tensor, place: Tensor, target: Tensor) -> Float[Tensor, ""]:
        """Winner takes nearly all."""
        futures, odds = network(motion, place)
        return best_of_k_loss(futures, odds, target, BETA)

    def evaluate(self, fitted: FittedPredictor, held_out: Windows) -> pd.DataFrame:
        """One row of errors per window: of the likeliest future, and ``min_ade_px``, ``min_fde_px`` of the best."""
        assert isinstance(fitted, FittedHypotheses)
        futures = fitted.futures(held_out)
        truth = centre_and_size(held_out.boxes[:, self.history :])[0]
        distance = np.stack([np.linalg.norm(centre_and_size(boxes)[0] - truth, axis=-1) for boxes in futures])
        best = {"min_ade_px": distance.mean(axis=2).min(axis=0), "min_fde_px": distance[..., -1].min(axis=0)}
        return forecast_errors(futures[0], held_out).assign(**best)
