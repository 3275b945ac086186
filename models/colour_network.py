"""Colours from a grey picture: what they are as numbers, and the network that guesses them."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.unet import UNet

LUMA = (0.299, 0.587, 0.114)
"""Of red, green and blue (ITU-R BT.601)."""


def luma(images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 height width"]:
    """The grey picture."""
    weights = torch.tensor(LUMA, dtype=images.dtype, device=images.device)[:, None, None]
    return (weights * images).sum(dim=1, keepdim=True)


def chroma(images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 2 height width"]:
    """Red and blue beyond grey: what a grey picture lacks, since green follows from both."""
    return images[:, ::2] - luma(images)


class ColourNetwork(nn.Module):
    """A U-Net that sees a picture's luma alone and says its chroma."""

    def __init__(self, width: int = 8, levels: int = 3, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        self.unet = UNet(1, 2, width, levels, generator=generator)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 2 height width"]:
        """Red and blue beyond grey; the picture's own colours are not looked at."""
        return self.unet(luma(images))


def colour_loss(model: nn.Module, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, ""]:
    """Mean absolute error of the chroma."""
    return (model(images) - chroma(images)).abs().mean()
