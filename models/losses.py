"""Adversarial losses: what the critic and the generator minimise, each a small class that reads like its formula.

``real`` and ``fake`` are the critic's raw scores (logits: no sigmoid at the end of the network), higher for real.
Keyword-only, because swapped arguments train a perfect discriminator of nothing.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import relu, softplus

from models.kullback_leibler import KullbackLeibler


@runtime_checkable
class AdversarialLoss(Protocol):
    """Two means over a batch, each to be minimised by its player."""

    def critic(self, *, real: Float[Tensor, "*batch"], fake: Float[Tensor, "*batch"]) -> Float[Tensor, ""]:
        """The critic's loss."""
        ...

    def generator(self, *, fake: Float[Tensor, "*batch"]) -> Float[Tensor, ""]:
        """The generator's loss."""
        ...


@dataclass(frozen=True)
class Minimax:
    """V(D, G) = E log D(x) + E log(1 - D(G(z))), D = sigmoid(score): D maximises, G minimises.

    Source: Goodfellow et al., NeurIPS 2014, equation 1. Its generator learns nothing from a critic that is sure.
    One-sided label smoothing, ``real_label`` below 1, keeps the critic from being sure: Salimans et al., NeurIPS 2016,
    section 3.4.
    """

    real_label: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a label on the wrong side."""
        _require_real_label(self.real_label)

    def critic(self, *, real: Float[Tensor, "*batch"], fake: Float[Tensor, "*batch"]) -> Float[Tensor, ""]:
        """- E [a log D(x) + (1 - a) log(1 - D(x))] - E log(1 - D(G(z))), a = real_label."""
        smoothing = (1 - self.real_label) * real.mean()  # softplus(s) = softplus(-s) + s
        return softplus(-real).mean() + smoothing + softplus(fake).mean()

    def generator(self, *, fake: Float[Tensor, "*batch"]) -> Float[Tensor, ""]:
        """E log(1 - D(G(z)))."""
        return -softplus(fake).mean()


@dataclass(frozen=True)
class NonSaturating(Minimax):
    """The same critic; the generator maximises log D(G(z)), whose gradient is strong where the critic is sure.

    Source: Goodfellow et al., NeurIPS 2014, section 3.
    """

    def generator(self, *, fake: Float[Tensor, "*batch"]) -> Float[Tensor, ""]:
        """- E log D(G(z))."""
        return softplus(-fake).mean()


@dataclass(frozen=True)
class LeastSquares:
    """Scores are regressed on labels, so samples far on the right side of the border are pulled back too.

    Source: Mao et al., ICCV 2017, equation 9 (a = 0, b = c = 1). ``real_label`` below 1 smooths b, as in ``Minimax``.
    """

    real_label: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a label on the wrong side."""
        _require_real_label(self.real_label)

    def critic(self, *, real: Float[Tensor, "*batch"], fake: Float[Tensor, "*batch"]) -> Float[Tensor, ""]:
        """1/2 E (D(x) - b)² + 1/2 E D(G(z))², b = real_label."""
        return ((real - self.real_label).square().mean() + fake.square().mean()) / 2

    def generator(self, *, fake: Float[Tensor, "*batch"]) -> Float[Tensor, ""]:
        """1/2 E (D(G(z)) - 1)²."""
        return (fake - 1).square().mean() / 2


@dataclass(frozen=True)
class Wasserstein:
    """The earth mover's distance, if something keeps the critic 1-Lipschitz: a penalty, or weight clipping.

    Source: Arjovsky et al., ICML 2017, equation 2.
    """

    def critic(self, *, real: Float[Tensor, "*batch"], fake: Float[Tensor, "*batch"]) -> Float[Tensor, ""]:
        """E f(G(z)) - E f(x)."""
        return fake.mean() - real.mean()

    def generator(self, *, fake: Float[Tensor, "*batch"]) -> Float[Tensor, ""]:
        """- E f(G(z))."""
        return -fake.mean()


