"""Adversarial losses: what the critic and the generator minimise, each a small class that reads like its formula.

``real`` and ``fake`` are the critic's raw scores (logits: no sigmoid at the end of the network), higher for real.
Keyword-only, because swapped arguments train a perfect discriminator of nothing.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import relu, softplus


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
    """

    def critic(self, *, real: Float[Tensor, "*batch"], fake: Float[Tensor, "*batch"]) -> Float[Tensor, ""]:
        """- E log D(x) - E log(1 - D(G(z)))."""
        return softplus(-real).mean() + softplus(fake).mean()

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

    Source: Mao et al., ICCV 2017, equation 9 (a = 0, b = c = 1).
    """

    def critic(self, *, real: Float[Tensor, "*batch"], fake: Float[Tensor, "*batch"]) -> Float[Tensor, ""]:
        """1/2 E (D(x) - 1)² + 1/2 E D(G(z))²."""
        return ((real - 1).square().mean() + fake.square().mean()) / 2

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
