"""Networks that carry pictures from one domain to the other and back, and the critics of both domains.

A pair of domains is one picture of six channels here: night, then day. So two games are one, and the adversarial
loop, its checkpoints and its remedies hold for both.
"""

from typing import Literal, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from models.blocks import materialise
from models.precision import InPrecision, Precision
from models.unet import PatchCritic

Network: TypeAlias = Literal["residual", "tone"]
BRIGHTEST = 0.9
"""White as far as artanh is concerned: nearer to 1 its slope is so steep that the sky hardly learns to be dark."""
QUICKLY = 10.0
"""How much faster than by a convolution the exposure is learnt."""


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


class ToneTranslator(nn.Module):
    """The picture itself, each pixel and channel brighter or darker by what a translator of half the size says.

    y = tanh(artanh(b x) + change). Untrained, it takes a tenth of the contrast and changes nothing else: places and
    shapes need not be learnt, light must be.
    A half-size network takes a quarter of the time; light varies slowly, and edges are the picture's own.
    """

    def __init__(self, width: int = 32, blocks: int = 6, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        inner = ResidualTranslator(width, blocks, generator=generator)
        self.encoder, self.middle, self.decoder = inner.encoder, inner.middle, inner.decoder[:-1]
        for weight in list(self.decoder.parameters())[-2:]:  # the last convolution's
            nn.init.zeros_(weight)
        self.exposure = nn.Parameter(torch.zeros(3, 1, 1, device=generator.device))
        """Of the whole picture: otherwise the first to be learnt would be blots that imitate it."""

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
        """Pictures of the other domain, in -1 to 1.

        Raises:
            ValueError: the height or the width is no multiple of 8.
        """
        if images.shape[2] % 8 or images.shape[3] % 8:
            raise ValueError(f"images must be multiples of 8 px high and wide, got {tuple(images.shape[2:])}")
        change = self.decoder(self.middle(self.encoder(avg_pool2d(images, 2))))
        change = interpolate(change.float(), scale_factor=2.0, mode="bilinear", align_corners=False)
        return torch.tanh(torch.atanh(BRIGHTEST * images.float()) + change + QUICKLY * self.exposure)


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


class TranslatorPair(nn.Module):
    """Day to night and night to day; with ``shared`` both have the same residual blocks.

    Sharing the middle assumes one latent space behind both domains (Liu et al., UNIT, NeurIPS 2017, section 3, of
    which only this constraint is taken).
    """

    def __init__(
        self,
        width: int = 32,
        blocks: int = 6,
        shared: bool = False,
        precision: Precision = "float32",
        network: Network = "residual",
        *,
        generator: torch.Generator,
    ) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        self.judges: tuple[nn.Module, ...] = ()
        """Frozen networks that terms of the loss ask; a tuple, so that nobody trains or stores them."""
        kind = ToneTranslator if network == "tone" else ResidualTranslator
        to_night, to_day = (kind(width, blocks, generator=generator) for _ in range(2))
        if shared:
            to_day.middle = to_night.middle
        self.to_night, self.to_day = InPrecision(to_night, precision), InPrecision(to_day, precision)

    def forward(self, sources: Float[Tensor, "batch 6 height width"]) -> Float[Tensor, "batch 6 height width"]:
        """Of a night and a day: the day as night, the night as day."""
        night, day = sources.split(3, dim=1)
        return torch.cat([self.to_night(day), self.to_day(night)], dim=1)

    def reconstruct(self, same: Float[Tensor, "batch 6 height width"]) -> Float[Tensor, "batch 6 height width"]:
        """What each translator makes of a picture that is in its target domain already."""
        night, day = same.split(3, dim=1)
        return torch.cat([self.to_night(night), self.to_day(day)], dim=1)


class CriticPair(nn.Module):
    """A patch critic for each domain."""

    def __init__(
        self, width: int = 32, halvings: int = 3, precision: Precision = "float32", *, generator: torch.Generator
    ) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        self.night = InPrecision(PatchCritic(3, width, halvings, generator=generator), precision)
        self.day = InPrecision(PatchCritic(3, width, halvings, generator=generator), precision)

    def forward(self, images: Float[Tensor, "batch 6 height width"]) -> Float[Tensor, "batch 2 rows columns"]:
        """Scores of the patches of the night, then of the day."""
        night, day = images.split(3, dim=1)
        return torch.cat([self.night(night), self.day(day)], dim=1)
