"""THE adversarial training loop: a generator, a critic and a frozen recipe of what each of them minimises."""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import torch
from torch import Tensor, nn

from models.losses import AdversarialLoss, Wasserstein
from models.penalties import Constraint, GradientPenalty, Penalty, WeightClipping
from models.reporting import Report, TrainingDiverged, silent
from models.stabilizers import MovingAverage

DrawReal: TypeAlias = Callable[[int, torch.Generator], Sequence[Tensor]]
"""``draw_real(count, rng)``: real samples, then whatever both players are told about them (labels, images, ...)."""
DrawLatent: TypeAlias = Callable[[int, torch.Generator], Tensor]
"""``draw_latent(count, rng)``: what the generator starts from."""


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
        """Training starts at step 0 with fresh optimisers."""
        adam = functools.partial(torch.optim.Adam, betas=recipe.betas, fused=True)
        self.generator, self.critic = generator.train(), critic.train()
        self.weights_g, self.weights_c = list(generator.parameters()), list(critic.parameters())
        self.optimiser_g = adam(self.weights_g, lr=recipe.generator_rate)
        self.optimiser_c = adam(self.weights_c, lr=recipe.critic_rate)
        self.average = MovingAverage(generator, recipe.average)
        self.step = 0


def train_adversarial(
    players: Players,
    recipe: AdversarialRecipe,
    draw_real: DrawReal,
    draw_latent: DrawLatent,
    rng: torch.Generator,
    report: Report = silent,
) -> nn.Module:
    """Train both players in place until ``recipe.steps``; the averaged generator is what one samples from.

    The generator is called as ``generator(latent, *given)`` and the critic as ``critic(samples, *given)``, where
    ``given`` is what ``draw_real`` returns after the samples. All randomness comes from ``rng``, whose device is that
    of the players. Nothing waits for the device except a report.

    Raises:
        TrainingDiverged: a loss is not finite; the message gives the step.
    """
    losses = torch.zeros(2, device=rng.device)
    while players.step < recipe.steps:
        # 1. The critic learns to tell real from fake. Only its last batch of fakes remembers how it was made.
        for turn in range(recipe.critic_steps):
            real, *given = draw_real(recipe.batch, rng)
            with torch.set_grad_enabled(turn == recipe.critic_steps - 1):
                fake = players.generator(draw_latent(recipe.batch, rng), *given)
            count = players.step * recipe.critic_steps + turn
            critic_loss = _critic_loss(players.critic, recipe, real, fake.detach(), given, rng, count)
            players.optimiser_c.zero_grad()
            critic_loss.backward(inputs=players.weights_c)
            players.optimiser_c.step()
            for constraint in recipe.constraints:
                constraint(players.critic)

        # 2. The generator learns to please the improved critic, with the fakes that exist already.
        generator_loss = recipe.loss.generator(fake=players.critic(fake, *given))
        players.optimiser_g.zero_grad()
        generator_loss.backward(inputs=players.weights_g)
        players.optimiser_g.step()

        # 3. What is kept is the average of the generator's path.
        players.average.update(players.generator)
        players.step += 1

        # 4. Now and then: look and report.
        losses += torch.stack([critic_loss.detach(), generator_loss.detach()])
        if players.step % recipe.report_every == 0 or players.step == recipe.steps:
            _report(losses, players.step, recipe, report)
            losses = torch.zeros_like(losses)
    return players.average.network


def _critic_loss(
    critic: nn.Module,
    recipe: AdversarialRecipe,
    real: Tensor,
    fake: Tensor,
    given: Sequence[Tensor],
    rng: torch.Generator,
    count: int,
) -> Tensor:
    """The adversarial loss of one batch plus the penalties that are due."""
    if recipe.one_pass:
        scores = critic(torch.cat([real, fake]), *(torch.cat([told, told]) for told in given))
        real_scores, fake_scores = scores.split(len(real))
    else:
        real_scores, fake_scores = critic(real, *given), critic(fake, *given)
    loss = recipe.loss.critic(real=real_scores, fake=fake_scores)
    for penalty in recipe.penalties:
        if count % penalty.every == 0:
            loss = loss + penalty(lambda samples: critic(samples, *given), real=real, fake=fake, rng=rng)
    return loss


def _report(losses: Tensor, step: int, recipe: AdversarialRecipe, report: Report) -> None:
    since = (step - 1) % recipe.report_every + 1
    critic_loss, generator_loss = (losses / since).tolist()
    if not (math.isfinite(critic_loss) and math.isfinite(generator_loss)):
        raise TrainingDiverged(
            f"The adversarial losses are not finite at step {step} (critic {critic_loss}, generator {generator_loss}): "
            "lower the learning rates, raise the penalty, or look for values in the data that are not finite."
        )
    report(step, {"critic_loss": critic_loss, "generator_loss": generator_loss})
