"""A GAN that decides attributes first and then writes the series that goes with them, several frames at a time."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.blocks import materialise
from models.code_frames import CodeFrames
from models.code_sampler import LATENT, CodeGenerator
from models.sequence_code import SequenceCode

ATTRIBUTE, FRESH, GROUP = 12, 4, 5
"""Noise for the attributes, fresh noise for each group of frames, frames in a group."""


class DoppelGenerator(CodeGenerator):
    """Attributes (the anchors) by a perceptron, the series by an LSTM that is told them and writes groups of frames.

    Source: Lin et al., DoppelGANger, IMC 2020, section 4: batched generation (4.1), attributes first (4.2).
    """

    def __init__(self, code: SequenceCode, classes: int, hidden: int, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        anchors, self.groups = len(code.anchor_mean), -(-(code.time - 1) // GROUP)
        with torch.device("meta"):
            self.attribute = nn.Sequential(
                nn.Linear(ATTRIBUTE + classes, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, anchors)
            )
            self.lstm = nn.LSTM(LATENT + FRESH + anchors + classes, hidden)
            self.group = nn.Linear(hidden, GROUP * code.channels)
        materialise(self, generator)
        self.code, self.view = code, CodeFrames(code)
        self.latent = ATTRIBUTE + LATENT + FRESH * self.groups

    def forward(
        self, latent: Float[Tensor, "batch latent"], one_hot: Float[Tensor, "batch classes"]
    ) -> Float[Tensor, "batch size"]:
        """Codes; decode them with ``self.code``."""
        first, still, fresh = latent.split([ATTRIBUTE, LATENT, FRESH * self.groups], dim=1)
        anchors = self.attribute(torch.cat([first, one_hot], dim=1))
        told = torch.cat([still, anchors, one_hot], dim=1).expand(self.groups, -1, -1)
        states, _ = self.lstm(torch.cat([fresh.unflatten(1, (self.groups, FRESH)).transpose(0, 1), told], dim=2))
        frames = self.group(states).transpose(0, 1).reshape(len(latent), -1, self.code.channels)
        return self.view.codes(frames[:, : self.view.steps], anchors)


class DoppelCritic(nn.Module):
    """The score of all of a code plus ``weight`` times that of its attributes alone, by a critic of their own.

    With Wasserstein's loss that is the sum of two losses (Lin et al., IMC 2020, section 4.2); the gradient penalty is
    taken of the sum.
    """

    def __init__(
        self, code: SequenceCode, classes: int, hidden: int, weight: float, *, generator: torch.Generator
    ) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        self.weight, self.anchors = weight, len(code.anchor_mean)
        with torch.device("meta"):
            self.whole = _two_layers(code.size + classes, hidden)
            self.auxiliary = _two_layers(self.anchors + classes, hidden)
        materialise(self, generator)

    def forward(
        self, codes: Float[Tensor, "batch size"], one_hot: Float[Tensor, "batch classes"]
    ) -> Float[Tensor, " batch"]:
        """Higher for sequences that look real."""
        attributes = self.auxiliary(torch.cat([codes[:, -self.anchors :], one_hot], dim=1))
        return (self.whole(torch.cat([codes, one_hot], dim=1)) + self.weight * attributes)[:, 0]


def _two_layers(inputs: int, hidden: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, 1)
    )
