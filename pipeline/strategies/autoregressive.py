"""Windows written step by step by a recurrent network that has learnt what comes next."""

from dataclasses import dataclass

import torch

from models.code_autoregressive import CodeAutoregressive
from models.sequence_code import SequenceCode
from pipeline.schema import KINDS
from pipeline.strategies.code_strategy import CodeNetwork


@dataclass(frozen=True)
class Autoregressive(CodeNetwork):
    """An LSTM with mixture density outputs (Graves, 2013) on the velocities of windows."""

    steps: int = 1000
    batch: int = 64
    learning_rate: float = 5e-3
    hidden: int = 48
    input_noise: float = 0.05
    """Deviation of what is added to past velocities in training, in units of their typical size."""
    name: str = "autoregressive"

    cost = 2.3

    def build(self, code: SequenceCode, rng: torch.Generator) -> CodeAutoregressive:
        """One layer."""
        return CodeAutoregressive(code, len(KINDS), self.hidden, self.input_noise, generator=rng)