@dataclass(frozen=True)
class Hinge:
    """The critic stops caring about samples that are already a margin of 1 on the right side.

    Source: Lim and Ye, Geometric GAN, 2017; Miyato et al., ICLR 2018, equations 16 and 17.
    """

    def critic(self, *, real: Float[Tensor, "*batch"], fake: Float[Tensor, "*batch"]) -> Float[Tensor, ""]:
        """E max(0, 1 - D(x)) + E max(0, 1 + D(G(z)))."""
        return relu(1 - real).mean() + relu(1 + fake).mean()

    def generator(self, *, fake: Float[Tensor, "*batch"]) -> Float[Tensor, ""]:
        """- E D(G(z))."""
        return -fake.mean()


@dataclass(frozen=True)
class EnergyMargin:
    """The critic gives low energy E = -score to real samples, and to fakes an energy of at least the margin.

    Source: Zhao et al., Energy-based GAN, ICLR 2017, equations 1 and 2.
    """

    margin: float = 1.0

    def critic(self, *, real: Float[Tensor, "*batch"], fake: Float[Tensor, "*batch"]) -> Float[Tensor, ""]:
        """E(x) + max(0, margin - E(G(z)))."""
        return -real.mean() + relu(self.margin + fake).mean()

    def generator(self, *, fake: Float[Tensor, "*batch"]) -> Float[Tensor, ""]:
        """E(G(z))."""
        return -fake.mean()


@dataclass(frozen=True)
class BoundaryEquilibrium:
    """An energy loss that balances itself: fakes count as much as keeps E(G(z)) at ``diversity`` times E(x).

    The score is a negated reconstruction error. The weight k of the fakes starts at 0 and belongs to a run, so this
    recipe only starts a ``Balance``, which is the loss.

    Source: Berthelot et al., BEGAN, 2017, section 3.3 and algorithm in 3.4 (gamma is ``diversity``, lambda_k ``rate``).
    """

    diversity: float = 0.5
    rate: float = 1e-3

    def __post_init__(self) -> None:
        """Refuse a balance that lies outside of what energies can reach."""
        if not 0 < self.diversity <= 1 or self.rate <= 0:
            raise ValueError(f"diversity must lie in (0, 1] and rate be positive, got {self.diversity} and {self.rate}")

    def started(self, device: torch.device) -> "Balance":
        """The loss of one run."""
        return Balance(self, torch.zeros((), device=device))


@dataclass(eq=False)
class Balance:
    """The loss of ``BoundaryEquilibrium`` with the weight it has come to."""

    recipe: BoundaryEquilibrium
    weight: Float[Tensor, ""]

    def critic(self, *, real: Float[Tensor, "*batch"], fake: Float[Tensor, "*batch"]) -> Float[Tensor, ""]:
        """E(x) - k E(G(z)); then k moves by rate · (diversity · E(x) - E(G(z))), within 0 and 1."""
        energy_real, energy_fake = -real.mean(), -fake.mean()
        loss = energy_real - self.weight * energy_fake
        imbalance = (self.recipe.diversity * energy_real - energy_fake).detach()
        self.weight = (self.weight + self.recipe.rate * imbalance).clamp(0, 1)
        return loss

    def generator(self, *, fake: Float[Tensor, "*batch"]) -> Float[Tensor, ""]:
        """E(G(z))."""
        return -fake.mean()


LOSSES: dict[str, type[AdversarialLoss] | type[BoundaryEquilibrium]] = {
    "minimax": Minimax,
    "non_saturating": NonSaturating,
    "least_squares": LeastSquares,
    "wasserstein": Wasserstein,
    "hinge": Hinge,
    "kullback_leibler": KullbackLeibler,
    "energy_margin": EnergyMargin,
    "boundary_equilibrium": BoundaryEquilibrium,
}
"""Every loss by name. To add one: write its class, add its line."""


def _require_real_label(label: float) -> None:
    if not 0.5 < label <= 1:
        raise ValueError(f"real_label must lie in (0.5, 1], got {label}")
