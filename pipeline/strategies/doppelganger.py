"""Windows whose place is decided first and whose motion follows from it."""

from dataclasses import dataclass

import torch

from models.doppelganger import DoppelCritic, DoppelGenerator
from models.sequence_code import SequenceCode
from pipeline.schema import KINDS
from pipeline.strategies.code_gan import CodeGan


@dataclass(frozen=True)
class DoppelGanger(CodeGan):
    """Attributes, then a series, with an auxiliary critic of the attributes (Lin et al., DoppelGANger, IMC 2020).

    Attributes are the class, which is given, and where and how large the middle box is.
    """

    steps: int = 1000
    critic_steps: int = 2
    batch: int = 96
    hidden: int = 96
    auxiliary: float = 1.0
    """Weight of the critic of the attributes."""
    name: str = "doppelganger"

    cost = 3.3

    def build(self, code: SequenceCode, rng: torch.Generator) -> DoppelGenerator:
        """Attributes first."""
        return DoppelGenerator(code, len(KINDS), self.hidden, generator=rng)

    def build_critic(self, code: SequenceCode, rng: torch.Generator) -> DoppelCritic:
        """Two critics in one."""
        return DoppelCritic(code, len(KINDS), self.hidden, self.auxiliary, generator=rng)
