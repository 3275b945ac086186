"""GANs of digits as the lessons use them: a recipe that, trained on labelled images, becomes a maker of digits."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import one_hot

from models.adversarial import AdversarialRecipe, DrawReal, Players, train_adversarial
from models.dcgan import DcganCritic, DcganGenerator, DcganShape, measure_statistics
from models.dense_gan import DenseCritic, DenseGenerator
from models.latents import normal
from models.losses import NonSaturating
from models.reporting import Report, silent
from models.stabilizers import InstanceNoise
from models.wide_average import WideAverage
from pipeline.sources.idx import CLASSES, DigitSet

ENDLESS = 10**9
"""Steps of an instance noise that does not fade in any run one waits for."""
CHUNK = 500
"""Digits made at a time, and batches' worth of statistics."""

CONVOLUTIONAL = AdversarialRecipe(
    loss=NonSaturating(), penalties=(), critic_steps=1, batch=128, generator_rate=1e-3, critic_rate=4e-4,
    betas=(0.5, 0.999), average=0.995, one_pass=False, report_every=39, vital_signs=True,
)  # fmt: skip
"""DCGAN's rules at higher rates than the published 2e-4, for runs of a few hundred steps."""

Look: TypeAlias = Callable[[int, "DigitMaker"], None]
"""``look(step, maker)``: called now and then while a GAN learns."""


def noisy(side: int) -> AdversarialRecipe:
    """The best of the recipes tried for dense players: what the critic sees is noisy, always.

    Where noise hides single pixels, the critic has to judge strokes, and it is never quite sure. Deviation 0.5 suits
    MNIST's 28 pixels; coarser images have fewer pixels a stroke to average over, so they get less.
    """
    return AdversarialRecipe(
        loss=NonSaturating(), penalties=(), views=(InstanceNoise(0.5 * side / 28, ENDLESS),), critic_steps=1, batch=128,
        generator_rate=2e-3, critic_rate=2e-3, betas=(0.5, 0.999), average=0.9995, report_every=39, vital_signs=True,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class DigitMaker:
    """A trained generator."""

    network: nn.Module
    latent: int
    conditional: bool
    parameters: int
    """Of the generator alone."""

    def __call__(self, count: int, rng: torch.Generator) -> Float[np.ndarray, "count pixel"]:
        """Digits, all classes equally likely where a class is asked for."""
        latent = normal(self.latent)(count, rng)
        return self.of(latent, torch.randint(CLASSES, (count,), generator=rng))

    @torch.no_grad()
    def of(self, latent: Float[Tensor, "count latent"], labels: Int[Tensor, " count"]) -> Float[np.ndarray, "count _"]:
        """The digits of given latents; labels do not matter to a generator that knows none. Brightness 0 to 1."""
        told = one_hot(labels, CLASSES).float()
        images = []
        for part, classes in zip(latent.split(CHUNK), told.split(CHUNK), strict=True):
            made = self.network(part, classes) if self.conditional else self.network(part)
            images.append((made.flatten(1) + 1) / 2 if made.ndim == 4 else made)
        return torch.cat(images).numpy()


@dataclass(frozen=True)
class DigitGan:
    """Which players learn by which rules."""

    players: Literal["dense", "convolutional"] = "dense"
    conditional: bool = False
    latent: int = 100
    width: int = 32
    """Channels of the convolutional players at half resolution."""
    hidden: tuple[int, ...] = (500, 500)
    """Hidden layers of the dense players."""
    resize: bool = False
    """Whether the convolutional generator enlarges before it convolves."""
    recipe: AdversarialRecipe = field(default_factory=lambda: noisy(28))
    wide: bool = False
    """Whether the maker is an average over most of training instead of the loop's own, over its last ninth."""

    def train(
        self, real: DigitSet, rng: torch.Generator, report: Report = silent, looks: int = 1, look: Look | None = None
    ) -> DigitMaker:
        """A maker of digits like the real ones.

        Args:
            real: Images to learn from; labels are used by conditional players only.
            rng: The only source of randomness.
            report: Receives losses and vital signs.
            looks: Into how many equal legs training is cut; ``look`` is called after each.
            look: What to do there; the maker it gets changes as training goes on.
        """
        generator, critic = self._networks(real.images.shape[1], rng)
        players = Players(generator, critic, self.recipe)
        draw_real = _drawing(real, convolutional=self.players == "convolutional", conditional=self.conditional)
        wide = WideAverage(generator, self.recipe.report_every, then=report)
        maker = DigitMaker(
            wide.network if self.wide else players.average.network,
            self.latent,
            self.conditional,
            sum(p.numel() for p in generator.parameters()),
        )
        for leg in range(1, looks + 1):
            recipe = replace(self.recipe, steps=self.recipe.steps * leg // looks)
            train_adversarial(players, recipe, draw_real, normal(self.latent), rng, wide)
            self._measure_statistics(maker, recipe.batch)
            if look:
                look(recipe.steps, maker)
        return maker

    def _networks(self, side: int, rng: torch.Generator) -> tuple[nn.Module, nn.Module]:
        conditions = CLASSES if self.conditional else 0
        if self.players == "dense":
            generator = DenseGenerator(side**2, self.latent, self.hidden, conditions, generator=rng)
            return generator, DenseCritic(side**2, self.hidden, conditions, generator=rng)
        shape = DcganShape(side, 1, self.latent, self.width, conditions, self.resize, not self.recipe.one_pass)
        return DcganGenerator(shape, generator=rng), DcganCritic(shape, generator=rng)

    def _measure_statistics(self, maker: DigitMaker, batch: int) -> None:
        """With numbers of its own, so that looking more often changes nothing."""
        if self.players == "dense":
            return
        rng = torch.Generator().manual_seed(0)
        told = one_hot(torch.arange(batch) % CLASSES, CLASSES).float()
        latents = [normal(self.latent)(batch, rng) for _ in range(20)]
        measure_statistics(maker.network, [(part, told) if self.conditional else (part,) for part in latents])


def _drawing(real: DigitSet, convolutional: bool, conditional: bool) -> DrawReal:
    """Batches as the players want them: flat from 0 to 1, or images from -1 to 1; then the class, one-hot."""
    images = torch.from_numpy(real.images.copy() if convolutional else real.images.reshape(len(real), -1).copy())
    labels = torch.from_numpy(real.labels)

    def draw(count: int, rng: torch.Generator) -> list[Tensor]:
        chosen = torch.randint(len(images), (count,), generator=rng)
        batch = images[chosen].float() / 255
        shown = [2 * batch[:, None] - 1 if convolutional else batch]
        return [*shown, one_hot(labels[chosen], CLASSES).float()] if conditional else shown

    return draw
