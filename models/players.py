"""Who plays an adversarial game and by which rules: the frozen recipe, and everything that training changes."""

import functools
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from models.losses import AdversarialLoss, Wasserstein
from models.penalties import Constraint, GradientPenalty, Penalty, WeightClipping
from models.stabilizers import MovingAverage


@dataclass(frozen=True)
class AdversarialRecipe:
    """How two players are trained. The defaults are WGAN-GP (Gulrajani et al., NeurIPS 2017) with an averaged G."""

    loss: AdversarialLoss = field(default_factory=Wasserstein)
    penalties: tuple[Penalty, ...] = (GradientPenalty(),)
    constraints: tuple[Constraint, ...] = ()
    steps: int = 1500
    """Steps of the generator."""
    critic_steps: int = 3
    """Steps of the critic before each step of the generator."""
    batch: int = 128
    generator_rate: float = 5e-4
    critic_rate: float = 5e-4
    betas: tuple[float, float] = (0.5, 0.9)
    average: float = 0.995
    """Decay of the generator's moving average; 0 keeps the last weights."""
    one_pass: bool = True
    """Score real and fake samples in one pass; False for critics with batch statistics."""
    report_every: int = 100
    vital_signs: bool = False
    """Report, beside the losses, what a monitor reads: the generator's gradient and the diversity of its fakes."""

    def __post_init__(self) -> None:
        """Refuse numbers that cannot train, and remedies that exclude each other."""
        for name in ("steps", "critic_steps", "batch", "generator_rate", "critic_rate", "report_every"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")
        clipped = any(isinstance(constraint, WeightClipping) for constraint in self.constraints)
        if clipped and any(isinstance(penalty, GradientPenalty) for penalty in self.penalties):
            raise ValueError("weight clipping and a gradient penalty do the same job against each other: choose one")


class Players:
    """Everything that changes during training: two networks, their optimisers, the average, the step."""

    def __init__(self, generator: nn.Module, critic: nn.Module, recipe: AdversarialRecipe) -> None:
        """Training starts at step 0 with fresh optimisers.

        Raises:
            ValueError: the recipe contradicts the critic.
        """
        adam = functools.partial(torch.optim.Adam, betas=recipe.betas, fused=True)
        self.generator, self.critic = generator.train(), critic.train()
        self.weights_g, self.weights_c = list(generator.parameters()), list(critic.parameters())
        self.optimiser_g = adam(self.weights_g, lr=recipe.generator_rate)
        self.optimiser_c = adam(self.weights_c, lr=recipe.critic_rate)
        self.average = MovingAverage(generator, recipe.average)
        self.step = 0
        self.unreported = 0
        """Steps since the last report."""
        self.losses = torch.zeros(2, device=self.weights_g[0].device)
        """Sums of both players' losses over these steps."""

    def state_dict(self) -> dict[str, Any]:
        """All of it as tensors, numbers and containers of them."""
        return {
            "generator": self.generator.state_dict(),
            "critic": self.critic.state_dict(),
            "optimiser_g": self.optimiser_g.state_dict(),
            "optimiser_c": self.optimiser_c.state_dict(),
            "average": self.average.network.state_dict(),
            "average_updates": self.average.updates,
            "step": self.step,
            "unreported": self.unreported,
            "losses": self.losses,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue where ``state_dict`` was called."""
        self.generator.load_state_dict(state["generator"])
        self.critic.load_state_dict(state["critic"])
        self.optimiser_g.load_state_dict(state["optimiser_g"])
        self.optimiser_c.load_state_dict(state["optimiser_c"])
        self.average.network.load_state_dict(state["average"])
        self.average.updates = state["average_updates"]
        self.step, self.unreported = state["step"], state["unreported"]
        self.losses = state["losses"].to(self.losses.device, copy=True)
