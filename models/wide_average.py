"""A listener that averages a generator over most of its training: smoother than the loop's own, shorter average."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import nn

from models.reporting import Report, silent


@dataclass(eq=False)
class WideAverage:
    """w̄ ← w̄ + (k + 1) / (n + k) · (w - w̄) at the n-th visit: visit i counts about as i to the power of k.

    The window grows with training and the untrained weights are forgotten: with k = 2 half of the weight lies on the
    last fifth of the visits. It draws nothing and changes no run. Buffers (statistics) are those of the last visit.

    Source: Shamir and Zhang, ICML 2013, section 4, equation 4 (polynomial-decay averaging).
    """

    watched: nn.Module
    every: int
    """Steps from one visit to the next; reports at other steps are only passed on."""
    power: int = 2
    """k; 0 for the plain mean."""
    then: Report = silent
    network: nn.Module = field(init=False)
    """The average so far."""
    visits: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Start from the present weights, which the first visit replaces."""
        if self.power < 0 or self.every < 1:
            raise ValueError(f"power must be 0 or more and every at least 1, got {self.power} and {self.every}")
        self.network = copy.deepcopy(self.watched).requires_grad_(False).eval()

    @torch.no_grad()
    def __call__(self, step: int, values: Mapping[str, float]) -> None:
        """Hear one report."""
        if step % self.every == 0:
            self.visits += 1
            part = (self.power + 1) / (self.visits + self.power)
            torch._foreach_lerp_(list(self.network.parameters()), list(self.watched.parameters()), part)
            for mean, buffer in zip(self.network.buffers(), self.watched.buffers(), strict=True):
                mean.copy_(buffer)
        self.then(step, values)
