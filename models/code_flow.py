"""A class-conditional flow from noise to codes, learnt by matching velocities."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.blocks import materialise
from models.code_sampler import LossSampler
from models.sequence_code import SequenceCode

FREQUENCIES = 4
"""Waves by which the network is told the time; the fastest makes as many turns."""


class CodeFlow(LossSampler):
    """v(x, t, c) moves noise at time 0 to codes at time 1 along nearly straight lines.

    Source: Lipman et al., ICLR 2023, section 4.1, optimal transport without a least width; Heun: Karras et al., NeurIPS
    2022, algorithm 1.
    """

    def __init__(
        self, code: SequenceCode, classes: int, hidden: int, sampling_steps: int, *, generator: torch.Generator
    ) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        self.sampling_steps = sampling_steps
        with torch.device("meta"):
            self.layers = nn.Sequential(
                nn.Linear(code.size + 2 * FREQUENCIES + classes, hidden),
                nn.SiLU(),
                nn.Linear(hidden, hidden),
                nn.SiLU(),
                nn.Linear(hidden, hidden),
                nn.SiLU(),
                nn.Linear(hidden, code.size),
            )
        materialise(self, generator)
        self.code = code

    def forward(
        self, x_t: Float[Tensor, "batch size"], t: Float[Tensor, "batch 1"], one_hot: Float[Tensor, "batch classes"]
    ) -> Float[Tensor, "batch size"]:
        """Velocity dx/dt."""
        turns = math.pi * t * torch.arange(1, FREQUENCIES + 1, device=t.device)
        return self.layers(torch.cat([x_t, turns.sin(), turns.cos(), one_hot], dim=1))

    def loss(
        self, codes: Float[Tensor, "batch size"], one_hot: Float[Tensor, "batch classes"], rng: torch.Generator
    ) -> Float[Tensor, ""]:
        """E ‖v(x_t, t, c) - (x_1 - x_0)‖², x_t = (1 - t) x_0 + t x_1, x_0 noise, x_1 a code."""
        t = torch.rand(len(codes), 1, generator=rng, device=codes.device)
        x_0 = torch.randn(codes.shape, generator=rng, device=codes.device)
        return (self(torch.lerp(x_0, codes, t), t, one_hot) - (codes - x_0)).square().mean()

    def sample(self, one_hot: Float[Tensor, "n classes"], rng: torch.Generator) -> Float[Tensor, "n size"]:
        """Noise carried along the flow by Heun's method, in equal steps."""
        x = torch.randn(len(one_hot), self.code.size, generator=rng, device=one_hot.device)
        dt = 1 / self.sampling_steps
        for step in range(self.sampling_steps):
            t = torch.full((len(x), 1), step * dt, device=x.device)
            slope = self(x, t, one_hot)
            ahead = self(x + dt * slope, t + dt, one_hot)
            x = x + dt * (slope + ahead) / 2
        return x
