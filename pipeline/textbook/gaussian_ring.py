"""Gaussians on a circle, and how much of them a generator has learnt."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

FAIR_PART = 0.2
"""A mode counts as kept from this part of its fair share of good samples on."""
GOOD_DEVIATIONS = 3.0
"""A sample is good within so many deviations of a mode."""


@dataclass(frozen=True)
class GaussianRing:
    """Equal Gaussians at equal distances on a circle.

    Source: Metz et al., Unrolled GANs, ICLR 2017, section 3.1 (8 modes, radius 2, deviation 0.02).
    """

    modes: int = 8
    radius: float = 2.0
    deviation: float = 0.05

    def centres(self) -> Float[np.ndarray, "mode 2"]:
        """Middle of each Gaussian."""
        angle = 2 * np.pi * np.arange(self.modes) / self.modes
        return self.radius * np.stack([np.cos(angle), np.sin(angle)], axis=-1)

    def draw(self, count: int, rng: torch.Generator) -> tuple[Float[Tensor, "count 2"]]:
        """Real samples, as the adversarial loop asks for them."""
        centres = torch.from_numpy(self.centres()).float()
        mode = torch.randint(self.modes, (count,), generator=rng)
        return (centres[mode] + self.deviation * torch.randn(count, 2, generator=rng),)

    def good_by_mode(self, samples: Float[np.ndarray, "count 2"]) -> Float[np.ndarray, " mode"]:
        """Part of all samples that is good, mode by mode; its sum is the share of good samples."""
        distance = np.linalg.norm(samples[:, None] - self.centres(), axis=-1)
        good = distance.min(axis=1) <= GOOD_DEVIATIONS * self.deviation
        return np.bincount(distance.argmin(axis=1)[good], minlength=self.modes) / len(samples)

    def modes_kept(self, samples: Float[np.ndarray, "count 2"]) -> int:
        """Modes whose good samples are at least a fifth of their fair share."""
        return int((self.good_by_mode(samples) >= FAIR_PART / self.modes - 1e-12).sum())
