"""Networks that move samples of a simulator toward recordings: a small change of each code, learnt from a critic."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.blocks import dense, materialise


class CodeRefiner(nn.Module):
    """x + reach · tanh(f(x, z, c)): a bounded change, none before training, so that a sample stays itself.

    Sources: Shrivastava et al., CVPR 2017 (refine what is simulated, with a critic of what is recorded). AA-SGAN
    does so with simulated trajectories.
    """

    def __init__(
        self, size: int, classes: int, hidden: int, latent: int, reach: float, *, generator: torch.Generator
    ) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        self.reach = reach
        self.layers = dense((latent + size + classes, hidden, hidden, size), nn.LeakyReLU(0.2))
        materialise(self, generator)
        for weight in self.layers[-1].parameters():
            nn.init.zeros_(weight)

    def forward(
        self,
        latent: Float[Tensor, "batch latent"],
        codes: Float[Tensor, "batch size"],
        one_hot: Float[Tensor, "batch classes"],
    ) -> Float[Tensor, "batch size"]:
        """Codes near the given ones."""
        return codes + self.reach * self.layers(torch.cat([latent, codes, one_hot], dim=1)).tanh()


class CodeJudge(nn.Module):
    """The score of a code of a class; it is not told which simulated sample a code came from."""

    def __init__(self, size: int, classes: int, hidden: int, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        self.layers = dense((size + classes, hidden, hidden, 1), nn.LeakyReLU(0.2))
        materialise(self, generator)

    def forward(
        self, samples: Float[Tensor, "batch size"], codes: Tensor, one_hot: Float[Tensor, "batch classes"]
    ) -> Float[Tensor, " batch"]:
        """Higher for what looks recorded."""
        return self.layers(torch.cat([samples, one_hot], dim=1))[:, 0]
