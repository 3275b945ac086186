"""Translators that leave everything where it is and learn its light alone, which takes a fraction of the time."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from models.blocks import materialise
from models.residual_translator import ResidualTranslator

BRIGHTEST = 0.9
"""White as far as artanh is concerned: nearer to 1 its slope is so steep that the sky hardly learns to be dark."""
QUICKLY = 10.0
"""How much faster than by a convolution the exposure is learnt."""


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


class LitTranslator(nn.Module):
    """A tone translator that knows how high up in the picture it is, and has a say about every single pixel.

    A head lamp lights the road and not the sky, and a tail lamp is a few pixels wide: convolutions cannot tell rows
    apart (Liu et al., CoordConv, NeurIPS 2018, of which only the rows are taken), and half the size has no such pixels.
    What the coarse network sees is handed to two convolutions at full size, which look at the picture once more.
    """

    def __init__(self, width: int = 32, blocks: int = 6, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        coarse = ResidualTranslator(width, blocks, generator=generator)
        self.encoder, self.middle, self.decoder = coarse.encoder, coarse.middle, coarse.decoder[:-3]
        with torch.device("meta"):
            self.rows = nn.Conv2d(1, width, 1, bias=False)
            self.fine = nn.Sequential(
                nn.ReflectionPad2d(1), nn.Conv2d(width + 4, width, 3), nn.LeakyReLU(0.2),
                nn.ReflectionPad2d(1), nn.Conv2d(width, 3, 3),
            )  # fmt: skip
        for added in (self.rows, self.fine):
            materialise(added, generator)
        for weight in list(self.fine.parameters())[-2:]:
            nn.init.zeros_(weight)
        self.exposure = nn.Parameter(torch.zeros(3, 1, 1, device=generator.device))
        """As a tone translator's."""

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
        """Pictures of the other domain, in -1 to 1.

        Raises:
            ValueError: the height or the width is no multiple of 8.
        """
        if images.shape[2] % 8 or images.shape[3] % 8:
            raise ValueError(f"images must be multiples of 8 px high and wide, got {tuple(images.shape[2:])}")
        rows = torch.linspace(-1, 1, images.shape[2], device=images.device)[:, None].expand_as(images[:, :1])
        features = self.encoder(avg_pool2d(images, 2))
        coarse = self.decoder(self.middle(features))
        coarse = interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False)
        coarse = coarse + self.rows(rows)
        change = self.fine(torch.cat([coarse, images, rows], dim=1)).float()
        return torch.tanh(torch.atanh(BRIGHTEST * images.float()) + change + QUICKLY * self.exposure)
