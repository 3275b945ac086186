"""A class-conditional GAN of one-dimensional convolutions along time."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from models.blocks import materialise
from models.code_frames import CodeFrames
from models.code_sampler import LATENT, CodeGenerator
from models.sequence_code import SequenceCode

KERNEL, STRIDE = 5, 2


class ConvolutionalGenerator(CodeGenerator):
    """Columns of features, twice made twice as many by transposed convolutions, as DCGAN does with pixels.

    Source: Radford et al., ICLR 2016; in one dimension: Donahue et al., WaveGAN, ICLR 2019, section 3.
    """

    def __init__(self, code: SequenceCode, classes: int, channels: int, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        columns = -(-(code.time - 1) // STRIDE**2)
        self.columns = (2 * channels, columns)
        with torch.device("meta"):
            self.first = nn.Linear(LATENT + classes, 2 * channels * columns)
            self.anchor = nn.Linear(2 * channels * columns, len(code.anchor_mean))
            self.second = nn.ConvTranspose1d(2 * channels, channels, KERNEL, STRIDE, padding=2, output_padding=1)
            self.third = nn.ConvTranspose1d(channels, code.channels, KERNEL, STRIDE, padding=2, output_padding=1)
        materialise(self, generator)
        self.code, self.view = code, CodeFrames(code)

    def forward(
        self, latent: Float[Tensor, "batch latent"], one_hot: Float[Tensor, "batch classes"]
    ) -> Float[Tensor, "batch size"]:
        """Codes; decode them with ``self.code``."""
        features = leaky_relu(self.first(torch.cat([latent, one_hot], dim=1)), 0.2)
        wider = leaky_relu(self.second(features.unflatten(1, self.columns)), 0.2)
        frames = self.third(wider)[:, :, : self.view.steps].transpose(1, 2)
        return self.view.codes(frames, self.anchor(features))


class ConvolutionalCritic(nn.Module):
    """Two strided convolutions along time, then one linear score."""

    def __init__(self, code: SequenceCode, classes: int, channels: int, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        columns = -(-(code.time - 1) // STRIDE**2)
        with torch.device("meta"):
            self.layers = nn.Sequential(
                nn.Conv1d(code.channels + len(code.anchor_mean) + classes, channels, KERNEL, STRIDE, padding=2),
                nn.LeakyReLU(0.2),
                nn.Conv1d(channels, 2 * channels, KERNEL, STRIDE, padding=2),
                nn.LeakyReLU(0.2),
                nn.Flatten(),
                nn.Linear(2 * channels * columns, 1),
            )
        materialise(self, generator)
        self.view = CodeFrames(code)

    def forward(
        self, codes: Float[Tensor, "batch size"], one_hot: Float[Tensor, "batch classes"]
    ) -> Float[Tensor, " batch"]:
        """Higher for sequences that look real."""
        return self.layers(self.view.told(codes, one_hot).transpose(1, 2))[:, 0]
