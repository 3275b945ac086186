"""How steep a critic is at given samples: what every penalty on gradients is made of."""

from collections.abc import Callable
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

Critic: TypeAlias = Callable[[Tensor], Tensor]
"""Samples in, one score each out; any condition is already bound."""


def gradient_norms(critic: Critic, samples: Float[Tensor, "batch ..."]) -> Float[Tensor, " batch"]:
    """Length of the critic's gradient at each sample, itself differentiable."""
    samples = samples.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(samples).sum(), samples, create_graph=True)
    return gradient.flatten(1).norm(dim=1)
