"""CPU seconds and memory of the adversarial loop beside plain ones.

    python tests/benchmarks/adversarial.py [GAME ...]

Same networks, same data, same batch, same number of steps, one thread; turns are taken and minima compared. The plain
loops are what tutorials print: a ``DataLoader``, noise drawn anew and a generator run for each player, every score in
its own pass, gradients of all weights, Adam as it comes, ``item()`` at every step.

  careful    detaches the fakes from the generator while the critic learns
  published  forgets to, as widely copied ones do (yunjey/pytorch-tutorial, lyeoni/pytorch-mnist-GAN): the critic's
             loss runs back through the generator, in vain
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from time import process_time

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate
from torch.utils.data import DataLoader, TensorDataset

from models.adversarial import AdversarialRecipe, Players, train_adversarial
from models.latents import normal
from models.losses import NonSaturating, Wasserstein
from models.sequence_code import SequenceCode
from models.sequence_gan import LATENT, SequenceCritic, SequenceGenerator

RATE = 2e-4


@dataclass
class Game:
    """Two networks, what they are told, and the rules."""

    generator: nn.Module
    critic: nn.Module
    data: tuple[Tensor, ...]
    """Samples, then conditions."""
    latent: int
    steps: int
    """Of the generator, per turn."""
    recipe: AdversarialRecipe = field(
        default_factory=lambda: AdversarialRecipe(
            loss=NonSaturating(), penalties=(), critic_steps=1, generator_rate=RATE, critic_rate=RATE, average=0.0
        )
    )


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def mlp(*sizes: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.LeakyReLU(0.2)]
    return layers[:-1]


def digit_images(count: int, side: int) -> Tensor:
    small = torch.from_numpy(load_digits().images).float()[:, None] / 16
    images = interpolate(small, size=(side, side), mode="bilinear").clamp(0, 1)
    return images.repeat(-(-count // len(images)), 1, 1, 1)[:count]


def digits() -> Game:
    """The fully connected GAN of the lecture on a set of MNIST's size."""
    generator = nn.Sequential(*mlp(100, 500, 500, 784), nn.Sigmoid())
    return Game(generator, nn.Sequential(*mlp(784, 500, 500, 1)), (digit_images(60_000, 28).flatten(1),), 100, 20)


def ring() -> Game:
    angles = torch.arange(20_000) % 8 * (torch.pi / 4)
    points = torch.stack([angles.cos(), angles.sin()], dim=1) + 0.02 * torch.randn(20_000, 2)
    return Game(nn.Sequential(*mlp(16, 128, 128, 2)), nn.Sequential(*mlp(2, 128, 128, 1)), (points,), 16, 100)


