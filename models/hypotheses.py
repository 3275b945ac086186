"""A forecaster with several answers: a recurrent network reads the history and writes K futures with their odds."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, smooth_l1_loss

from models.blocks import materialise


class HypothesesForecaster(nn.Module):
    """A GRU (Cho et al., EMNLP 2014) and two heads: K corrections of a baseline forecast, and how likely each is.

    The first hypothesis starts as the baseline itself, the others near it: where all were equal, one would win always.
    """

    def __init__(
        self, features: int, static: int, horizon: int, outputs: int, hidden: int, hypotheses: int, *,
        generator: torch.Generator,
    ) -> None:  # fmt: skip
        """Draw the initial weights from ``generator`` alone; the network lives on the generator's device."""
        super().__init__()
        self.shape = (hypotheses, horizon, outputs)
        with torch.device("meta"):
            self.gru = nn.GRU(features + static, hidden)
            self.mix = nn.Linear(hidden + static, hidden)
            self.futures = nn.Linear(hidden, hypotheses * horizon * outputs)
            self.odds = nn.Linear(hidden, hypotheses)
        materialise(self, generator)
        with torch.no_grad():
            self.futures.weight[: horizon * outputs] = 0
            self.futures.bias[: horizon * outputs] = 0

    def forward(
        self, history: Float[Tensor, "batch time features"], static: Float[Tensor, "batch static"]
    ) -> tuple[Float[Tensor, "batch k horizon outputs"], Float[Tensor, "batch k"]]:
        """Residuals over the baseline, and log odds."""
        steps = history.transpose(0, 1)
        _, last = self.gru(torch.cat([steps, static.expand(len(steps), -1, -1)], dim=-1))
        mixed = torch.relu(self.mix(torch.cat([last[0], static], dim=1)))
        return self.futures(mixed).unflatten(1, self.shape), self.odds(mixed)


def best_of_k_loss(
    futures: Float[Tensor, "batch k horizon outputs"],
    odds: Float[Tensor, "batch k"],
    target: Float[Tensor, "batch horizon outputs"],
    beta: float,
    relaxed: float = 0.05,
) -> Float[Tensor, ""]:
    """Only the hypothesis nearest to what happened learns from it, the others by a share of ``relaxed``.

    Relaxed winner-takes-all (Rupprecht et al., ICCV 2017, section 3.3) plus the cross-entropy of who won.
    """
    wide = target.unsqueeze(1).expand_as(futures)
    errors = smooth_l1_loss(futures, wide, beta=beta, reduction="none").mean(dim=(2, 3))
    winner = errors.detach().argmin(dim=1)
    won = errors.gather(1, winner[:, None]).mean()
    return (1 - relaxed) * won + relaxed * errors.mean() + 0.1 * cross_entropy(odds, winner)
