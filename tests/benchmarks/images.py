"""How fast image GANs train, beside plain training steps of the same networks.

    OMP_NUM_THREADS=1 python tests/benchmarks/images.py [pix2pix] [cycle_gan] [--size PX] [--batch N] [--trials N]

CPU seconds per step on one thread, the least of a few trials that take turns. The plain steps are what one writes
after the papers: float32, ``torch.optim.Adam``, real and fake apart, losses read after every step. Ours go through
``train_adversarial`` with all it does besides: random draws, the average of the generator, reports.
Both have the same networks, objective, rates and batch.
"""

import argparse
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from time import process_time

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, l1_loss, mse_loss

from models.adversarial import train_adversarial
from models.cycle_gan import CycleGan, unpaired
from models.pix2pix import Pix2Pix, draw_no_latent
from models.players import AdversarialRecipe, Players
from models.precision import faster_precision

PIX2PIX = Pix2Pix(width=64, levels=8, halvings=3, batch=1)
CYCLE_GAN = CycleGan(width=64, blocks=9, halvings=3, batch=1)


def _rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _adam(*networks: nn.Module) -> torch.optim.Adam:
    return torch.optim.Adam([weight for net in networks for weight in net.parameters()], lr=2e-4, betas=(0.5, 0.999))


def plain_pix2pix(size: int, batch: int) -> Iterator[None]:
    """One step of Isola et al. per ``next``."""
    players = PIX2PIX.players(PIX2PIX.training(), _rng())
    generator, critic = players.generator, players.critic
    optimiser_g, optimiser_c = _adam(generator), _adam(critic)
    while True:
        code, image, known = draw_depth(size)(batch, _rng())
        fake = generator(torch.empty(batch, 0), image, known)
        real_scores, fake_scores = critic(code, image, known), critic(fake.detach(), image, known)
        loss_c = (_sure(real_scores, 1.0) + _sure(fake_scores, 0.0)) / 2
        optimiser_c.zero_grad()
        loss_c.backward()
        optimiser_c.step()
        critic.requires_grad_(False)
        loss_g = _sure(critic(fake, image, known), 1.0) + 100 * l1_loss(fake, code)
        optimiser_g.zero_grad()
        loss_g.backward()
        optimiser_g.step()
        critic.requires_grad_(True)
        yield _read(loss_c, loss_g)


def _sure(scores: Tensor, label: float) -> Tensor:
    return binary_cross_entropy_with_logits(scores, torch.full_like(scores, label))


def _read(*losses: Tensor) -> None:
    for loss in losses:
        loss.item()


def plain_cycle_gan(size: int, batch: int) -> Iterator[None]:
    """One step of Zhu et al. per ``next``: identity, pool of 50 and all."""
    players = CYCLE_GAN.players(CYCLE_GAN.training(), _rng())
    to_night, to_day = players.generator.to_night, players.generator.to_day
    critic_night, critic_day = players.critic.night, players.critic.day
    optimiser_g, optimiser_c = _adam(to_night, to_day), _adam(critic_night, critic_day)
    pools: tuple[list[Tensor], list[Tensor]] = [], []
    draw = draw_images(size)
    while True:
        night, day = draw(batch, _rng(1)), draw(batch, _rng(2))
        as_night, as_day = to_night(day), to_day(night)
        for critic in (critic_night, critic_day):
            critic.requires_grad_(False)
        loss_g = _squared(critic_night(as_night), 1.0) + _squared(critic_day(as_day), 1.0)
        loss_g = loss_g + 10 * (l1_loss(to_day(as_night), day) + l1_loss(to_night(as_day), night))
        loss_g = loss_g + 5 * (l1_loss(to_night(night), night) + l1_loss(to_day(day), day))
        optimiser_g.zero_grad()
        loss_g.backward()
        optimiser_g.step()
        optimiser_c.zero_grad()
        losses = []
        for critic, real, fake, pool in (
            (critic_night, night, as_night, pools[0]),
            (critic_day, day, as_day, pools[1]),
        ):
            critic.requires_grad_(True)
            shown = _from_pool(pool, fake.detach())
            losses.append((_squared(critic(real), 1.0) + _squared(critic(shown), 0.0)) / 2)
            losses[-1].backward()
        optimiser_c.step()
        yield _read(loss_g, *losses)


