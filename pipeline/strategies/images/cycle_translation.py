"""One world into another by a CycleGAN that never saw a place both ways; the labels are carried over."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from models.adversarial import train_adversarial
from models.cycle_gan import CycleConsistency, CycleGan, DrawImages, unpaired
from models.data_parallel import split
from models.helpers import helped
from models.reporting import Report, silent
from models.translators import TranslatorPair
from pipeline.pictures import Pictures, as_tensor
from pipeline.randomness import torch_generator
from pipeline.search_space import Floats, Space, Whole
from pipeline.strategies.facts import Facts
from pipeline.strategies.images.base import PictureSynthesizer, changing
from pipeline.strategies.images.domains import domains

AT_ONCE = 8
"""Pictures translated together."""


@dataclass(frozen=True)
class CycleTranslation(Facts):
    """A CycleGAN small enough for a CPU, learnt from crops of the pictures' full height."""

    gan: CycleGan = field(
        default_factory=lambda: CycleGan(
            cycle=CycleConsistency(1.0), identity=None, network="lit", width=16, blocks=3, halvings=2, steps=800,
            rate=2e-3, average=0.99,
        )
    )  # fmt: skip
    """The light alone is learnt: in so few steps, a translator that paints the whole picture paints no cars yet."""
    crop: int = 128
    """Columns of a crop; a multiple of 8."""

    search: ClassVar[Space] = {
        "steps": Whole(200, 3000, log=True),
        "rate": Floats(1e-4, 2e-3, log=True),
        "width": Whole(8, 32, log=True),
    }

    cost = 4.0

    def __post_init__(self) -> None:
        """Refuse crops that cannot be halved three times."""
        if self.crop <= 0 or self.crop % 8:
            raise ValueError(f"crop must be a positive multiple of 8, got {self.crop}")

    def fit(self, real: Pictures, rng: np.random.Generator, report: Report = silent) -> PictureSynthesizer:
        """Learn both ways between the labelled world and that which is looked at.

        Raises:
            UserError: there is no other world to look at.
        """
        with helped(self.gan.processes, self.fit, real, rng):
            translators = self._learnt(real, rng, report).eval()

        def translate(pictures: Pictures, rng: np.random.Generator) -> Pictures:
            return pictures.made_by("cycle_gan", translated(pictures.image, translators))

        return changing(real, translate)

    def _learnt(self, real: Pictures, rng: np.random.Generator, report: Report) -> TranslatorPair:
        here, there = domains(real, rng, "cycle_gan")
        draws = unpaired(self._crops(there), self._crops(here))
        initial, order = torch_generator(rng), torch_generator(rng)
        training = self.gan.training()
        players = self.gan.players(training, initial)
        with split(players, training):
            translators = train_adversarial(players, training, *draws, order, report)
        assert isinstance(translators, TranslatorPair)
        return translators

    def _crops(self, images: UInt8[np.ndarray, "n height width 3"]) -> DrawImages:
        """Draws full-height crops as a translator wants them."""
        width = min(self.crop, images.shape[2])

        def draw(count: int, rng: torch.Generator) -> Tensor:
            chosen = torch.randint(len(images), (count,), generator=rng).tolist()
            left = torch.randint(images.shape[2] - width + 1, (count,), generator=rng).tolist()
            return as_tensor(np.stack([images[n, :, x : x + width] for n, x in zip(chosen, left, strict=True)]))

        return draw


@torch.inference_mode()
def translated(
    images: UInt8[np.ndarray, "n height width 3"], translators: TranslatorPair
) -> UInt8[np.ndarray, "n height width 3"]:
    """What the translators make of each picture: its night, or whatever else is on the other side."""
    parts = [np.zeros((0, *images.shape[1:]), np.uint8)]
    for start in range(0, len(images), AT_ONCE):
        made: Tensor = translators.to_night(as_tensor(images[start : start + AT_ONCE]))
        parts.append(made.add(1).mul(127.5).round().byte().permute(0, 2, 3, 1).numpy())
    return np.concatenate(parts)
