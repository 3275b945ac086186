"""A lesson: the trained critic is p / (p + q), its value 2 JSD(p, q) - log 4; and what Wasserstein does instead."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from scipy.special import expit
from torch import nn

from models.losses import AdversarialLoss, Minimax, Wasserstein
from models.penalties import GradientPenalty
from models.reporting import Report, silent
from pipeline.figures.style import Picture
from pipeline.randomness import torch_generator
from pipeline.textbook.base import Chapter
from pipeline.textbook.known_densities import LINE, Mixture, jensen_shannon, optimal_critic, value_of
from pipeline.textbook.optimal_critic_figures import draw_critic, draw_values
from pipeline.textbook.perceptron import Perceptron

DATA = Mixture(means=(-2.0, 2.0), deviation=0.8)
GENERATED = Mixture(means=(1.0,), deviation=1.5)
"""The pair whose critic is drawn: a generator that covers two modes with one."""

PRESENT = 0.01
"""The critic is compared where one of the densities is at least this high: it learns nothing elsewhere."""


@dataclass(frozen=True)
class OptimalCritic:
    """A flexible critic between two fixed densities, beside what theory says of it."""

    distances: tuple[float, ...] = (0.0, 0.5, 1.0, 2.0, 4.0, 6.0)
    """Means of the generated Gaussian; the data's is 0, both deviations 1."""
    steps: int = 1000
    batch: int = 512
    width: int = 32
    rate: float = 1e-2
    lipschitz_weight: float = 150.0
    """Weight of the one-sided gradient penalty of the Wasserstein critic."""

    def __post_init__(self) -> None:
        """Refuse distances outside of the picture, or none."""
        if not self.distances or not all(0 <= distance <= 6 for distance in self.distances):
            raise ValueError(f"distances must lie in [0, 6], got {list(self.distances)}")
        if self.steps < 1:
            raise ValueError(f"steps must be at least 1, got {self.steps}")

    def run(self, rng: np.random.Generator, digits: Path | None = None, report: Report = silent) -> Chapter:
        """Train both kinds of critic at every distance, and one on two densities that are no twins."""
        learnt = _probability(self._scores(Minimax(), DATA, GENERATED, rng, report))
        p, q = DATA.density(), GENERATED.density()
        gap = float(np.abs(learnt - optimal_critic(p, q))[np.maximum(p, q) >= PRESENT].max())
        table = pd.DataFrame([self._at(distance, rng, report) for distance in self.distances])
        value_gap = float((table["value"] - table["2 JSD - log 4"]).abs().max())
        verdict = "Yes" if gap < 0.1 and value_gap < 0.02 else "Not yet"
        mover_gap = float((table["Wasserstein critic"] - table["distance"]).abs().max())
        return Chapter(
            title="What a perfect critic knows",
            question="Is the trained critic the p / (p + q) of the theory, and its value 2 JSD(p, q) - log 4?",
            answer=(
                f"{verdict}: where there is data, the learnt critic is within {gap:.3f} of p / (p + q); its value is "
                f"within {value_gap:.3f} nats of 2 JSD - log 4 at every distance{_at_equality(table)}. The "
                f"Wasserstein critic measures the distance itself, within {mover_gap:.2f}."
            ),
            story=STORY,
            pictures=_pictures(learnt, table),
            tables={"Trained critics against theory, data N(0, 1), generated N(distance, 1)": table.round(3)},
            metrics={"critic_gap": gap, "value_gap_nats": value_gap, "earth_mover_gap": mover_gap},
            sources=(
                "Goodfellow et al., Generative adversarial nets, NeurIPS 2014, proposition 1 and theorem 1",
                "Arjovsky, Chintala, Bottou, Wasserstein generative adversarial networks, ICML 2017, example 1",
                "Petzka et al., On the regularization of Wasserstein GANs, ICLR 2018, equation 8",
            ),
        )

    def _at(self, distance: float, rng: np.random.Generator, report: Report) -> dict[str, float]:
        data, generated = Mixture((0.0,)), Mixture((distance,))
        p, q = data.density(), generated.density()
        minimax = _probability(self._scores(Minimax(), data, generated, rng, report))
        wasserstein = self._scores(Wasserstein(), data, generated, rng, report)
        return {
            "distance": distance,
            "value": value_of(minimax, p, q),
            "2 JSD - log 4": 2 * jensen_shannon(p, q) - np.log(4),
            "Wasserstein critic": float(np.trapezoid(wasserstein * (p - q), LINE)),
        }

    def _scores(
        self, loss: AdversarialLoss, data: Mixture, generated: Mixture, rng: np.random.Generator, report: Report
    ) -> Float[np.ndarray, " place"]:
        """The trained critic's scores over ``LINE``; a Wasserstein critic is kept 1-Lipschitz."""
        draws = torch_generator(rng)
        critic = Perceptron((1, self.width, self.width, 1), nn.Tanh, generator=draws)
        adam = torch.optim.Adam(critic.parameters(), lr=self.rate, fused=True)
        fading = torch.optim.lr_scheduler.CosineAnnealingLR(adam, self.steps)
        penalty = GradientPenalty(self.lipschitz_weight, one_sided=True)
        for step in range(1, self.steps + 1):
            real, fake = data.draw(self.batch, draws), generated.draw(self.batch, draws)
            cost = loss.critic(real=critic(real), fake=critic(fake))
            if isinstance(loss, Wasserstein):
                cost = cost + penalty(critic, real=real, fake=fake, rng=draws)
            adam.zero_grad()
            cost.backward()
            adam.step()
            fading.step()
            if step % 200 == 0:
                report(step, {"critic_loss": cost.item()})
        with torch.no_grad():
            return critic(torch.from_numpy(LINE).float()[:, None])[:, 0].double().numpy()


