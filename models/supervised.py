"""THE supervised training loop: a fixed number of steps, the best validated weights kept."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

import torch
from torch import Tensor, nn

from models.reporting import Report, TrainingDiverged, silent
from models.trained import keep, taken

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class SupervisedRecipe:
    """How long and how fast to learn. The steps do not depend on how much data there is."""

    steps: int = 1200
    batch: int = 128
    """Samples per step; the loop leaves it to ``draw_batch`` to honour it."""
    learning_rate: float = 3e-3
    schedule: Literal["constant", "cosine"] = "cosine"
    """Cosine: from ``learning_rate`` down to 0 (Loshchilov and Hutter, ICLR 2017, without restarts)."""
    validate_every: int = 100
    weight_decay: float = 0.0
    """Decoupled from the gradient (Loshchilov and Hutter, ICLR 2019)."""
    clip_norm: float | None = 1.0
    """Longest gradient allowed (Pascanu et al., ICML 2013); None for no limit."""

    def __post_init__(self) -> None:
        """Refuse numbers that cannot train anything."""
        for name in ("steps", "batch", "learning_rate", "validate_every"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")

    def rate(self, step: int) -> float:
        """The learning rate of a step counted from 0."""
        if self.schedule == "constant":
            return self.learning_rate
        return self.learning_rate * (1 + math.cos(math.pi * step / self.steps)) / 2


def train_supervised(
    model: Network,
    recipe: SupervisedRecipe,
    draw_batch: Callable[[int], tuple[Tensor, ...]],
    loss: Callable[..., Tensor],
    validate: Callable[[Network], float] | None = None,
    report: Report = silent,
) -> Network:
    """Train ``model`` in place and return it with the weights that validated best (the last ones without ``validate``).

    Args:
        model: A network; its parameters decide the device.
        recipe: Steps, rates and limits.
        draw_batch: ``draw_batch(step)`` gives the tensors of one batch, already on the model's device.
        loss: ``loss(model, *batch)`` gives the scalar to minimise.
        validate: Lower is better; called without gradients every ``validate_every`` steps and after the last one.
        report: Receives ``loss`` (mean since the last report) and ``valid``.

    Raises:
        TrainingDiverged: the loss is not finite; looked at only when reporting, so that no step waits for the device.
    """
    if taken({"model": model}):
        return model.eval()
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True)
    total, counted = torch.zeros((), device=parameters[0].device), 0
    best, best_weights = math.inf, None
    model.train()
    for step in range(recipe.steps):
        # 1. One gradient step.
        optimiser.param_groups[0]["lr"] = recipe.rate(step)
        optimiser.zero_grad()
        value = loss(model, *draw_batch(step))
        value.backward()
        if recipe.clip_norm is not None:
            nn.utils.clip_grad_norm_(parameters, recipe.clip_norm)
        optimiser.step()
        total, counted = total + value.detach(), counted + 1

        # 2. Now and then: look, report, and remember the best weights so far.
        done = step + 1
        if done % recipe.validate_every == 0 or done == recipe.steps:
            values = {"loss": float(total) / counted}
            _require_finite(values["loss"], done)
            total, counted = torch.zeros_like(total), 0
            if validate is not None:
                values["valid"] = _validated(model, validate)
                if values["valid"] < best:
                    best = values["valid"]
                    best_weights = {name: weight.clone() for name, weight in model.state_dict().items()}
            report(done, values)

    # 3. Go back to the best.
    if best_weights is not None:
        model.load_state_dict(best_weights)
    keep({"model": model})
    return model.eval()


def _validated(model: Network, validate: Callable[[Network], float]) -> float:
    model.eval()
    with torch.no_grad():
        value = validate(model)
    model.train()
    return value


def _require_finite(loss: float, step: int) -> None:
    if not math.isfinite(loss):
        raise TrainingDiverged(
            f"The loss is {loss} at step {step}: lower the learning rate, set clip_norm, or look for values in the "
            "data that are not finite."
        )
