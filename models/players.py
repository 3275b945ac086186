"""Who plays an adversarial game and by which rules: the frozen recipe, and everything that training changes."""

import functools
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from models.critics import mixes_batch, normalises_batch
from models.generator_terms import GeneratorTerm
from models.losses import AdversarialLoss, Balance, BoundaryEquilibrium, Wasserstein
from models.penalties import Constraint, GradientPenalty, Penalty, WeightClipping, WeightPenalty
from models.stabilizers import MovingAverage, ReplayPool, Unrolled, View


@dataclass(frozen=True)
class AdversarialRecipe:
    """How two players are trained. The defaults are WGAN-GP (Gulrajani et al., NeurIPS 2017) with an averaged G."""

    loss: AdversarialLoss | BoundaryEquilibrium = field(default_factory=Wasserstein)
    penalties: tuple[Penalty, ...] = (GradientPenalty(),)
    weight_penalties: tuple[WeightPenalty, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    generator_terms: tuple[GeneratorTerm, ...] = ()
    """What the generator minimises beside its adversarial loss: the distance to a paired target."""
    views: tuple[View, ...] = ()
    """How the critic is shown samples, one after the other: instance noise, DiffAugment."""
    swapped: float = 0.0
    """Part of the pairs of real and fake samples whose labels are swapped for the critic."""
    replay: int = 0
    """Fakes kept to remind the critic of; 0 for none."""
    unrolled: Unrolled | None = None
    """Critic steps that the generator looks ahead."""
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
    """Report, beside the losses, what a monitor reads: the generator's gradient, the diversity of its fakes, and once,
    with the first report, how many weights each player has."""

    def __post_init__(self) -> None:
        """Refuse numbers that cannot train, and remedies that exclude each other."""
        for name in ("steps", "critic_steps", "batch", "generator_rate", "critic_rate", "report_every"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")
        for name, kind in _KINDS.items():
            for part in getattr(self, name):
                if not isinstance(part, kind) or isinstance(part, type):
                    raise ValueError(f"{name} must hold objects of the type {kind.__name__}, got {part!r}")
        for part in (*self.weight_penalties, *self.constraints):
            if isinstance(part, Penalty):
                raise ValueError(f"{part!r} looks at samples: it belongs to penalties")
        if not isinstance(self.loss, AdversarialLoss | BoundaryEquilibrium) or isinstance(self.loss, type):
            raise ValueError(f"loss must be an object such as Hinge(), got {self.loss!r}")
        if not 0 <= self.swapped < 0.5:
            raise ValueError(f"swapped must lie in [0, 0.5): half of all labels say nothing, got {self.swapped}")
        if self.replay and self.replay < self.batch // 2:
            raise ValueError(f"replay must hold at least half a batch of {self.batch}, got {self.replay}")
        if self.has(WeightClipping) and self.has(GradientPenalty):
            raise ValueError("weight clipping and a gradient penalty do the same job against each other: choose one")
        if self.unrolled and isinstance(self.loss, BoundaryEquilibrium):
            raise ValueError("an unrolled critic would move the equilibrium's balance ahead of time: choose one")

    def has(self, kind: type) -> bool:
        """Whether a penalty or a constraint of this kind is part of it."""
        return any(isinstance(part, kind) for part in (*self.penalties, *self.constraints))


_KINDS = {
    "penalties": Penalty,
    "weight_penalties": WeightPenalty,
    "constraints": Constraint,
    "generator_terms": GeneratorTerm,
    "views": View,
}


class Players:
    """Everything that changes during training: two networks, their optimisers, the average, the step."""

    def __init__(self, generator: nn.Module, critic: nn.Module, recipe: AdversarialRecipe) -> None:
        """Training starts at step 0 with fresh optimisers.

        Raises:
            ValueError: the recipe contradicts the critic.
        """
        _require_fitting(critic, recipe)
        adam = functools.partial(torch.optim.Adam, betas=recipe.betas, fused=True)
        self.generator, self.critic = generator.train(), critic.train()
        self.weights_g, self.weights_c = list(generator.parameters()), list(critic.parameters())
        self.optimiser_g = adam(self.weights_g, lr=recipe.generator_rate)
        self.optimiser_c = adam(self.weights_c, lr=recipe.critic_rate)
        self.average = MovingAverage(generator, recipe.average)
        device = self.weights_g[0].device
        self.loss = recipe.loss.started(device) if isinstance(recipe.loss, BoundaryEquilibrium) else recipe.loss
        self.pool = ReplayPool(recipe.replay) if recipe.replay else None
        self.step = 0
        self.rolled_back = 0
        """How often the run has gone back to a checkpoint with lower rates."""
        self.unreported = 0
        """Steps since the last report."""
        self.losses = torch.zeros(2, device=device)
        """Sums of both players' losses over these steps."""

    def networks(self) -> dict[str, nn.Module]:
        """Everything with weights, by its role."""
        return {"generator": self.generator, "critic": self.critic, "average": self.average.network}

    def sizes(self) -> dict[str, float]:
        """How many weights each player learns."""
        count = {"generator": self.weights_g, "critic": self.weights_c}
        return {f"{role}_weights": float(sum(weight.numel() for weight in own)) for role, own in count.items()}

    def finite(self) -> bool:
        """Whether every weight of both players is a finite number; waits for the device."""
        lengths = torch.stack(torch._foreach_norm([*self.weights_g, *self.weights_c]))
        return bool(lengths.isfinite().all())

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
            "rolled_back": self.rolled_back,
            "unreported": self.unreported,
            "losses": self.losses,
            "balance": self.loss.weight if isinstance(self.loss, Balance) else None,
            "pool": (self.pool.samples, self.pool.filled) if self.pool else None,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue where ``state_dict`` was called."""
        self.generator.load_state_dict(state["generator"])
        self.critic.load_state_dict(state["critic"])
        self.optimiser_g.load_state_dict(state["optimiser_g"])
        self.optimiser_c.load_state_dict(state["optimiser_c"])
        self.average.network.load_state_dict(state["average"])
        self.average.updates = state["average_updates"]
        self.step, self.rolled_back, self.unreported = state["step"], state["rolled_back"], state["unreported"]
        self.losses = state["losses"].to(self.losses.device, copy=True)
        if isinstance(self.loss, Balance):
            self.loss.weight = state["balance"].to(self.losses.device)
        if self.pool:
            samples, self.pool.filled = state["pool"]
            self.pool.samples = None if samples is None else samples.to(self.losses.device, copy=True)


def _require_fitting(critic: nn.Module, recipe: AdversarialRecipe) -> None:
    if recipe.one_pass and mixes_batch(critic):
        raise ValueError("this critic compares the samples of a batch: set one_pass=False, real and fake apart")
    if recipe.has(GradientPenalty) and normalises_batch(critic):
        raise ValueError(
            "a gradient penalty needs scores that depend on one sample each: replace batch by layer normalisation"
        )
    if recipe.has(WeightClipping) and any(is_parametrized(module) for module in critic.modules()):
        raise ValueError("weight clipping and spectral normalisation do the same job against each other: choose one")
