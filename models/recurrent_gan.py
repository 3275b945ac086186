"""A class-conditional GAN of two LSTMs that write and read step by step."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.blocks import materialise
from models.code_frames import CodeFrames
from models.code_sampler import CodeGenerator
from models.sequence_code import SequenceCode

STILL, FRESH = 16, 4
"""Noise that holds for the whole sequence, and noise that is new in every step."""


class RecurrentGenerator(CodeGenerator):
    """Noise and a class in every step; one linear layer reads each state.

    Sources: Mogren, C-RNN-GAN, 2016; with conditions: Esteban et al., RCGAN, 2017, section 3. The noise that holds for
    the whole sequence, which decides the anchor, is added: in RCGAN all noise is fresh.
    """

    def __init__(self, code: SequenceCode, classes: int, hidden: int, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        with torch.device("meta"):
            self.lstm = nn.LSTM(STILL + FRESH + classes, hidden)
            self.step = nn.Linear(hidden, code.channels)
            self.anchor = nn.Sequential(
                nn.Linear(STILL + classes, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, len(code.anchor_mean))
            )
        materialise(self, generator)
        self.code, self.view = code, CodeFrames(code)
        self.latent = STILL + FRESH * (code.time - 1)

    def forward(
        self, latent: Float[Tensor, "batch latent"], one_hot: Float[Tensor, "batch classes"]
    ) -> Float[Tensor, "batch size"]:
        """Codes; decode them with ``self.code``."""
        still = torch.cat([latent[:, :STILL], one_hot], dim=1)
        fresh = latent[:, STILL:].unflatten(1, (self.view.steps, FRESH)).transpose(0, 1)
        states, _ = self.lstm(torch.cat([fresh, still.expand(self.view.steps, -1, -1)], dim=2))
        return self.view.codes(self.step(states).transpose(0, 1), self.anchor(still))


class RecurrentCritic(nn.Module):
    """An LSTM reads forwards and backwards (Mogren, 2016); the score is the mean of one score for each step."""

    def __init__(self, code: SequenceCode, classes: int, hidden: int, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        with torch.device("meta"):
            width = code.channels + len(code.anchor_mean) + classes
            self.lstm = nn.LSTM(width, hidden, bidirectional=True)
            self.score = nn.Linear(2 * hidden, 1)
        materialise(self, generator)
        self.view = CodeFrames(code)

    def forward(
        self, codes: Float[Tensor, "batch size"], one_hot: Float[Tensor, "batch classes"]
    ) -> Float[Tensor, " batch"]:
        """Higher for sequences that look real."""
        states, _ = self.lstm(self.view.told(codes, one_hot).transpose(0, 1))
        return self.score(states)[:, :, 0].mean(dim=0)
