"""Windows carried from noise to the training drives' tracks by a learnt flow."""

from dataclasses import dataclass

import torch

from models.code_flow import CodeFlow
from models.sequence_code import SequenceCode
from pipeline.schema import KINDS
from pipeline.strategies.code_strategy import CodeNetwork


@dataclass(frozen=True)
class FlowMatching(CodeNetwork):
    """Conditional flow matching (Lipman et al., ICLR 2023) on whitened window codes."""

    steps: int = 4000
    sampling_steps: int = 12
    """Steps of Heun's method from noise to a code, two evaluations of the network each."""
    name: str = "flow"

    cost = 1.8

    def build(self, code: SequenceCode, rng: torch.Generator) -> CodeFlow:
        """Three hidden layers."""
        return CodeFlow(code, len(KINDS), self.hidden, self.sampling_steps, generator=rng)