STORY = (
    "No generator moves here. Two densities are fixed, and a small critic (1-32-32-1) is trained until it has nothing "
    "left to learn. For the minimax loss the best critic is p / (p + q): 1 where only data lives, 0 where only the "
    "generator does, one half where both are equal.",
    "Put that critic into the value function and it becomes 2 JSD(p, q) - log 4. When the generator equals the data it "
    "is -log 4 = -1.386. When the two hardly overlap it levels out at 0, and so does its slope, by which a generator "
    "would learn: a perfect critic teaches nothing from afar. Dots may lie a little below the curve, for no trained "
    "critic is better than the best one.",
    "A Wasserstein critic is not asked for probabilities. Kept from being steeper than 1, it measures how far the mass "
    "has to be moved, here simply the distance between the means, and its slope is the same near and far.",
    "Take home: a falling critic loss is no sign of health. Read the value as a distance: near -log 4 the players are "
    "even, near 0 the critic has won.",
)


def _probability(scores: Float[np.ndarray, " place"]) -> Float[np.ndarray, " place"]:
    return expit(scores)


def _at_equality(table: pd.DataFrame) -> str:
    equal = table.loc[table["distance"] == 0, "value"]
    return f", and {equal.iloc[0]:.3f} where generator and data are equal (-log 4 = -1.386)" if len(equal) else ""


def _pictures(learnt: Float[np.ndarray, " place"], table: pd.DataFrame) -> tuple[Picture, ...]:
    p, q = DATA.density(), GENERATED.density()
    distance, value, mover = (table[name].to_numpy() for name in ("distance", "value", "Wasserstein critic"))
    return (
        Picture("critic", "The learnt critic and p / (p + q)",
                "Densities of data and generator, and above them the learnt critic on top of the optimal one.",
                partial(draw_critic, LINE, p, q, learnt, optimal_critic(p, q))),
        Picture("value", "The value over the distance of two Gaussians",
                "Left: value of the trained minimax critic against 2 JSD - log 4 over the distance. Right: the "
                "Wasserstein critic against the earth mover's distance.", partial(draw_values, distance, value, mover)),
    )  # fmt: skip
