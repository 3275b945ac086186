"""A lesson: the smallest GAN there is, a line against a parabola, learns a Gaussian's mean and deviation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.adversarial import AdversarialRecipe, Players, train_adversarial
from models.latents import normal
from models.losses import NonSaturating
from models.reporting import Report, silent
from pipeline.figures.style import Picture
from pipeline.randomness import torch_generator
from pipeline.textbook.base import Chapter
from pipeline.textbook.gaussian_figures import draw_courses, draw_moments

CLOSE = 0.1
"""Largest error of a mean or deviation that counts as found."""
LOOKS = 40
"""How often each run is examined."""


class LinearGenerator(nn.Module):
    """x = deviation · z + mean, from the standard normal distribution on."""

    def __init__(self) -> None:
        """Start at mean 0 and deviation 1."""
        super().__init__()
        self.mean, self.deviation = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.ones(1))

    def forward(self, latent: Float[Tensor, "batch 1"]) -> Float[Tensor, "batch 1"]:
        """Samples."""
        return self.mean + self.deviation * latent


class QuadraticCritic(nn.Module):
    """f(x) = a x² + b x + c: the log-ratio of two Gaussians is exactly of this form."""

    def __init__(self) -> None:
        """Start without an opinion."""
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(3))

    def forward(self, samples: Float[Tensor, "batch 1"]) -> Float[Tensor, " batch"]:
        """Scores."""
        return torch.cat([samples.square(), samples, torch.ones_like(samples)], dim=1) @ self.weights


@dataclass(frozen=True, eq=False)
class _Course:
    """One run: where it was at each look."""

    steps: tuple[int, ...]
    places: Float[np.ndarray, "look 2"]
    """Mean and deviation of the averaged generator."""
    critics: Float[np.ndarray, "look 3"]


@dataclass(frozen=True)
class Gaussian:
    """The Gaussian GAN of the lectures over several seeds."""

    mean: float = 3.0
    deviation: float = 0.5
    seeds: int = 10
    steps: int = 600
    batch: int = 256
    critic_steps: int = 5
    generator_rate: float = 0.01
    critic_rate: float = 0.04

    def __post_init__(self) -> None:
        """Refuse a distribution without spread, and runs too short to look at."""
        if self.deviation <= 0 or self.seeds < 1 or self.steps < LOOKS:
            raise ValueError(
                f"deviation must be positive, seeds at least 1 and steps at least {LOOKS}, "
                f"got {self.deviation}, {self.seeds}, {self.steps}"
            )

    def run(self, rng: np.random.Generator, digits: Path | None = None, report: Report = silent) -> Chapter:
        """Train every seed and measure how far its mean and deviation are off."""
        courses = [self._course(torch_generator(rng), report) for _ in range(self.seeds)]
        ends = np.stack([course.places[-1] for course in courses])
        errors = np.abs(ends - (self.mean, self.deviation))
        return Chapter(
            title="The smallest GAN: one Gaussian",
            question="Does a GAN with two numbers in its generator and three in its critic find a Gaussian?",
            answer=(
                f"{'Yes' if errors.max() < CLOSE else 'Not every time'}. Over {self.seeds} "
                f"seed{'s' if self.seeds > 1 else ''} the mean is off by {errors[:, 0].mean():.3f} (at most "
                f"{errors[:, 0].max():.3f}) and the deviation by {errors[:, 1].mean():.3f} (at most "
                f"{errors[:, 1].max():.3f}), where the truth is {self.mean:g} and {self.deviation:g}."
            ),
            story=STORY,
            pictures=self._pictures(courses),
            tables={"Where each seed ends": _table(ends, errors)},
            metrics={
                "mean_error": float(errors[:, 0].mean()),
                "mean_error_worst": float(errors[:, 0].max()),
                "deviation_error": float(errors[:, 1].mean()),
                "deviation_error_worst": float(errors[:, 1].max()),
            },
            sources=("Goodfellow et al., Generative adversarial nets, NeurIPS 2014, section 3 and figure 1",),
        )

    def _course(self, draws: torch.Generator, report: Report) -> _Course:
        recipe = AdversarialRecipe(
            loss=NonSaturating(), penalties=(), steps=self.steps, critic_steps=self.critic_steps, batch=self.batch,
            generator_rate=self.generator_rate, critic_rate=self.critic_rate, average=0.99,
        )  # fmt: skip
        generator, critic = LinearGenerator(), QuadraticCritic()
        players = Players(generator, critic, recipe)
        steps = tuple(self.steps * look // LOOKS for look in range(LOOKS + 1))
        places, critics = [(0.0, 1.0)], [np.zeros(3)]
        for step in steps[1:]:
            learnt = train_adversarial(
                players, replace(recipe, steps=step), self._draw, normal(1), draws, report
            ).state_dict()
            places.append((float(learnt["mean"]), abs(float(learnt["deviation"]))))
            critics.append(critic.weights.detach().numpy().copy())
        return _Course(steps, np.array(places), np.array(critics))

    def _draw(self, count: int, rng: torch.Generator) -> Sequence[Tensor]:
        return (self.mean + self.deviation * torch.randn(count, 1, generator=rng),)

    def _pictures(self, courses: Sequence[_Course]) -> tuple[Picture, ...]:
        truth = (self.mean, self.deviation)
        first = courses[0]
        return (
            Picture("densities", "Densities and the critic at four moments",
                    "Density of the data, of the generator, and the critic's probability of real, at four moments.",
                    partial(draw_moments, first.steps, first.places, first.critics, truth)),
            Picture("courses", "Mean and deviation over training",
                    "Mean and deviation of the averaged generator over training, one line a seed, truth dashed.",
                    partial(draw_courses, first.steps, [course.places for course in courses], truth)),
        )  # fmt: skip


STORY = (
    "The generator is a line, x = deviation · z + mean; the critic a parabola in x, the form that the log-ratio of two "
    "Gaussians has, so that it can be perfect. Both are trained by the project's own adversarial loop with the "
    "non-saturating loss and five critic steps a generator step; what is reported is the moving average of the "
    "generator.",
    "First the critic leans to one side and the generator's mean runs after it. On the way the deviation shrinks, for "
    "all samples are pulled to the same side, and grows back once the means agree. In the end the critic's curve lies "
    "near one half: it can no longer tell who is who. That is the equilibrium of the theory.",
    "Take home: even here the path is no straight descent. The players circle the solution and it is the average of "
    "the path that settles.",
)


def _table(ends: np.ndarray, errors: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "seed": range(len(ends)),
            "mean": ends[:, 0].round(3),
            "deviation": ends[:, 1].round(3),
            "error of the mean": errors[:, 0].round(3),
            "error of the deviation": errors[:, 1].round(3),
        }
    )
