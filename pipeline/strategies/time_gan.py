"""Windows from TimeGAN: written as paths of an autoencoder's states, step by step as real ones follow each other."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.adversarial import AdversarialRecipe, Players, train_adversarial
from models.code_sampler import CodeSampler
from models.latents import normal
from models.losses import NonSaturating
from models.reporting import Report
from models.sequence_code import SequenceCode
from models.supervised import SupervisedRecipe, train_supervised
from models.time_gan import JointTerms, TimeCritic, TimeGenerator
from pipeline.schema import KINDS
from pipeline.strategies.code_strategy import CodeModel
from pipeline.strategies.window_code import CodedWindows


@dataclass(frozen=True)
class TimeGan(CodeModel):
    """An autoencoder, then a supervisor of its states, then all with a critic (Yoon et al., NeurIPS 2019)."""

    steps: int = 250
    """Steps of each phase."""
    batch: int = 64
    learning_rate: float = 4e-3
    """Of the first two phases; falls to 0 along a cosine."""
    joint_rate: float = 2e-3
    """Of all networks in the joint phase; betas (0.5, 0.9)."""
    average: float = 0.98
    """Decay of the generator's moving average."""
    hidden: int = 24
    evenness: float = 0.5
    """How evenly the classes are seen in training, 0: as often as they are recorded, 1: each equally often."""
    name: str = "timegan"

    cost = 3.0

    def build(self, code: SequenceCode, rng: torch.Generator) -> TimeGenerator:
        """One GRU for each role."""
        return TimeGenerator(code, len(KINDS), self.hidden, generator=rng)

    def learn(self, sampler: CodeSampler, data: CodedWindows, rng: torch.Generator, report: Report) -> None:
        """The three phases, one after the other."""
        assert isinstance(sampler, TimeGenerator)
        data = data.evened(self.evenness)

        def alone(networks: list[nn.Module], loss: Callable[[Tensor, Tensor], Tensor]) -> None:
            recipe = SupervisedRecipe(steps=self.steps, learning_rate=self.learning_rate)
            train_supervised(
                nn.ModuleList(networks), recipe, lambda _: data.batch(self.batch, rng), lambda _, *batch: loss(*batch)
            )

        alone([sampler.embedder, sampler.recovery], sampler.reconstruction)
        alone([sampler.supervisor], sampler.supervision)
        self._play(sampler, data, rng, report)

    def _play(self, sampler: TimeGenerator, data: CodedWindows, rng: torch.Generator, report: Report) -> None:
        """The joint phase."""

        def draw_real(count: int, rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
            codes, one_hot = data.batch(count, rng)
            return sampler.real(codes, one_hot), codes, one_hot

        critic = TimeCritic(sampler.code, len(KINDS), self.hidden, generator=rng)
        rules = AdversarialRecipe(
            loss=NonSaturating(), penalties=(), generator_terms=(JointTerms(),), steps=self.steps, critic_steps=1,
            batch=self.batch, generator_rate=self.joint_rate, critic_rate=self.joint_rate, average=self.average,
        )  # fmt: skip
        players = Players(sampler, critic, rules)
        averaged = train_adversarial(players, rules, draw_real, normal(sampler.latent), rng, report)
        sampler.load_state_dict(averaged.state_dict())