def dcgan() -> Game:
    """Strided convolutions and batch normalisation in both players."""
    generator = nn.Sequential(
        nn.Unflatten(1, (32, 1, 1)),
        nn.ConvTranspose2d(32, 32, 4, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
        nn.ConvTranspose2d(32, 16, 4, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        nn.ConvTranspose2d(16, 1, 4, 2, 1), nn.Sigmoid(),
    )  # fmt: skip
    critic = nn.Sequential(
        nn.Conv2d(1, 16, 4, 2, 1), nn.LeakyReLU(0.2),
        nn.Conv2d(16, 32, 4, 2, 1, bias=False), nn.BatchNorm2d(32), nn.LeakyReLU(0.2),
        nn.Conv2d(32, 1, 4), nn.Flatten(),
    )  # fmt: skip
    game = Game(generator, critic, (digit_images(10_000, 16),), 32, 10)
    return replace(game, recipe=replace(game.recipe, one_pass=False))


def sequence() -> Game:
    """The class-conditional WGAN-GP on whitened sequences, with its own recipe."""
    rng = torch.Generator().manual_seed(0)
    sequences, anchors = torch.randn(4000, 20, 4, generator=rng).cumsum(1), torch.randn(4000, 4, generator=rng)
    code = SequenceCode.fitted(sequences, anchors, components=16)
    generator = SequenceGenerator(code, 8, 128, generator=rng)
    critic = SequenceCritic(code.size, 8, 128, generator=rng)
    # The plain loops keep no average.
    recipe = AdversarialRecipe(generator_rate=2e-3, critic_rate=2e-3, betas=(0.0, 0.9), average=0.99)
    return Game(generator, critic, (code.encode(sequences, anchors), torch.eye(8).repeat(500, 1)), LATENT, 20, recipe)


GAMES: dict[str, Callable[[], Game]] = {"digits": digits, "ring": ring, "dcgan": dcgan, "sequence": sequence}


def plain(game: Game, detach: bool) -> Callable[[], None]:
    """One turn of a tutorial's loop."""
    generator, critic, recipe = game.generator, game.critic, game.recipe
    adam_g = torch.optim.Adam(generator.parameters(), lr=recipe.generator_rate, betas=recipe.betas)
    adam_c = torch.optim.Adam(critic.parameters(), lr=recipe.critic_rate, betas=recipe.betas)
    batches = endless(DataLoader(TensorDataset(*game.data), batch_size=recipe.batch, shuffle=True, drop_last=True))
    history: list[tuple[float, float]] = []

    def turn() -> None:
        for _ in range(game.steps):
            for _ in range(recipe.critic_steps):
                real, *given = next(batches)
                fake = generator(torch.randn(len(real), game.latent), *given)
                fake = fake.detach() if detach else fake
                adam_c.zero_grad()
                critic_loss = plain_critic_loss(game, real, fake, given)
                critic_loss.backward()
                adam_c.step()
            adam_g.zero_grad()
            scores = critic(generator(torch.randn(len(real), game.latent), *given), *given)
            generator_loss = -scores.mean() if is_wasserstein(game) else cross_entropy(scores, 1.0)
            generator_loss.backward()
            adam_g.step()
            history.append((critic_loss.item(), generator_loss.item()))

    return turn


def plain_critic_loss(game: Game, real: Tensor, fake: Tensor, given: list[Tensor]) -> Tensor:
    real_scores, fake_scores = game.critic(real, *given), game.critic(fake, *given)
    if not is_wasserstein(game):
        return cross_entropy(real_scores, 1.0) + cross_entropy(fake_scores, 0.0)
    mix = torch.rand(len(real), 1)
    between = (mix * real + (1 - mix) * fake).detach().requires_grad_(True)
    scores = game.critic(between, *given)
    (slope,) = torch.autograd.grad(
        scores, between, grad_outputs=torch.ones_like(scores), create_graph=True, retain_graph=True
    )
    return fake_scores.mean() - real_scores.mean() + 10 * ((slope.norm(2, dim=1) - 1) ** 2).mean()


def is_wasserstein(game: Game) -> bool:
    return isinstance(game.recipe.loss, Wasserstein)


def cross_entropy(scores: Tensor, label: float) -> Tensor:
    return binary_cross_entropy_with_logits(scores, torch.full_like(scores, label))


def endless(loader: DataLoader[tuple[Tensor, ...]]) -> Iterator[list[Tensor]]:
    while True:
        yield from loader


def ours(game: Game) -> Callable[[], None]:
    """One turn of ``train_adversarial``."""
    players, rng = Players(game.generator, game.critic, game.recipe), torch.Generator().manual_seed(0)

    def draw_real(count: int, rng: torch.Generator) -> tuple[Tensor, ...]:
        index = torch.randint(len(game.data[0]), (count,), generator=rng)
        return tuple(part.index_select(0, index) for part in game.data)

    def turn() -> None:
        recipe = replace(game.recipe, steps=players.step + game.steps)
        train_adversarial(players, recipe, draw_real, normal(game.latent), rng)

    return turn


LOOPS: dict[str, Callable[[Game], Callable[[], None]]] = {
    "ours": ours,
    "careful": lambda game: plain(game, detach=True),
    "published": lambda game: plain(game, detach=False),
}


def started(game: str, loop: str) -> Callable[[], None]:
    torch.manual_seed(0)  # the same first weights for each
    return LOOPS[loop](GAMES[game]())


def compare(game: str, repeats: int) -> None:
    turns = {loop: started(game, loop) for loop in LOOPS}
    seconds: dict[str, list[float]] = {loop: [] for loop in LOOPS}
    for number in range(repeats + 1):
        for loop, turn in turns.items():
            begin = process_time()
            turn()
            if number:  # the first turn warms up
                seconds[loop].append(process_time() - begin)
    best = {loop: min(times) for loop, times in seconds.items()}
    memory = {loop: peak_mb(game, loop) for loop in LOOPS}
    steps = GAMES[game]().steps
    say(f"{game}: ours {1000 * best['ours'] / steps:.2f} ms a step, {memory['ours']:.0f} MB at most")
    for loop in ("careful", "published"):
        say(f"  {loop}: {best[loop] / best['ours']:.2f} times our CPU seconds, {memory[loop]:.0f} MB")


def peak_mb(game: str, loop: str) -> float:
    """Of a process that does nothing else (Linux)."""
    command = [sys.executable, __file__, "--memory", game, loop]
    return float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def own_peak_mb() -> float:
    # Not ``getrusage``: on Linux its maximum survives the exec, so that a child inherits the peak of its parent.
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def main(arguments: list[str]) -> None:
    torch.set_num_threads(1)
    if arguments[:1] == ["--memory"]:
        turn = started(*arguments[1:])
        turn()
        say(str(own_peak_mb()))
        return
    for game in arguments or GAMES:
        compare(game, repeats=6)


if __name__ == "__main__":
    main(sys.argv[1:])
