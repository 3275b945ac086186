"""A penalty that needs no fakes: the critic is kept from being steep in the neighbourhood of real samples."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from models.input_gradients import Critic, gradient_norms


@dataclass(frozen=True)
class NeighbourhoodPenalty:
    """weight · E (‖∇D(x + δ)‖₂ - target)², δ uniform noise of half the data's deviation.

    Source: Kodali et al., On convergence and stability of GANs (DRAGAN), 2017, section 2.5; the noise as in their code:
    0.5 · deviation of the whole batch · U(0, 1), a number for each coordinate.
    """

    weight: float = 10.0
    target: float = 1.0
    reach: float = 0.5
    """Largest disturbance, as a part of the standard deviation of the batch."""
    every: int = 1

    def __call__(
        self, critic: Critic, *, real: Float[Tensor, "batch ..."], fake: Float[Tensor, "batch ..."],
        rng: torch.Generator,
    ) -> Float[Tensor, ""]:  # fmt: skip
        """The weighted penalty on one batch; ``fake`` changes nothing."""
        noise = torch.rand(real.shape, generator=rng, device=real.device, dtype=real.dtype)
        disturbed = real + self.reach * real.std(correction=0) * noise
        return self.weight * (gradient_norms(critic, disturbed) - self.target).square().mean()
