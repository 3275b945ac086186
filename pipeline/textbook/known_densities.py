"""Densities on a line that are known in closed form, and the divergences between them by quadrature."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from scipy.stats import norm
from torch import Tensor

LINE = np.linspace(-8.0, 14.0, 2201)
"""Where densities are compared and integrals taken."""


@dataclass(frozen=True)
class Mixture:
    """Equal parts of Gaussians of one deviation."""

    means: tuple[float, ...]
    deviation: float = 1.0

    def density(self) -> Float[np.ndarray, " place"]:
        """Over ``LINE``."""
        return np.mean([norm.pdf(LINE, mean, self.deviation) for mean in self.means], axis=0)

    def draw(self, count: int, rng: torch.Generator) -> Float[Tensor, "count 1"]:
        """Samples."""
        part = torch.randint(len(self.means), (count, 1), generator=rng)
        return torch.tensor(self.means)[part] + self.deviation * torch.randn(count, 1, generator=rng)


def optimal_critic(p: Float[np.ndarray, " place"], q: Float[np.ndarray, " place"]) -> Float[np.ndarray, " place"]:
    """D*(x) = p(x) / (p(x) + q(x)): Goodfellow et al., NeurIPS 2014, proposition 1. One half where both are 0."""
    both = p + q
    return np.divide(p, both, out=np.full_like(p, 0.5), where=both > 0)


def value_of(
    critic: Float[np.ndarray, " place"], p: Float[np.ndarray, " place"], q: Float[np.ndarray, " place"]
) -> float:
    """V(D) = E_p log D + E_q log(1 - D), in nats."""
    inside = np.clip(critic, 1e-12, 1 - 1e-12)
    return float(np.trapezoid(p * np.log(inside) + q * np.log1p(-inside), LINE))


def jensen_shannon(p: Float[np.ndarray, " place"], q: Float[np.ndarray, " place"]) -> float:
    """JSD(p, q) = 1/2 KL(p, m) + 1/2 KL(q, m), m = (p + q) / 2, in nats: 0 for equals, log 2 for strangers."""
    middle = (p + q) / 2
    return (_kl(p, middle) + _kl(q, middle)) / 2


def _kl(p: np.ndarray, q: np.ndarray) -> float:
    ratio = np.divide(p, q, out=np.ones_like(p), where=p > 0)
    return float(np.trapezoid(p * np.log(ratio), LINE))
