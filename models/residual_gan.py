"""A GAN of futures: how far, given a past, a sequence departs from a forecast, as a whitened code."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.blocks import materialise
from models.code_sampler import LATENT


class ResidualGenerator(nn.Module):
    """Noise, a past and a class in, the code of a residual out."""

    def __init__(self, size: int, past: int, classes: int, hidden: int, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        with torch.device("meta"):
            self.layers = _two_layers(LATENT + past + classes, hidden, size)
        materialise(self, generator)

    def forward(
        self,
        latent: Float[Tensor, "batch latent"],
        past: Float[Tensor, "batch past"],
        one_hot: Float[Tensor, "batch classes"],
    ) -> Float[Tensor, "batch size"]:
        """Codes of residuals."""
        return self.layers(torch.cat([latent, past, one_hot], dim=1))


class ResidualCritic(nn.Module):
    """The code of a residual, the past that it continues and the class in, one score out."""

    def __init__(self, size: int, past: int, classes: int, hidden: int, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        with torch.device("meta"):
            self.layers = _two_layers(size + past + classes, hidden, 1)
        materialise(self, generator)

    def forward(
        self,
        codes: Float[Tensor, "batch size"],
        past: Float[Tensor, "batch past"],
        one_hot: Float[Tensor, "batch classes"],
    ) -> Float[Tensor, " batch"]:
        """Higher for futures that look real after this past."""
        return self.layers(torch.cat([codes, past, one_hot], dim=1))[:, 0]


def _two_layers(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, hidden),
        nn.LeakyReLU(0.2),
        nn.Linear(hidden, hidden),
        nn.LeakyReLU(0.2),
        nn.Linear(hidden, outputs),
    )
