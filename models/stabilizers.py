"""Remedies for unstable adversarial training that are neither a loss nor a penalty."""

import copy

import torch
from torch import nn


class MovingAverage:
    """An exponential moving average of a network's weights: w̄ ← d·w̄ + (1 - d)·w.

    Young averages use the smaller decay (1 + t) / (10 + t), so that they forget the untrained weights quickly.
    Source: Yazici et al., ICLR 2019; the warm-up as in TensorFlow's ``ExponentialMovingAverage``.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        """Start at the network's present weights."""
        if not 0 <= decay < 1:
            raise ValueError(f"decay must lie in [0, 1), got {decay}")
        self.decay = decay
        self.updates = 0
        self.network = copy.deepcopy(network).requires_grad_(False).eval()

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move the average towards the network's weights; buffers (statistics) are copied."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        torch._foreach_lerp_(list(self.network.parameters()), list(network.parameters()), 1 - decay)
        for mean, buffer in zip(self.network.buffers(), network.buffers(), strict=True):
            mean.copy_(buffer)
