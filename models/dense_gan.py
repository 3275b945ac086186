"""The first GAN, of fully connected layers only: generator 100-500-500-784, critic 784-500-500-1.

Source: Goodfellow et al., NeurIPS 2014, section 5, with rectifiers throughout: they had maxout units and dropout in the
critic. Whatever else is known about a sample (its class, one-hot) enters as further columns of the first layer, which
makes both players conditional: Mirza and Osindero, 2014.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.blocks import dense, materialise

LATENT = 100
"""Numbers a sample starts from."""
HIDDEN = (500, 500)
"""The lecture's hidden layers, for both players."""


class DenseGenerator(nn.Module):
    """Noise and conditions in, brightness from 0 to 1 out."""

    def __init__(
        self,
        pixels: int,
        latent: int = LATENT,
        hidden: tuple[int, ...] = HIDDEN,
        conditions: int = 0,
        *,
        generator: torch.Generator,
    ) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        self.layers = dense((latent + conditions, *hidden, pixels), nn.ReLU(), nn.Sigmoid())
        materialise(self, generator)

    def forward(
        self, latent: Float[Tensor, "batch latent"], *given: Float[Tensor, "batch _"]
    ) -> Float[Tensor, "batch pixels"]:
        """Images, flattened."""
        return self.layers(torch.cat([latent, *given], dim=1))


class DenseCritic(nn.Module):
    """An image and conditions in, one score out; leaky, so that the generator hears something everywhere."""

    def __init__(
        self, pixels: int, hidden: tuple[int, ...] = HIDDEN, conditions: int = 0, *, generator: torch.Generator
    ) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        self.layers = dense((pixels + conditions, *hidden, 1), nn.LeakyReLU(0.2))
        materialise(self, generator)

    def forward(
        self, images: Float[Tensor, "batch pixels"], *given: Float[Tensor, "batch _"]
    ) -> Float[Tensor, " batch"]:
        """Higher for images that look real."""
        return self.layers(torch.cat([images, *given], dim=1))[:, 0]