def _squared(scores: Tensor, label: float) -> Tensor:
    return mse_loss(scores, torch.full_like(scores, label))


def _from_pool(pool: list[Tensor], fake: Tensor) -> Tensor:
    if len(pool) < 50:
        pool.append(fake)
        return fake
    if random.random() < 0.5:
        return fake
    place = random.randrange(50)
    pool[place], older = fake, pool[place]
    return older


def draw_depth(size: int) -> Callable[[int, torch.Generator], tuple[Tensor, Tensor, Tensor]]:
    """Noise in the shape of depth, picture and mask."""

    def draw(count: int, rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        noise = 2 * torch.rand(count, 4, size, size, generator=rng) - 1
        return noise[:, :1], noise[:, 1:], torch.ones(count, 1, size, size)

    return draw


def draw_images(size: int) -> Callable[[int, torch.Generator], Tensor]:
    """Noise in the shape of pictures."""
    return lambda count, rng: 2 * torch.rand(count, 3, size, size, generator=rng) - 1


def ours(recipe: Pix2Pix | CycleGan, size: int) -> Iterator[None]:
    """One step through the adversarial loop per ``next``."""
    training = recipe.training(report_every=10**6)
    players, rng = recipe.players(training, _rng()), _rng()
    images = draw_images(size)
    draws = (draw_depth(size), draw_no_latent) if isinstance(recipe, Pix2Pix) else unpaired(images, images)
    while True:
        _advance(players, replace(training, steps=players.step + 1), draws, rng)
        yield


def _advance(
    players: Players, training: AdversarialRecipe, draws: tuple[Callable, Callable], rng: torch.Generator
) -> None:
    train_adversarial(players, training, *draws, rng)


def main(names: list[str], size: int | None, batch: int, trials: int) -> None:
    """Print CPU seconds per step, and the plain step's as a multiple of ours."""
    torch.set_num_threads(1)
    games = {"pix2pix": (PIX2PIX, plain_pix2pix, size or 256), "cycle_gan": (CYCLE_GAN, plain_cycle_gan, size or 128)}
    for name in names or games:
        recipe, plain, pixels = games[name]
        network, image = _translator(recipe), draw_images(pixels)(batch, _rng())
        precision = faster_precision(network, image)
        runs = {
            "plain": plain(pixels, batch),
            "ours, float32": ours(replace(recipe, batch=batch), pixels),
            f"ours, {precision} as chosen": ours(replace(recipe, batch=batch, precision=precision), pixels),
        }
        if isinstance(recipe, CycleGan):
            lazy = replace(recipe, batch=batch, precision=precision, identity=replace(recipe.identity, every=4))
            runs["ours, identity every 4th step"] = ours(lazy, pixels)
        least = dict.fromkeys(runs, float("inf"))
        for trial in range(trials + 1):  # the first is to warm up
            for run, steps in runs.items():
                start = process_time()
                for _ in range(4 if "4th" in run else 1):
                    next(steps)
                took = (process_time() - start) / (4 if "4th" in run else 1)
                if trial:
                    least[run] = min(least[run], took)
        print(f"{name} {pixels}x{pixels}, batch {batch}; CPU seconds per step, least of {trials}:")  # noqa: T201
        for run, seconds in least.items():
            print(f"  {seconds:7.3f}  {run}: {least['plain'] / seconds:.2f} times as fast as plain")  # noqa: T201


def _translator(recipe: Pix2Pix | CycleGan) -> nn.Module:
    generator = recipe.players(recipe.training(), _rng()).generator
    return generator.network.unet.network if isinstance(recipe, Pix2Pix) else generator.to_night.network


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", choices=["pix2pix", "cycle_gan"])
    parser.add_argument("--size", type=int)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--trials", type=int, default=3)
    given = parser.parse_args()
    main(given.names, given.size, given.batch, given.trials)
