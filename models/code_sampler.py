"""What every generator of sequences is, whatever it learnt from and how: it draws codes for the classes it is given."""

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.latents import normal
from models.sequence_code import SequenceCode

LATENT = 32
"""Numbers that a generator's sample starts from."""


class CodeSampler(nn.Module, ABC):
    """A network or a table, its weights and the code it speaks all in its ``state_dict``."""

    code: SequenceCode
    """Set after ``materialise``, which empties every buffer it finds."""

    @abstractmethod
    def sample(self, one_hot: Float[Tensor, "n classes"], rng: torch.Generator) -> Float[Tensor, "n size"]:
        """One code for each class asked for; decode them with ``self.code``."""


class CodeGenerator(CodeSampler):
    """A sampler that turns normal noise into codes: ``generator(latent, one_hot)``."""

    latent: int = LATENT
    """Numbers that one sample starts from."""

    def sample(self, one_hot: Float[Tensor, "n classes"], rng: torch.Generator) -> Float[Tensor, "n size"]:
        """One code for each class asked for."""
        return self(normal(self.latent)(len(one_hot), rng), one_hot)


class LossSampler(CodeSampler):
    """A sampler that learns by minimising a loss of its own."""

    @abstractmethod
    def loss(
        self, codes: Float[Tensor, "batch size"], one_hot: Float[Tensor, "batch classes"], rng: torch.Generator
    ) -> Float[Tensor, ""]:
        """What training minimises, the mean over a batch."""
