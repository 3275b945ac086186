"""A recurrent forecaster: an observed history in, corrections of a baseline forecast out."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.blocks import materialise


class LstmForecaster(nn.Module):
    """An LSTM reads the history; one linear head writes every future step at once.

    The head starts at zero, so the untrained network forecasts the baseline itself and learning can only depart from
    it. One direct head does not feed its own errors back, unlike a decoder that runs step by step (Hochreiter and
    Schmidhuber, Neural Computation 1997, for the cell; Taieb et al., Neurocomputing 2012, for direct forecasts).
    """

    def __init__(
        self, features: int, static: int, horizon: int, outputs: int, hidden: int = 64, *, generator: torch.Generator
    ) -> None:
        """Draw the initial weights from ``generator`` alone; the network lives on the generator's device."""
        super().__init__()
        self.horizon, self.outputs = horizon, outputs
        with torch.device("meta"):
            # Time first: the kernel walks along the time axis, and no copy is needed between steps.
            self.lstm = nn.LSTM(features + static, hidden)
            self.head = nn.Linear(hidden, horizon * outputs)
        materialise(self, generator)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(
        self, history: Float[Tensor, "batch time features"], static: Float[Tensor, "batch static"]
    ) -> Float[Tensor, "batch horizon outputs"]:
        """Residuals over the baseline forecast."""
        steps = history.transpose(0, 1)
        _, (last, _) = self.lstm(torch.cat([steps, static.expand(len(steps), -1, -1)], dim=-1))
        residual: Tensor = self.head(last[0])
        return residual.unflatten(1, (self.horizon, self.outputs))
