"""What keeps a critic smooth: terms added to its loss, and constraints put on its weights after each step."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import relu
from torch.nn.utils.parametrizations import spectral_norm

from models.dragan import NeighbourhoodPenalty
from models.input_gradients import Critic, gradient_norms


@runtime_checkable
class Penalty(Protocol):
    """A term of the critic's loss."""

    @property
    def every(self) -> int:
        """Critic steps from one evaluation to the next."""
        ...

    def __call__(
        self, critic: Critic, *, real: Float[Tensor, "batch ..."], fake: Float[Tensor, "batch ..."],
        rng: torch.Generator,
    ) -> Float[Tensor, ""]:  # fmt: skip
        """The weighted penalty on one batch; ``fake`` carries no gradient."""
        ...


@runtime_checkable
class Constraint(Protocol):
    """Something done to the critic's weights after each of its steps."""

    def __call__(self, critic: nn.Module) -> None:
        """Change the weights in place."""
        ...


@runtime_checkable
class WeightPenalty(Protocol):
    """A term of the critic's loss that looks at its weights alone."""

    def __call__(self, critic: nn.Module) -> Float[Tensor, ""]:
        """The weighted penalty."""
        ...


@dataclass(frozen=True)
class GradientPenalty:
    """weight · E (‖∇f(x̂)‖₂ - target)², x̂ uniform on the lines between real and fake samples.

    One-sided: only gradients longer than the target cost, max(0, ‖∇f(x̂)‖₂ - target)².

    Source: Gulrajani et al., NeurIPS 2017, equation 3; one-sided: Petzka et al., ICLR 2018, equation 8.
    """

    weight: float = 10.0
    target: float = 1.0
    one_sided: bool = False
    every: int = 1

    def __call__(
        self, critic: Critic, *, real: Float[Tensor, "batch ..."], fake: Float[Tensor, "batch ..."],
        rng: torch.Generator,
    ) -> Float[Tensor, ""]:  # fmt: skip
        """The weighted penalty on one batch."""
        mix = torch.rand(len(real), *[1] * (real.ndim - 1), generator=rng, device=real.device, dtype=real.dtype)
        excess = gradient_norms(critic, torch.lerp(real, fake, mix)) - self.target
        return self.weight * (relu(excess) if self.one_sided else excess).square().mean()


@dataclass(frozen=True)
class R1:
    """weight / 2 · E ‖∇D(x)‖² at real samples, evaluated lazily: every few steps, and as many times stronger.

    Source: Mescheder et al., ICML 2018, equation 9; lazy: Karras et al., StyleGAN2, CVPR 2020, section 3.1.
    """

    weight: float = 1.0
    every: int = 16

    def __call__(
        self, critic: Critic, *, real: Float[Tensor, "batch ..."], fake: Float[Tensor, "batch ..."],
        rng: torch.Generator,
    ) -> Float[Tensor, ""]:  # fmt: skip
        """The weighted penalty on one batch."""
        return self.every * self.weight / 2 * gradient_norms(critic, real).square().mean()


@dataclass(frozen=True)
class OrthogonalPenalty:
    """weight · Σ ‖W Wᵀ ⊙ (1 - I)‖²_F: rows of each weight matrix are pushed apart, their lengths left free.

    Source: Brock et al., BigGAN, ICLR 2019, equation 3.
    """

    weight: float = 1e-4

    def __call__(self, critic: nn.Module) -> Float[Tensor, ""]:
        """The weighted penalty over every matrix and every convolution kernel."""
        matrices = [weight.flatten(1) for weight in critic.parameters() if weight.ndim > 1]
        products = [rows @ rows.T for rows in matrices]
        return self.weight * torch.stack([(gram - gram.diag().diag()).square().sum() for gram in products]).sum()


def normalise_spectrally(network: nn.Module, *, generator: torch.Generator) -> None:
    """Divide every linear and convolutional weight by its largest singular value, from now on at every forward pass.

    Source: Miyato et al., ICLR 2018, section 2.1. The library draws its first vectors from the global generator, which
    is put back afterwards.
    """
    seed = int(torch.randint(2**31, (), generator=generator, device=generator.device))
    with torch.random.fork_rng(devices=[generator.device] if generator.device.type == "cuda" else []):
        torch.manual_seed(seed)
        for layer in list(network.modules()):
            if isinstance(layer, nn.Linear | nn.modules.conv._ConvNd):
                spectral_norm(layer)


@dataclass(frozen=True)
class WeightClipping:
    """Every weight of the critic is cut to ±limit, which makes it Lipschitz with some unknown constant.

    Source: Arjovsky et al., ICML 2017, algorithm 1, who call it "a clearly terrible way".
    """

    limit: float = 0.01

    @torch.no_grad()
    def __call__(self, critic: nn.Module) -> None:
        """Cut the weights in place."""
        for weight in critic.parameters():
            weight.clamp_(-self.limit, self.limit)


PENALTIES: dict[str, type[Penalty] | type[WeightPenalty] | type[Constraint]] = {
    "gradient_penalty": GradientPenalty,
    "dragan": NeighbourhoodPenalty,
    "r1": R1,
    "orthogonal": OrthogonalPenalty,
    "weight_clipping": WeightClipping,
}
"""Every penalty by name; each belongs to the field of the recipe that has its type."""
