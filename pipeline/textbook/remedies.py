"""A lesson: two failures that need no network to be seen, a gradient that vanishes and players who circle for ever."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float

from models.reporting import Report, silent
from pipeline.figures.style import Picture
from pipeline.textbook.base import Chapter
from pipeline.textbook.bilinear_game import GAMES, play
from pipeline.textbook.known_densities import LINE, Mixture
from pipeline.textbook.remedies_figures import draw_games, draw_pulls

Pulls = dict[str, Float[np.ndarray, " distance"]]


@dataclass(frozen=True)
class Remedies:
    """What the choice of loss does to a distant generator, and what remedies do to the game x·y."""

    farthest: float = 8.0
    """Largest distance between data and generator, in deviations."""
    points: int = 33
    steps: int = 400
    rate: float = 0.1

    def __post_init__(self) -> None:
        """Refuse what leaves the line of the integrals, or no game."""
        if not 1 <= self.farthest <= 8 or self.points < 2:
            raise ValueError(f"farthest must lie in [1, 8] and points be 2 or more, got {self.farthest}, {self.points}")
        if self.steps < 1 or not 0 < self.rate < 1:
            raise ValueError(f"steps must be positive and rate lie in (0, 1), got {self.steps} and {self.rate}")

    def run(self, rng: np.random.Generator, digits: Path | None = None, report: Report = silent) -> Chapter:
        """All of it in closed form or by a few multiplications; the start of the game is drawn from ``rng``."""
        distances = np.linspace(0, self.farthest, self.points)
        pulls = pulls_on_generator(distances)
        angle = rng.uniform(0, 2 * np.pi)
        start = np.array([np.cos(angle), np.sin(angle)])
        paths = {name: play(rule, start, self.steps, self.rate) for name, rule in GAMES.items()}
        ends = {name: float(np.linalg.norm(path[-1])) for name, path in paths.items()}
        far = {name: float(pull[-1]) for name, pull in pulls.items()}
        calm = [name for name, end in ends.items() if end < 0.5]
        return Chapter(
            title="Vanishing gradients and endless circles",
            question="Why does a perfect critic stop some generators, and why do players circle instead of agreeing?",
            answer=(
                f"At a distance of {self.farthest:g} deviations a perfect critic pulls the minimax generator by "
                f"{far['minimax']:.1e}, the non-saturating one by {far['non-saturating']:.1f} and the Wasserstein one "
                f"by {far['Wasserstein']:.1f}. In the game x·y plain gradient steps end {ends['plain']:.2g} times as "
                f"far from the solution as they began; at less than half the distance end: {', '.join(calm) or 'none'}."
            ),
            story=STORY,
            pictures=(
                Picture("pulls", "Pull of a perfect critic on the generator",
                        "Length of the generator's gradient over its distance from the data, for three losses, on a "
                        "logarithmic axis.", partial(draw_pulls, distances, pulls)),
                Picture("games", "The game x·y and its remedies",
                        "Paths of two players in the plane, one panel a rule; the solution is the middle.",
                        partial(draw_games, paths)),
            ),
            tables={
                "Distance from the solution of the game x·y, which begins at 1": pd.DataFrame(
                    {"rule": list(ends), f"after {self.steps} steps": list(ends.values())}
                )
            },
            metrics={f"pull.{name}": value for name, value in far.items()}
            | {f"game.{name.replace(' ', '_')}": value for name, value in ends.items()},
            sources=(
                "Arjovsky, Bottou, Towards principled methods for training GANs, ICLR 2017, theorems 2.4 and 2.6",
                "Mescheder, Geiger, Nowozin, Which training methods for GANs do actually converge?, ICML 2018",
                "Daskalakis et al., Training GANs with optimism, ICLR 2018, section 3",
                "Yazici et al., The unusual effectiveness of averaging in GAN training, ICLR 2019",
            ),
        )  # fmt: skip


def pulls_on_generator(distances: Float[np.ndarray, " distance"]) -> Pulls:
    """|dL/dθ| of a generator θ + z against the optimal critic of N(0, 1) and N(θ, 1), by loss.

    The optimal critic's score is log p/q = θ²/2 - θx, whose slope in x is -θ; the critic stands still while the
    generator looks at its gradient. With D the critic's probability, the losses differentiate to
    minimax E D·θ and non-saturating E (1 - D)·θ. A 1-Lipschitz critic has slope 1 at any distance but 0.
    """
    minimax, non_saturating = [], []
    for distance in distances:
        q = Mixture((float(distance),)).density()
        belief = 1 / (1 + np.exp(np.clip(distance * LINE - distance**2 / 2, -700, 700)))
        minimax.append(float(distance * np.trapezoid(q * belief, LINE)))
        non_saturating.append(float(distance * np.trapezoid(q * (1 - belief), LINE)))
    return {
        "minimax": np.array(minimax),
        "non-saturating": np.array(non_saturating),
        "Wasserstein": (distances > 0).astype(float),
    }


STORY = (
    "Left: data N(0, 1), a generator that only has to move its mean, and a critic that is already optimal, so that its "
    "score is known: log p/q. What the generator feels is the slope of its loss. log(1 - D) is flat where D is near 0, "
    "so the minimax generator is left alone exactly when it is most wrong. - log D, the non-saturating loss, turns "
    "the same critic into a pull that grows with the distance; a Wasserstein critic pulls equally from everywhere.",
    "Right: the smallest game with the shape of a GAN, one player lowers x·y and the other raises it. Its solution is "
    "(0, 0), but simultaneous gradient steps multiply the distance by √(1 + rate²) each time: the players spiral "
    "outwards, however small the rate. A penalty on the critic's slope (R1 is this, in one dimension) damps the turn. "
    "Optimism steps along twice the present gradient minus the last one. Alternating steps circle at a constant "
    "distance, and the moving average of their path finds the middle without changing the game.",
    "Take home: choose a loss that pulls from afar, and expect rotation rather than descent; penalties, optimism and "
    "an average of the generator are remedies for rotation.",
)
