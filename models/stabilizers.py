"""Remedies for unstable adversarial training that are neither a loss nor a penalty."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call

from models.losses import AdversarialLoss


class MovingAverage:
    """An exponential moving average of a network's weights: w̄ ← d·w̄ + (1 - d)·w.

    Young averages use the smaller decay (1 + t) / (10 + t), so that they forget the untrained weights quickly.
    Source: Yazici et al., ICLR 2019; the warm-up as in TensorFlow's ``ExponentialMovingAverage``.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        """Start at the network's present weights."""
        if not 0 <= decay < 1:
            raise ValueError(f"decay must lie in [0, 1), got {decay}")
        self.decay = decay
        self.updates = 0
        self.network = copy.deepcopy(network).requires_grad_(False).eval()

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move the average towards the network's weights; buffers (statistics) are copied."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        torch._foreach_lerp_(list(self.network.parameters()), list(network.parameters()), 1 - decay)
        for mean, buffer in zip(self.network.buffers(), network.buffers(), strict=True):
            mean.copy_(buffer)


@runtime_checkable
class View(Protocol):
    """How the critic is shown samples, real and fake alike; the generator learns through it."""

    def __call__(self, samples: Float[Tensor, "batch ..."], *, step: int, rng: torch.Generator) -> Tensor:
        """Samples of the same shape, differentiable."""
        ...


@dataclass(frozen=True)
class InstanceNoise:
    """Gaussian noise on whatever the critic sees, fading linearly: two distributions that overlap can be compared.

    Source: Sønderby et al., ICLR 2017, section 3.3; Arjovsky and Bottou, ICLR 2017, section 3.
    """

    deviation: float = 0.1
    steps: int = 1000
    """Steps of the generator until the noise is gone."""

    def __post_init__(self) -> None:
        """Refuse noise that is none."""
        if self.deviation <= 0 or self.steps <= 0:
            raise ValueError(f"deviation and steps must be positive, got {self.deviation} and {self.steps}")

    def __call__(self, samples: Float[Tensor, "batch ..."], *, step: int, rng: torch.Generator) -> Tensor:
        """Noisy samples, or the samples themselves once the noise has faded."""
        deviation = self.deviation * (1 - step / self.steps)
        if deviation <= 0:
            return samples
        return samples + deviation * torch.randn(samples.shape, generator=rng, device=samples.device)


def swap_labels(
    real: Float[Tensor, "batch ..."], fake: Float[Tensor, "batch ..."], part: float, rng: torch.Generator
) -> tuple[Float[Tensor, "batch ..."], Float[Tensor, "batch ..."]]:
    """Exchange each real sample with the fake beside it with probability ``part``: noisy labels, for any loss.

    Source: Chintala et al., "How to train a GAN", NeurIPS workshop 2016, point 6.
    """
    swapped = torch.rand(len(real), *[1] * (real.ndim - 1), generator=rng, device=real.device) < part
    return torch.where(swapped, fake, real), torch.where(swapped, real, fake)


class ReplayPool:
    """Fakes of the past: half of what the critic sees as fake is exchanged with them, so that it does not forget.

    Source: Shrivastava et al., CVPR 2017, section 2.3.
    """

    def __init__(self, size: int) -> None:
        """An empty pool for ``size`` samples."""
        self.size, self.filled = size, 0
        self.samples: Tensor | None = None

    def exchange(self, fake: Float[Tensor, "batch ..."], rng: torch.Generator) -> Float[Tensor, "batch ..."]:
        """The same fakes until the pool is full, from then on half of them new and half older; a coin for one fake."""
        if self.samples is None:
            self.samples = fake.new_zeros(self.size, *fake.shape[1:])
        room = min(self.size - self.filled, len(fake))
        if room:
            self.samples[self.filled : self.filled + room] = fake[:room]
            self.filled += room
            return fake
        half = len(fake) // 2 or int(torch.randint(2, (1,), generator=rng, device=rng.device))
        slots = torch.randperm(self.size, generator=rng, device=fake.device)[:half]
        older = self.samples[slots]
        self.samples[slots] = fake[:half]
        return torch.cat([older, fake[half:]])


@dataclass(frozen=True)
class Unrolled:
    """The generator learns against the critic that would come of ``steps`` more gradient steps against it.

    The gradient flows through these steps: going where the critic cannot follow pays, one point that pleases today's
    critic does not. The steps are plain gradient descent on the loss, without penalties.

    Source: Metz et al., ICLR 2017, equations 3 to 7.
    """

    steps: int = 5
    rate: float = 0.1

    def __post_init__(self) -> None:
        """Refuse to unroll nothing."""
        if self.steps <= 0 or self.rate <= 0:
            raise ValueError(f"steps and rate must be positive, got {self.steps} and {self.rate}")

    def __call__(
        self, critic: nn.Module, loss: AdversarialLoss, real: Tensor, fake: Tensor, given: Sequence[Tensor]
    ) -> Tensor:
        """Scores of the fakes by the critic of the future."""
        weights: dict[str, Tensor] = dict(critic.named_parameters())
        for _ in range(self.steps):
            scores = [functional_call(critic, weights, (samples, *given)) for samples in (real, fake)]
            value = loss.critic(real=scores[0], fake=scores[1])
            slopes = torch.autograd.grad(value, list(weights.values()), create_graph=True)
            moved = zip(weights.items(), slopes, strict=True)
            weights = {name: weight - self.rate * slope for (name, weight), slope in moved}
        return functional_call(critic, weights, (fake, *given))
