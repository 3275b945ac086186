"""CycleGAN: day and night learnt from pictures that are no pairs (Zhu et al., ICCV 2017).

One game for the adversarial loop: the generator is a pair of translators, the critic a pair of critics, a sample is a
night and a day. What a translator is given (``latent``) and what its critic compares with (``real``) are drawn apart.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from models.data_parallel import require_even
from models.generator_terms import Weighted
from models.losses import LeastSquares
from models.players import AdversarialRecipe, Players
from models.precision import Precision
from models.translators import CriticPair, Network, TranslatorPair

DrawImages: TypeAlias = Callable[[int, torch.Generator], Tensor]
"""``draw(count, rng)``: pictures of one domain, in -1 to 1."""


@dataclass(frozen=True)
class CycleConsistency(Weighted):
    """weight · mean |G_back(G(x)) - x|: what was translated can be told from its translation (equation 2).

    The mean over both directions and the halves of ``LeastSquares`` make 5 here what is 10 in the paper.
    """

    weight: float = 5.0

    def __call__(
        self, generator: nn.Module, *, latent: Tensor, fake: Float[Tensor, "batch ..."],
        real: Float[Tensor, "batch ..."], given: Sequence[Tensor],
    ) -> Float[Tensor, ""]:  # fmt: skip
        """There and back again."""
        # A fake is a night and a day like any other: translated once more, the day that was a night is a night again.
        return self.weight * (generator(fake) - latent).abs().mean()


@dataclass(frozen=True)
class Identity(Weighted):
    """weight · mean |G(y) - y| for y that is in G's target domain already: colours stay (section 5.2).

    It costs two of the six passes through the translators, so it may be lazy: every few steps and as many times
    heavier, as Karras et al., CVPR 2020, section 3.1, treat R1. 2.5 here is the paper's half of the cycle's weight.
    """

    weight: float = 2.5

    def __call__(
        self, generator: nn.Module, *, latent: Tensor, fake: Float[Tensor, "batch ..."],
        real: Float[Tensor, "batch ..."], given: Sequence[Tensor],
    ) -> Float[Tensor, ""]:  # fmt: skip
        """How much the translators change real pictures of their target domains."""
        return self.every * self.weight * (_pair(generator).reconstruct(real) - real).abs().mean()


@dataclass(frozen=True)
class SemanticConsistency(Weighted):
    """weight · cross-entropy between what a frozen judge sees in a picture and in its translation, both directions.

    The judge is any network from pictures to logits over axis 1; its surest class for the picture is the label of the
    translation (Hoffman et al., CyCADA, ICML 2018, equation 4). It is no part of the run: whoever continues a run
    brings the same judge.
    """

    weight: float = 1.0

    def __call__(
        self, generator: nn.Module, *, latent: Tensor, fake: Float[Tensor, "batch ..."],
        real: Float[Tensor, "batch ..."], given: Sequence[Tensor],
    ) -> Float[Tensor, ""]:  # fmt: skip
        """How differently the judge sees translations."""
        night, day = latent.split(3, dim=1)
        sources, translations = torch.cat([day, night]), torch.cat(fake.split(3, dim=1))
        loss = fake.new_zeros(())
        for judge in _pair(generator).judges:
            with torch.no_grad():
                label = judge(sources).argmax(dim=1)
            loss = loss + cross_entropy(judge(translations), label)
        return self.every * self.weight * loss


def _pair(generator: nn.Module) -> TranslatorPair:
    if not isinstance(generator, TranslatorPair):
        raise ValueError(f"this term is for a TranslatorPair, got {type(generator).__name__}")
    return generator


@dataclass(frozen=True)
class CycleGan:
    """Two translators, two critics, and how they are trained."""

    cycle: CycleConsistency = CycleConsistency()
    identity: Identity | None = Identity()
    """None is faster and lets colours drift."""
    semantic: SemanticConsistency | None = None
    """Needs a judge."""
    shared: bool = False
    """Whether both translators have one latent space."""
    network: Network = "residual"
    """Tone: only light and colour are learnt, in a quarter of the time; what is where stays as it is. Lit: the same
    by a network that knows rows and single pixels."""
    width: int = 32
    blocks: int = 6
    halvings: int = 3
    pool: int = 50
    """Old fakes kept for the critics; 0 for none (section 4)."""
    steps: int = 2000
    batch: int = 1
    rate: float = 2e-4
    average: float = 0.995
    precision: Precision = "float32"
    processes: int = 1
    """That share every batch: ``models.data_parallel``."""

    def __post_init__(self) -> None:
        """Refuse batches that cannot be shared."""
        require_even(self.batch, self.processes)

    def training(self, report_every: int = 100) -> AdversarialRecipe:
        """What the loop follows."""
        terms = tuple(term for term in (self.cycle, self.identity, self.semantic) if term is not None)
        return AdversarialRecipe(
            loss=LeastSquares(), penalties=(), generator_terms=terms, replay=self.pool, steps=self.steps,
            critic_steps=1, batch=self.batch, generator_rate=self.rate, critic_rate=self.rate, betas=(0.5, 0.999),
            average=self.average, report_every=report_every,
        )  # fmt: skip

    def players(self, recipe: AdversarialRecipe, generator: torch.Generator, judge: nn.Module | None = None) -> Players:
        """Fresh networks, on the generator's device; ``judge`` is frozen in place.

        Raises:
            ValueError: semantic consistency without a judge, or a judge without anything to judge.
        """
        if (judge is None) != (self.semantic is None):
            raise ValueError("semantic consistency and a judge need each other: give both or none")
        translators = TranslatorPair(
            self.width, self.blocks, self.shared, self.precision, self.network, generator=generator
        )
        if judge is not None:
            translators.judges = (judge.requires_grad_(False).eval(),)
        critics = CriticPair(self.width, self.halvings, self.precision, generator=generator)
        return Players(translators, critics, recipe)


def unpaired(
    night: DrawImages, day: DrawImages
) -> tuple[Callable[[int, torch.Generator], tuple[Tensor]], Callable[[int, torch.Generator], Tensor]]:
    """``draw_real`` and ``draw_latent`` for the loop: nights and days that have nothing to do with each other."""

    def draw_latent(count: int, rng: torch.Generator) -> Tensor:
        return torch.cat([night(count, rng), day(count, rng)], dim=1)

    return lambda count, rng: (draw_latent(count, rng),), draw_latent
