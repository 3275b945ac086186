"""Windows from a generative adversarial network that has learnt the training drives' tracks, class by class."""

from dataclasses import dataclass

import torch

from models.sequence_code import SequenceCode
from models.sequence_gan import SequenceCritic, SequenceGenerator
from pipeline.schema import KINDS
from pipeline.strategies.code_gan import CodeGan


@dataclass(frozen=True)
class SequenceGan(CodeGan):
    """A class-conditional WGAN-GP (Gulrajani et al., NeurIPS 2017) on whitened window shapes; see ``models``.

    Windows are learnt relative to their middle frame and in its box heights, beside where and how large that box is.
    """

    name: str = "gan"

    cost = 4.0

    def build(self, code: SequenceCode, rng: torch.Generator) -> SequenceGenerator:
        """Coarse to fine."""
        return SequenceGenerator(code, len(KINDS), self.hidden, generator=rng)

    def build_critic(self, code: SequenceCode, rng: torch.Generator) -> SequenceCritic:
        """Two hidden layers."""
        return SequenceCritic(code.size, len(KINDS), self.hidden, generator=rng)
