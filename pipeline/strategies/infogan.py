"""Windows that can be steered: a generative adversarial network that is told how fast and which way."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from models.adversarial import AdversarialRecipe
from models.code_sampler import CodeGenerator
from models.infogan import CONTROLS, InfoCritic, InfoGenerator, MutualInformation
from models.reporting import Report, silent
from models.sequence_code import SequenceCode
from pipeline.schema import KINDS
from pipeline.strategies.code_gan import CodeGan, FittedGan
from pipeline.strategies.window_code import CodedWindows
from pipeline.windows import Windows


@dataclass(frozen=True)
class InfoGan(CodeGan):
    """A class-conditional WGAN-GP with two controls, speed and turn (Chen et al., InfoGAN, NeurIPS 2016)."""

    information: float = 1.0
    """Weight of samples being as they were asked to be, beside looking real."""
    name: str = "infogan"

    cost = 4.0

    def build(self, code: SequenceCode, rng: torch.Generator) -> InfoGenerator:
        """Coarse to fine."""
        return InfoGenerator(code, len(KINDS), self.hidden, generator=rng)

    def build_critic(self, code: SequenceCode, rng: torch.Generator) -> InfoCritic:
        """Two hidden layers."""
        return InfoCritic(code.size, len(KINDS), self.hidden, generator=rng)

    def rules(self) -> AdversarialRecipe:
        """The usual game, and the information."""
        return replace(super().rules(), generator_terms=(MutualInformation(self.information),))

    def prepare(self, generator: CodeGenerator, data: CodedWindows, rng: torch.Generator) -> None:
        """How fast each class moves, and how it turns."""
        assert isinstance(generator, InfoGenerator)
        generator.learn_habits(data.codes, data.one_hot, rng)

    def told(self, generator: CodeGenerator, codes: Tensor, one_hot: Tensor) -> tuple[Tensor, ...]:
        """The class, then speed and turn as they are."""
        assert isinstance(generator, InfoGenerator)
        return one_hot, generator.controls(codes)

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> "FittedInfoGan":
        """Train on real windows; the same windows and seed give the same generator."""
        fitted = super().fit(real, rng, report)
        return FittedInfoGan(self, fitted.sampler, fitted.templates, fitted.critic)


@dataclass(frozen=True, eq=False)
class FittedInfoGan(FittedGan):
    """A trained generator that can be steered."""

    speed: tuple[float, float] = (-np.inf, np.inf)
    """Limits of the mean speed, in heights of the middle box per frame; within them as each class is recorded."""
    turn: tuple[float, float] = (-np.inf, np.inf)
    """Limits of the change of the sideways velocity from the first half to the second, same unit, right positive."""

    def steered(self, kinds: Sequence[str], speed: tuple[float, float], turn: tuple[float, float]) -> "FittedInfoGan":
        """The same generator, told classes, speeds and turns: it obeys as far as it has learnt to."""
        return replace(super().steered(kinds, speed, turn), speed=speed, turn=turn)

    def codes_of(self, latent: Float[Tensor, "n latent"], one_hot: Float[Tensor, "n classes"]) -> Tensor:
        """(n, size): the code that each latent stands for, at the commonest speed and turn."""
        codes: Tensor = self.sampler(latent, one_hot, latent.new_zeros(len(latent), CONTROLS))
        return codes

    def sampled(self, one_hot: Float[Tensor, "n classes"], rng: torch.Generator) -> Float[Tensor, "n size"]:
        """A code for each class, as it is wanted."""
        assert isinstance(self.sampler, InfoGenerator)
        return self.sampler.sample(one_hot, rng, self.speed, self.turn)
