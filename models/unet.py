"""Networks that turn one picture into another: a U-Net that writes it, and a critic that judges it patch by patch."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.blocks import materialise


class UNet(nn.Module):
    """Halve the picture ``levels`` times, double it again, and hand every size's features across.

    Ronneberger et al., MICCAI 2015, in the form of Isola et al., CVPR 2017, with two departures: pictures grow by
    nearest-neighbour resizing and a convolution, which leaves no checkerboard (Odena et al., Distill, 2016), and
    groups of channels are normalised per picture, so that neither the batch nor a lone channel's scale is lost.
    """

    def __init__(
        self, inputs: int, outputs: int, width: int = 32, levels: int = 5, *, generator: torch.Generator
    ) -> None:
        """Draw the initial weights from ``generator`` alone; channels double from ``width`` up to eight times it."""
        super().__init__()
        if levels < 2:
            raise ValueError(f"levels must be 2 or more, got {levels}")
        sizes = [width * min(2**level, 8) for level in range(levels)]
        with torch.device("meta"):
            self.down = nn.ModuleList(
                _halving(before, after, normalised=0 < level < levels - 1)
                for level, (before, after) in enumerate(zip([inputs, *sizes], sizes, strict=False))
            )
            self.up = nn.ModuleList(
                _doubling(sizes[level] * (1 if level == levels - 1 else 2), sizes[level - 1])
                for level in range(levels - 1, 0, -1)
            )
            self.last = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(2 * width, outputs, 3, padding=1))
        materialise(self, generator)

    def forward(
        self, images: Float[Tensor, "batch inputs height width"]
    ) -> Float[Tensor, "batch outputs height width"]:
        """Raw values, one picture per picture.

        Raises:
            ValueError: the height or the width cannot be halved that often.
        """
        factor = 2 ** len(self.down)
        if images.shape[2] % factor or images.shape[3] % factor:
            raise ValueError(f"images must be multiples of {factor} px high and wide, got {tuple(images.shape[2:])}")
        kept = []
        for halve in self.down:
            images = halve(images)
            kept.append(images)
        features = kept.pop()
        for double in self.up:
            features = torch.cat([double(features), kept.pop()], dim=1)
        return self.last(features)


class PatchCritic(nn.Module):
    """One score per overlapping patch: of 70 x 70 pixels with three halvings, 34 x 34 with two, 16 x 16 with one.

    Source: Isola et al., CVPR 2017, section 3.2.2 and appendix 6.1.2.
    """

    def __init__(self, inputs: int, width: int = 32, halvings: int = 3, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        sizes = [width * min(2**level, 8) for level in range(halvings + 1)]
        with torch.device("meta"):
            layers: list[nn.Module] = [_halving(inputs, width, normalised=False)]
            layers += [_halving(sizes[level], sizes[level + 1], normalised=True) for level in range(halvings - 1)]
            layers += [
                nn.Conv2d(sizes[-2], sizes[-1], 4, padding=1, bias=False), _norm(sizes[-1]), nn.LeakyReLU(0.2),
                nn.Conv2d(sizes[-1], 1, 4, padding=1),
            ]  # fmt: skip
            self.layers = nn.Sequential(*layers)
        materialise(self, generator)

    def forward(self, images: Float[Tensor, "batch inputs height width"]) -> Float[Tensor, "batch 1 rows columns"]:
        """Higher for patches that look real."""
        return self.layers(images)


def _norm(channels: int) -> nn.Module:
    return nn.GroupNorm(min(8, channels), channels)


def _halving(inputs: int, outputs: int, *, normalised: bool) -> nn.Sequential:
    norm = [_norm(outputs)] if normalised else []
    convolution = nn.Conv2d(inputs, outputs, 4, 2, 1, bias=not normalised)
    return nn.Sequential(convolution, *norm, nn.LeakyReLU(0.2))


def _doubling(inputs: int, outputs: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return nn.Sequential(nn.Upsample(scale_factor=2), convolution, _norm(outputs), nn.ReLU())
