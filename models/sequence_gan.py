"""A class-conditional GAN for short sequences: a coarse-to-fine generator and a critic, both on a whitened code.

Trained by ``models.adversarial`` with the defaults of WGAN-GP. The generator writes a sequence as velocity,
acceleration and jerk around the anchor frame plus a convolutional detail, each band at the size it has in the data;
without that scaling it spends its training on finding out that roads are smooth.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from models.blocks import materialise
from models.code_sampler import LATENT, CodeGenerator
from models.sequence_code import SequenceCode

STRIDE = 4
"""Frames that one column of the detail writes."""
TRENDS = 3
"""Velocity, acceleration, jerk: powers 1 to 3 of the time since the anchor frame."""


class SequenceGenerator(CodeGenerator):
    """Noise and a class in, the code of a sequence and its anchor out."""

    trends: Tensor
    trend_scale: Tensor
    detail_scale: Tensor

    def __init__(
        self, code: SequenceCode, classes: int, hidden: int, channels: int = 24, *, generator: torch.Generator
    ) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        columns = -(-code.time // STRIDE)
        self.columns = (columns, channels)
        with torch.device("meta"):
            self.first = nn.Linear(LATENT + classes, hidden)
            self.second = nn.Linear(hidden, hidden)
            self.anchor = nn.Linear(hidden, len(code.anchor_mean))
            self.trend = nn.Linear(hidden, TRENDS * code.channels)
            self.columns_of = nn.Linear(hidden, channels * columns)
            # A transposed convolution whose kernel is as long as its stride: one matrix, applied to every column.
            self.detail = nn.Linear(channels, STRIDE * code.channels)
        materialise(self, generator)
        anchor_frame = (code.time - 1) // 2
        since = (torch.arange(code.time) - anchor_frame) / max(1, code.time - 1 - anchor_frame)
        trends = torch.stack([since**power for power in range(1, TRENDS + 1)])
        trend_scale, detail_scale = code.band_scales(trends)
        self.register_buffer("trends", trends)
        self.register_buffer("trend_scale", trend_scale)
        self.register_buffer("detail_scale", detail_scale)
        self.code = code

    def forward(
        self, latent: Float[Tensor, "batch latent"], one_hot: Float[Tensor, "batch classes"]
    ) -> Float[Tensor, "batch size"]:
        """Codes; decode them with ``self.code``."""
        # 1. What kind of motion this is.
        motion = leaky_relu(self.first(torch.cat([latent, one_hot], dim=1)), 0.2)
        motion = leaky_relu(self.second(motion), 0.2)
        # 2. Coarse: velocity, acceleration and jerk around the anchor frame.
        trend = self.trend(motion).unflatten(1, self.trend_scale.shape) * self.trend_scale
        coarse = torch.einsum("bkc,kt->btc", trend, self.trends)
        # 3. Fine: columns of features, each of which a transposed convolution spreads over a few frames.
        columns = leaky_relu(self.columns_of(motion), 0.2).unflatten(1, self.columns)
        frames = self.detail(columns).reshape(len(columns), -1, self.code.channels)
        fine = frames[:, : self.code.time] * self.detail_scale
        # 4. Together, as whitened components: what the critic judges and ``decode`` smooths.
        scores = ((coarse + fine).flatten(1) - self.code.mean) @ self.code.components.T / self.code.scale
        return torch.cat([scores, self.anchor(motion)], dim=1)


class SequenceCritic(nn.Module):
    """A code and a class in, one score out."""

    def __init__(self, size: int, classes: int, hidden: int, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        with torch.device("meta"):
            self.layers = nn.Sequential(
                nn.Linear(size + classes, hidden),
                nn.LeakyReLU(0.2),
                nn.Linear(hidden, hidden),
                nn.LeakyReLU(0.2),
                nn.Linear(hidden, 1),
            )
        materialise(self, generator)

    def forward(
        self, code: Float[Tensor, "batch size"], one_hot: Float[Tensor, "batch classes"]
    ) -> Float[Tensor, " batch"]:
        """Higher for sequences that look real."""
        return self.layers(torch.cat([code, one_hot], dim=1))[:, 0]
