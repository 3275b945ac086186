"""Windows from a generative adversarial network of two recurrent networks."""

from dataclasses import dataclass

import torch

from models.recurrent_gan import RecurrentCritic, RecurrentGenerator
from models.sequence_code import SequenceCode
from pipeline.schema import KINDS
from pipeline.strategies.code_gan import CodeGan


@dataclass(frozen=True)
class RecurrentGan(CodeGan):
    """A recurrent conditional GAN (Esteban et al., RCGAN, 2017), kept smooth by a lazy R1 penalty."""

    steps: int = 800
    critic_steps: int = 1
    batch: int = 64
    hidden: int = 48
    loss: str = "non_saturating"
    penalty: str = "r1"
    name: str = "rcgan"

    cost = 4.3

    def build(self, code: SequenceCode, rng: torch.Generator) -> RecurrentGenerator:
        """One layer."""
        return RecurrentGenerator(code, len(KINDS), self.hidden, generator=rng)

    def build_critic(self, code: SequenceCode, rng: torch.Generator) -> RecurrentCritic:
        """One layer each way."""
        return RecurrentCritic(code, len(KINDS), self.hidden, generator=rng)
