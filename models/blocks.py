"""What several networks share: stacks of layers, and weights from an explicit generator, never the global one."""

import math
from itertools import pairwise

import torch
from torch import nn


def dense(sizes: tuple[int, ...], activation: nn.Module, *last: nn.Module) -> nn.Sequential:
    """Linear layers with an activation between them, and ``last`` after the last; without weights yet (``meta``)."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs, device="meta"), activation]
    return nn.Sequential(*layers[:-1], *last)


def materialise(network: nn.Module, generator: torch.Generator) -> None:
    """Give a network that was built on the ``meta`` device its weights, drawn from ``generator`` alone.

    Every weight matrix and every bias is uniform in ±1/sqrt(fan in), PyTorch's own rule for linear, convolutional and
    (with the hidden size as fan in) recurrent layers; normalisation layers start as the identity. Building on ``meta``
    draws nothing, so the global generator is neither used nor moved. Buffers are reset by their own modules.
    """
    network.to_empty(device=generator.device)
    for module in network.modules():
        own = dict(module.named_parameters(recurse=False))
        if isinstance(module, nn.LayerNorm | nn.GroupNorm | nn.modules.batchnorm._BatchNorm):
            module.reset_parameters()  # constants: no randomness
        elif own:
            bound = 1 / math.sqrt(_fan_in(module, own))
            for parameter in own.values():
                nn.init.uniform_(parameter, -bound, bound, generator=generator)


def _fan_in(module: nn.Module, own: dict[str, nn.Parameter]) -> int:
    if isinstance(module, nn.RNNBase):
        return module.hidden_size
    weight = own["weight"]
    if isinstance(module, nn.modules.conv._ConvTransposeNd):
        return weight.shape[0] * math.prod(weight.shape[2:]) // math.prod(module.stride)
    return math.prod(weight.shape[1:])
