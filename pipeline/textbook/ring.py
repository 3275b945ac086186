"""A lesson: the ring of Gaussians, on which a plain GAN drops modes, and four ways to keep them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.adversarial import AdversarialRecipe, Players, train_adversarial
from models.latents import normal
from models.losses import NonSaturating, Wasserstein
from models.monitor import Monitor, Thresholds
from models.penalties import GradientPenalty
from models.reporting import Report, TrainingDiverged, silent
from models.stabilizers import Unrolled
from pipeline.randomness import torch_generator
from pipeline.textbook.base import Chapter
from pipeline.textbook.gaussian_ring import GaussianRing
from pipeline.textbook.perceptron import Perceptron
from pipeline.textbook.ring_chapter import RingRun, told
from pipeline.textbook.ring_figures import EDGE

LATENT = 64
WIDTH = 128
SAMPLES = 2000
"""Samples by which a generator is judged."""
NARROW = 0.4
"""Spread of the fakes, as a part of the ring's, at which the monitor speaks: a few of its modes spread that far."""
KERNELS = 8
"""Features of minibatch discrimination."""

PLAIN = AdversarialRecipe(
    loss=NonSaturating(), penalties=(), critic_steps=1, batch=128, generator_rate=2e-3, critic_rate=1e-4,
    betas=(0.9, 0.999), average=0.0, vital_signs=True, report_every=20,
)  # fmt: skip
"""A generator twenty times as fast as its critic, with momentum: it runs where the critic has not looked yet."""

REMEDIES: dict[str, tuple[str, AdversarialRecipe]] = {
    "plain": ("plain_steps", PLAIN),
    "unrolled": ("unrolled_steps", replace(PLAIN, unrolled=Unrolled(steps=5, rate=0.1))),
    "minibatch": ("minibatch_steps", replace(PLAIN, one_pass=False)),
    "wgan_gp": (
        "wgan_gp_steps",
        replace(
            PLAIN, loss=Wasserstein(), penalties=(GradientPenalty(weight=1.0),), critic_steps=3,
            generator_rate=5e-4, critic_rate=1e-3, betas=(0.5, 0.9),
        ),
    ),
}  # fmt: skip
"""What is compared: the setting that says for how many steps, and the recipe. To add one: add its line."""


class _Critic(nn.Module):
    """One number a sample."""

    def __init__(self, kernels: int, generator: torch.Generator) -> None:
        super().__init__()
        self.network = Perceptron((2, WIDTH, WIDTH, 1), nn.ReLU, kernels, generator=generator)

    def forward(self, samples: Float[Tensor, "batch 2"]) -> Float[Tensor, " batch"]:
        return self.network(samples)[:, 0]


@dataclass(frozen=True)
class Ring:
    """Which modes of a ring a generator keeps, with and without remedies: same networks, same data."""

    ring: GaussianRing = field(default_factory=GaussianRing)
    seeds: int = 2
    plain_steps: int = 2000
    unrolled_steps: int = 1200
    minibatch_steps: int = 1500
    wgan_gp_steps: int = 2000
    looks: int = 10
    """How often each generator is examined."""

    def __post_init__(self) -> None:
        """Refuse what no picture could show."""
        if self.seeds < 1 or self.looks < 1:
            raise ValueError(f"seeds and looks must be at least 1, got {self.seeds} and {self.looks}")
        for name, (setting, _) in REMEDIES.items():
            if getattr(self, setting) < self.looks:
                raise ValueError(f"{name} needs at least {self.looks} steps, got {getattr(self, setting)}")

    def run(self, rng: np.random.Generator, digits: Path | None = None, report: Report = silent) -> Chapter:
        """Train every remedy with every seed."""
        seeds = [int(seed) for seed in rng.integers(2**31, size=self.seeds)]
        runs = {
            name: tuple(
                self._trained(name, replace(recipe, steps=getattr(self, steps)), seed, report) for seed in seeds
            )
            for name, (steps, recipe) in REMEDIES.items()
        }
        return told(self.ring, runs)

    def _trained(self, name: str, recipe: AdversarialRecipe, seed: int, report: Report) -> RingRun:
        """One generator, examined now and then; where training breaks down, what it was until then."""
        draws = torch_generator(np.random.default_rng(seed))
        generator = Perceptron((LATENT, WIDTH, WIDTH, 2), nn.Tanh, generator=draws)
        critic = _Critic(KERNELS if name == "minibatch" else 0, draws)
        players = Players(generator, critic, recipe)
        curve: list[tuple[int, Mapping[str, float]]] = []
        words: list[str] = []
        listen = _listener(curve, words, name, report)
        steps = [recipe.steps * look // self.looks for look in range(self.looks + 1)]
        seen = [_samples(generator, seed)]
        for step in steps[1:]:
            try:
                train_adversarial(players, replace(recipe, steps=step), self.ring.draw, normal(LATENT), draws, listen)
            except TrainingDiverged as failure:
                words.append(str(failure))
                break
            seen.append(_samples(generator, seed))
        return RingRun(tuple(steps[: len(seen)]), tuple(seen), tuple(curve), tuple(words), _surface(critic))


def _listener(curve: list[tuple[int, Mapping[str, float]]], words: list[str], name: str, then: Report) -> Report:
    """Keeps the losses, and what the monitor says of them."""
    thresholds = Thresholds(diversity=NARROW, critic_loss=None if name == "wgan_gp" else 0.05)
    monitor = Monitor(words.append, thresholds, then)

    def listen(step: int, values: Mapping[str, float]) -> None:
        curve.append((step, dict(values)))
        monitor(step, values)

    return listen


@torch.no_grad()
def _samples(generator: nn.Module, seed: int) -> Float[np.ndarray, "count 2"]:
    """The same latents every time: what moves is the generator."""
    return generator(torch.randn(SAMPLES, LATENT, generator=torch.Generator().manual_seed(seed))).numpy()


@torch.no_grad()
def _surface(critic: nn.Module, points: int = 81) -> Float[np.ndarray, "row column"]:
    """The critic's scores over the plane, rows from low to high.

    Scored in batches about as large as those of training, each spread over the plane: a critic that compares the
    samples of a batch knows no other company, and would need the square of all points at once.
    """
    line = torch.linspace(-EDGE, EDGE, points)
    y, x = torch.meshgrid(line, line, indexing="ij")
    plane = torch.stack([x.flatten(), y.flatten()], dim=1)
    scores = torch.empty(len(plane))
    batches = -(-len(plane) // PLAIN.batch)
    for first in range(batches):
        scores[first::batches] = critic(plane[first::batches])
    return scores.reshape(points, points).numpy()
