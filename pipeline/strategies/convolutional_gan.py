"""Windows from a generative adversarial network of convolutions along time."""

from dataclasses import dataclass

import torch

from models.convolutional_gan import ConvolutionalCritic, ConvolutionalGenerator
from models.sequence_code import SequenceCode
from pipeline.schema import KINDS
from pipeline.strategies.code_gan import CodeGan


@dataclass(frozen=True)
class ConvolutionalGan(CodeGan):
    """A class-conditional WGAN-GP (Gulrajani et al., NeurIPS 2017) whose players convolve along time."""

    steps: int = 600
    batch: int = 96
    hidden: int = 16
    """Channels of the layer nearest to the frames; the other has twice as many."""
    name: str = "conv_gan"

    cost = 4.0

    def build(self, code: SequenceCode, rng: torch.Generator) -> ConvolutionalGenerator:
        """Columns to frames."""
        return ConvolutionalGenerator(code, len(KINDS), self.hidden, generator=rng)

    def build_critic(self, code: SequenceCode, rng: torch.Generator) -> ConvolutionalCritic:
        """Frames to columns."""
        return ConvolutionalCritic(code, len(KINDS), self.hidden, generator=rng)
