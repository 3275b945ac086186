"""Windows from a variational autoencoder of the training drives' tracks."""

from dataclasses import dataclass

import torch

from models.code_vae import CodeVae
from models.sequence_code import SequenceCode
from pipeline.schema import KINDS
from pipeline.strategies.code_strategy import CodeNetwork


@dataclass(frozen=True)
class Vae(CodeNetwork):
    """A class-conditional variational autoencoder (Kingma and Welling, ICLR 2014) on whitened window codes."""

    name: str = "vae"

    cost = 1.5

    def build(self, code: SequenceCode, rng: torch.Generator) -> CodeVae:
        """Two hidden layers each way."""
        return CodeVae(code, len(KINDS), self.hidden, generator=rng)
