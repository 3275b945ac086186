"""What the generative adversarial networks among the generators share: every loss, penalty and rate by name."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.adversarial import AdversarialRecipe, Players, train_adversarial
from models.code_sampler import LATENT, CodeSampler
from models.latents import normal
from models.losses import LOSSES, AdversarialLoss
from models.penalties import PENALTIES, OrthogonalPenalty, Penalty
from models.reporting import Report, silent
from models.sequence_code import SequenceCode
from pipeline.randomness import torch_generator
from pipeline.registry import lookup
from pipeline.schema import require
from pipeline.strategies.code_strategy import CodeStrategy, FittedCode
from pipeline.strategies.window_code import CodedWindows, Templates, encode_windows, one_hot_kinds
from pipeline.windows import Windows

UNPENALISED = "none"
"""The penalty of critics that go without."""
NEED_ENERGIES = ("energy_margin", "boundary_equilibrium")
"""Losses for critics that reconstruct; those of codes give scores."""


@dataclass(frozen=True)
class CodeGan(CodeStrategy):
    """Two networks that play against each other on codes: to add a pair, say what to build."""

    steps: int = 1500
    """Steps of the generator."""
    critic_steps: int = 3
    batch: int = 128
    learning_rate: float = 2e-3
    """Of both players; betas (0, 0.9)."""
    average: float = 0.99
    """Decay of the generator's moving average."""
    hidden: int = 128
    evenness: float = 0.5
    """How evenly the classes are seen in training, 0: as often as they are recorded, 1: each equally often."""
    loss: str = "wasserstein"
    """A name in ``models.losses.LOSSES``."""
    penalty: str = "gradient_penalty"
    """A name in ``models.penalties.PENALTIES``, or "none"."""

    def __post_init__(self) -> None:
        """Refuse names and numbers that cannot be played with."""
        super().__post_init__()
        require(self.loss not in NEED_ENERGIES, f"{self.loss} needs a critic that reconstructs; this one gives scores")
        self.rules()

    @abstractmethod
    def build_critic(self, code: SequenceCode, rng: torch.Generator) -> nn.Module:
        """The untrained critic: ``critic(codes, *told)`` gives scores."""

    def rules(self) -> AdversarialRecipe:
        """How both players are trained."""
        loss = lookup(LOSSES, self.loss, "loss")()
        assert isinstance(loss, AdversarialLoss)
        return AdversarialRecipe(
            loss=loss,
            **_penalised(self.penalty),
            steps=self.steps,
            critic_steps=self.critic_steps,
            batch=self.batch,
            generator_rate=self.learning_rate,
            critic_rate=self.learning_rate,
            betas=(0.0, 0.9),
            average=self.average,
        )

    def draw_real(self, data: CodedWindows, count: int, rng: torch.Generator) -> tuple[Tensor, ...]:
        """A batch of codes, then what both players are told of it."""
        return data.batch(count, rng)

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> "FittedGan":
        """Train on real windows; the same windows and seed give the same generator."""
        torch_rng = torch_generator(rng)
        data = CodedWindows.of(real, self.components).evened(self.evenness)
        generator, critic = self.build(data.code, torch_rng), self.build_critic(data.code, torch_rng)
        rules = self.rules()

        def draw_real(count: int, rng: torch.Generator) -> tuple[Tensor, ...]:
            return self.draw_real(data, count, rng)

        averaged = train_adversarial(
            Players(generator, critic, rules), rules, draw_real, normal(LATENT), torch_rng, report
        )
        assert isinstance(averaged, CodeSampler)
        return FittedGan(self, averaged, Templates.of(real), critic.eval())


@dataclass(frozen=True, eq=False)
class FittedGan(FittedCode):
    """A trained generator and the critic that knows how real windows look to it."""

    critic: nn.Module

    @torch.no_grad()
    def score(self, windows: Windows) -> Float[np.ndarray, " n"]:
        """How real the critic finds each window; only differences between scores have a meaning."""
        codes = self.sampler.code.encode(*encode_windows(windows))
        return self.critic(codes, one_hot_kinds(windows.kind)).numpy()

    def networks(self) -> Mapping[str, nn.Module]:
        """Everything with weights, by name."""
        return {**super().networks(), "critic": self.critic}

    @classmethod
    def _untrained(cls, recipe: Any, code: SequenceCode, templates: Templates) -> "FittedGan":
        rng = torch.Generator()
        return cls(recipe, recipe.build(code, rng), templates, recipe.build_critic(code, rng))


def _penalised(name: str) -> dict[str, Any]:
    """The penalty in the field of the adversarial recipe that it belongs to."""
    if name == UNPENALISED:
        return {"penalties": ()}
    penalty = lookup(PENALTIES, name, "penalty")()
    if isinstance(penalty, Penalty):
        return {"penalties": (penalty,)}
    place = "weight_penalties" if isinstance(penalty, OrthogonalPenalty) else "constraints"
    return {"penalties": (), place: (penalty,)}
