"""A loss from the family of f-divergences, whose critic estimates KL(real ‖ fake) and whose generator covers modes."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class KullbackLeibler:
    """E T(x) - E exp(T(G(z)) - 1) ≤ KL(real ‖ fake): the critic T maximises it, the generator minimises it.

    Missing a mode costs without bound, an odd sample costs little. The best critic is 1 + log p/q.

    Source: Nowozin et al., f-GAN, NeurIPS 2016, equation 4 and table 2 (Kullback-Leibler).
    """

    def critic(self, *, real: Float[Tensor, "*batch"], fake: Float[Tensor, "*batch"]) -> Float[Tensor, ""]:
        """- E T(x) + E exp(T(G(z)) - 1)."""
        return torch.exp(fake - 1).mean() - real.mean()

    def generator(self, *, fake: Float[Tensor, "*batch"]) -> Float[Tensor, ""]:
        """- E exp(T(G(z)) - 1)."""
        return -torch.exp(fake - 1).mean()
