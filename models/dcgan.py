"""DCGAN: a convolutional GAN for small square images, by the five guidelines of its paper.

1. Strided convolutions instead of pooling, in both players. 2. Batch normalisation in both, but neither at the
generator's output nor at the critic's input. 3. No hidden layer that is fully connected: the latent is a 1x1 image.
4. Rectifiers in the generator, tanh at its end. 5. Leaky rectifiers in the critic.

Source: Radford et al., ICLR 2016, section 3. Conditional players (Mirza and Osindero, 2014) get a class as further
channels: the generator beside its latent, the critic as constant planes beside the image.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.blocks import materialise

KERNEL, STRIDE, PADDING = 4, 2, 1
"""Doubles or halves a side; a kernel divisible by its stride writes no chequerboard by itself (Odena et al., 2016)."""


@dataclass(frozen=True)
class DcganShape:
    """The size of both players; half the published widths suffice for digits, and half of these for a quick look."""

    side: int = 28
    """Pixels along an edge; divisible by 4."""
    colours: int = 1
    latent: int = 100
    width: int = 32
    """Channels at half resolution; twice as many at a quarter."""
    conditions: int = 0
    """Length of the one-hot class; 0 for players that know none."""
    resize: bool = False
    """Enlarge by copying pixels and convolve (Odena et al., Distill 2016) instead of transposed convolutions."""
    critic_norm: bool = True
    """Batch normalisation in the critic (guideline 2); False where a penalty needs scores of single samples."""

    def __post_init__(self) -> None:
        """Refuse images that cannot be halved twice."""
        if self.side % 4 or self.side <= 0:
            raise ValueError(f"side must be divisible by 4, got {self.side}")


class DcganGenerator(nn.Module):
    """Noise and a class in, images between -1 and 1 out."""

    def __init__(self, shape: DcganShape, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        wide, narrow = 2 * shape.width, shape.width
        with torch.device("meta"):
            self.layers = nn.Sequential(
                nn.ConvTranspose2d(shape.latent + shape.conditions, wide, shape.side // 4, bias=False),
                *_normalised(wide, nn.ReLU()),
                *_enlarged(wide, narrow, shape.resize, bias=False),
                *_normalised(narrow, nn.ReLU()),
                *_enlarged(narrow, shape.colours, shape.resize),
                nn.Tanh(),
            )
        materialise(self, generator)

    def forward(
        self, latent: Float[Tensor, "batch latent"], *given: Float[Tensor, "batch _"]
    ) -> Float[Tensor, "batch colours side side"]:
        """Images."""
        return self.layers(torch.cat([latent, *given], dim=1)[:, :, None, None])


class DcganCritic(nn.Module):
    """An image and a class in, one score out."""

    def __init__(self, shape: DcganShape, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        wide, narrow = 2 * shape.width, shape.width
        leaky = nn.LeakyReLU(0.2)
        with torch.device("meta"):
            self.layers = nn.Sequential(
                nn.Conv2d(shape.colours + shape.conditions, narrow, KERNEL, STRIDE, PADDING),
                leaky,
                nn.Conv2d(narrow, wide, KERNEL, STRIDE, PADDING, bias=not shape.critic_norm),
                *(_normalised(wide, leaky) if shape.critic_norm else [leaky]),
                nn.Conv2d(wide, 1, shape.side // 4),
            )
        materialise(self, generator)

    def forward(
        self, images: Float[Tensor, "batch colours side side"], *given: Float[Tensor, "batch _"]
    ) -> Float[Tensor, " batch"]:
        """Higher for images that look real."""
        planes = [told[:, :, None, None].expand(-1, -1, *images.shape[2:]) for told in given]
        return self.layers(torch.cat([images, *planes], dim=1)).flatten()


@torch.no_grad()
def measure_statistics(generator: nn.Module, batches: Iterable[tuple[Tensor, ...]]) -> None:
    """Replace the running statistics of batch normalisation by means over ``batches`` of latents and conditions.

    An averaged generator has its own weights and the statistics of another: Izmailov et al., UAI 2018, section 3.2.
    """
    layers = [layer for layer in generator.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    was = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # a plain mean instead of a fading one
    training = generator.training
    generator.train()
    for batch in batches:
        generator(*batch)
    generator.train(training)
    for layer, momentum in zip(layers, was, strict=True):
        layer.momentum = momentum


def _normalised(channels: int, activation: nn.Module) -> list[nn.Module]:
    return [nn.BatchNorm2d(channels), activation]


def _enlarged(inputs: int, outputs: int, resize: bool, bias: bool = True) -> list[nn.Module]:
    if resize:
        return [nn.Upsample(scale_factor=2), nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias)]
    return [nn.ConvTranspose2d(inputs, outputs, KERNEL, STRIDE, PADDING, bias=bias)]
