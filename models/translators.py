"""Networks that carry pictures from one domain to the other and back, and the critics of both domains.

A pair of domains is one picture of six channels here: night, then day. So two games are one, and the adversarial
loop, its checkpoints and its remedies hold for both.
"""

from typing import Literal, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.precision import InPrecision, Precision
from models.residual_translator import ResidualTranslator
from models.tone_translators import LitTranslator, ToneTranslator
from models.unet import PatchCritic

Network: TypeAlias = Literal["residual", "tone", "lit"]

_TRANSLATORS: dict[Network, type[ResidualTranslator | ToneTranslator | LitTranslator]] = {
    "residual": ResidualTranslator,
    "tone": ToneTranslator,
    "lit": LitTranslator,
}


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
        kind = _TRANSLATORS[network]
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
