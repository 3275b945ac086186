"""THE adversarial training loop: a generator, a critic and a frozen recipe of what each of them minimises."""

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn

from models.latents import DrawLatent
from models.players import AdversarialRecipe, Players
from models.reporting import Report, TrainingDiverged, silent
from models.stabilizers import swap_labels
from models.trained import keep, taken

__all__ = ["AdversarialRecipe", "DrawLatent", "DrawReal", "Players", "train_adversarial"]

DrawReal: TypeAlias = Callable[[int, torch.Generator], Sequence[Tensor]]
"""``draw_real(count, rng)``: real samples, then whatever both players are told about them (labels, images, ...)."""


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
        TrainingDiverged: a loss or a weight is not finite; the message gives the step.
        ValueError: ``draw_real`` gave fewer or more samples than it was asked for.
    """
    if taken(players.networks()):
        return players.average.network
    while players.step < recipe.steps:
        # 1. The critic learns to tell real from fake. Only its last batch of fakes remembers how it was made.
        for turn in range(recipe.critic_steps):
            real, *given = _full_batch(draw_real(recipe.batch, rng), recipe.batch)
            latent = draw_latent(recipe.batch, rng)
            with torch.set_grad_enabled(turn == recipe.critic_steps - 1):
                fake = players.generator(latent, *given)
            count = players.step * recipe.critic_steps + turn
            critic_loss = _critic_loss(players, recipe, real, fake.detach(), given, rng, count)
            players.optimiser_c.zero_grad()
            critic_loss.backward(inputs=players.weights_c)
            players.optimiser_c.step()
            for constraint in recipe.constraints:
                constraint(players.critic)

        # 2. The generator learns to please the improved critic, with the fakes that exist already.
        generator_loss = _generator_loss(players, recipe, real, latent, fake, given, rng)
        players.optimiser_g.zero_grad()
        generator_loss.backward(inputs=players.weights_g)
        players.optimiser_g.step()

        # 3. What is kept is the average of the generator's path.
        players.average.update(players.generator)
        players.step += 1

        # 4. Now and then: look and report.
        players.losses += torch.stack([critic_loss.detach(), generator_loss.detach()])
        players.unreported += 1
        if players.step % recipe.report_every == 0 or players.step == recipe.steps:
            signs = _vital_signs(players, real, fake) if recipe.vital_signs else {}
            if recipe.vital_signs and players.step <= recipe.report_every:  # once, with the first report
                signs |= players.sizes()
            _report(players, signs, report)
    keep(players.networks())
    return players.average.network


def _full_batch(drawn: Sequence[Tensor], count: int) -> Sequence[Tensor]:
    if any(len(part) != count for part in drawn):
        raise ValueError(
            f"draw_real gave {' and '.join(str(len(part)) for part in drawn)} where {count} samples were asked for: "
            "draw with replacement, or lower the batch"
        )
    return drawn


def _critic_loss(
    players: Players,
    recipe: AdversarialRecipe,
    real: Tensor,
    fake: Tensor,
    given: Sequence[Tensor],
    rng: torch.Generator,
    count: int,
) -> Tensor:
    """The adversarial loss of one batch plus the penalties that are due."""
    critic = players.critic
    if players.pool:
        if given:
            raise ValueError("a replay pool keeps samples, not what they were made for: set replay=0 for conditions")
        fake = players.pool.exchange(fake, rng)
    real, fake = (_shown(samples, recipe, players.step, rng) for samples in (real, fake))
    called_real, called_fake = swap_labels(real, fake, recipe.swapped, rng) if recipe.swapped else (real, fake)
    if recipe.one_pass:
        scores = critic(torch.cat([called_real, called_fake]), *(torch.cat([told, told]) for told in given))
        real_scores, fake_scores = scores.split(len(real))
    else:
        real_scores, fake_scores = critic(called_real, *given), critic(called_fake, *given)
    loss = players.loss.critic(real=real_scores, fake=fake_scores)
    for penalty in recipe.penalties:
        if count % penalty.every == 0:
            loss = loss + penalty(lambda samples: critic(samples, *given), real=real, fake=fake, rng=rng)
    for weight_penalty in recipe.weight_penalties:
        loss = loss + weight_penalty(critic)
    return loss


def _generator_loss(
    players: Players,
    recipe: AdversarialRecipe,
    real: Tensor,
    latent: Tensor,
    fake: Tensor,
    given: Sequence[Tensor],
    rng: torch.Generator,
) -> Tensor:
    """How little the critic, of today or of the near future, believes the fakes, plus the terms of the generator."""
    shown = _shown(fake, recipe, players.step, rng)
    if recipe.unrolled is None:
        loss = players.loss.generator(fake=players.critic(shown, *given))
    else:
        shown_real = _shown(real, recipe, players.step, rng)
        loss = players.loss.generator(fake=recipe.unrolled(players.critic, players.loss, shown_real, shown, given))
    for term in recipe.generator_terms:
        if players.step % term.every == 0:
            loss = loss + term(players.generator, latent=latent, fake=fake, real=real, given=given)
    return loss


def _shown(samples: Tensor, recipe: AdversarialRecipe, step: int, rng: torch.Generator) -> Tensor:
    for view in recipe.views:
        samples = view(samples, step=step, rng=rng)
    return samples


@torch.no_grad()
def _vital_signs(players: Players, real: Tensor, fake: Tensor) -> dict[str, float]:
    """Length of the generator's last gradient; spread of the last fakes as a part of the real samples' spread."""
    gradients = [weight.grad for weight in players.weights_g if weight.grad is not None]
    length = torch.stack(torch._foreach_norm(gradients)).norm()
    spread = [samples.flatten(1).std(dim=0, correction=0).mean() for samples in (fake, real)]
    return {"generator_gradient": length.item(), "diversity": (spread[0] / spread[1].clamp(min=1e-12)).item()}


def _report(players: Players, signs: dict[str, float], report: Report) -> None:
    critic_loss, generator_loss = (players.losses / players.unreported).tolist()
    players.losses.zero_()
    players.unreported = 0
    report(players.step, {"critic_loss": critic_loss, "generator_loss": generator_loss} | signs)
    if not (math.isfinite(critic_loss) and math.isfinite(generator_loss) and players.finite()):
        raise TrainingDiverged(
            f"The losses or weights are not finite at step {players.step} (critic loss {critic_loss}, generator loss "
            f"{generator_loss}): lower the learning rates, raise the penalty, or look for values in the data that are "
            "not finite."
        )
