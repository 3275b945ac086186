"""What a generator starts from, and the way from one latent to another."""

from collections.abc import Callable
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

DrawLatent: TypeAlias = Callable[[int, torch.Generator], Tensor]
"""``draw_latent(count, rng)``: what the generator starts from."""


def normal(size: int) -> DrawLatent:
    """Independent standard normal numbers."""

    def draw(count: int, rng: torch.Generator) -> Float[Tensor, "count size"]:
        return torch.randn(count, size, generator=rng, device=rng.device)

    return draw


def spherical(size: int) -> DrawLatent:
    """Uniform on the sphere of radius √size, where nearly all of a normal distribution lies anyway.

    Source: White, Sampling generative networks, 2016, section 2; the radius as in Karras et al., ICLR 2018, appendix A.
    """

    def draw(count: int, rng: torch.Generator) -> Float[Tensor, "count size"]:
        return size**0.5 * normalize(torch.randn(count, size, generator=rng, device=rng.device), dim=1)

    return draw


def slerp(
    start: Float[Tensor, "count size"], end: Float[Tensor, "count size"], part: float
) -> Float[Tensor, "count size"]:
    """The point at ``part`` of the great circle between two latents: sin((1-t)ω)/sin ω · a + sin(tω)/sin ω · b.

    Source: White, Sampling generative networks, 2016, section 2.1.
    """
    cosine = (normalize(start, dim=1) * normalize(end, dim=1)).sum(dim=1, keepdim=True).clamp(-1, 1)
    angle = torch.acos(cosine)
    sine = torch.sin(angle)
    along = (torch.sin((1 - part) * angle) * start + torch.sin(part * angle) * end) / sine.clamp(min=1e-6)
    return torch.where(sine > 1e-6, along, torch.lerp(start, end, part))
