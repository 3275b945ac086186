"""A network that paints a picture anew: what a CycleGAN's translators are made of."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.blocks import materialise


class ResidualTranslator(nn.Module):
    """Halve twice, ``blocks`` residual blocks, double twice: Johnson et al., ECCV 2016, as in Zhu et al., ICCV 2017.

    Pictures grow by nearest-neighbour resizing and a convolution, which leaves no checkerboard.
    """

    def __init__(self, width: int = 32, blocks: int = 6, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        with torch.device("meta"):
            self.encoder = nn.Sequential(
                nn.ReflectionPad2d(3), *_layer(3, width, 7), *_layer(width, 2 * width, 3, 2, 1),
                *_layer(2 * width, 4 * width, 3, 2, 1),
            )  # fmt: skip
            self.middle = nn.Sequential(*(Residual(4 * width) for _ in range(blocks)))
            self.decoder = nn.Sequential(
                nn.Upsample(scale_factor=2), *_layer(4 * width, 2 * width, 3, 1, 1),
                nn.Upsample(scale_factor=2), *_layer(2 * width, width, 3, 1, 1),
                nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh(),
            )  # fmt: skip
        materialise(self, generator)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
        """Pictures of the other domain, in -1 to 1.

        Raises:
            ValueError: the height or the width is no multiple of 4.
        """
        if images.shape[2] % 4 or images.shape[3] % 4:
            raise ValueError(f"images must be multiples of 4 px high and wide, got {tuple(images.shape[2:])}")
        return self.decoder(self.middle(self.encoder(images)))


class Residual(nn.Module):
    """x + two convolutions of x."""

    def __init__(self, channels: int) -> None:
        """Without weights yet."""
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReflectionPad2d(1), *_layer(channels, channels, 3),
            nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, bias=False), nn.InstanceNorm2d(channels),
        )  # fmt: skip

    def forward(
        self, features: Float[Tensor, "batch channels rows columns"]
    ) -> Float[Tensor, "batch channels rows columns"]:
        """The same shape."""
        return features + self.layers(features)


def _layer(inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
    return [convolution, nn.InstanceNorm2d(outputs), nn.ReLU()]
