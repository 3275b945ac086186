"""A lesson: the lecture's fully connected GAN of digits, once healthy and once made sick on purpose."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float

from models.latents import normal
from models.losses import Minimax
from models.monitor import Monitor
from models.reporting import Report, silent
from pipeline.fidelity.class_balance import ClassBalance
from pipeline.fidelity.parzen import LogLikelihood
from pipeline.figures.style import Picture
from pipeline.randomness import torch_generator
from pipeline.sources.idx import CLASSES, Digits, read_digits
from pipeline.textbook.base import Chapter
from pipeline.textbook.digit_figures import balance_bars, digit_grid, loss_panels, score_lines
from pipeline.textbook.digit_gan import DigitGan, DigitMaker, noisy
from pipeline.textbook.digit_scores import Referee, Scoring, appoint_referee, nearest

SHOWN = 9
"""Digits in a row, before their last one's nearest real neighbour."""

LECTURE = replace(noisy(28), views=(), generator_rate=2e-4, critic_rate=2e-4)
"""As lectures teach it: non-saturating loss, Adam with beta1 = 0.5 at 2e-4, nothing else but an averaged generator."""
SICK = replace(LECTURE, loss=Minimax(), critic_steps=3, critic_rate=2e-3, average=0.0, report_every=13)
"""The saturating loss against a critic that takes three steps at ten times the usual rate."""
NAMES = {
    "healthy": "with noise on what the critic sees",
    "lecture": "as in the lecture",
    "sick": "made sick on purpose",
}


@dataclass(frozen=True, eq=False)
class _Run:
    """One training run."""

    epochs: tuple[int, ...]
    panels: Float[np.ndarray, "look column height width"]
    """The same latents every time; in the last column the nearest real digit of the sample before it."""
    likelihoods: tuple[LogLikelihood, ...]
    balance: ClassBalance
    curve: tuple[tuple[int, Mapping[str, float]], ...]
    words: tuple[str, ...]


@dataclass(frozen=True)
class DenseDigits:
    """Generator 100-500-500-784, critic 784-500-500-1, Adam, batches of 128.

    The lecture's ten epochs: ``epochs=10``, ``lecture_epochs=10``; the defaults are what fits into a short tour.
    """

    epochs: int = 4
    lecture_epochs: int = 2
    sick_epochs: int = 1
    steps_per_epoch: int = 390
    """390 batches of 128 are the 50,000 digits of MNIST that are learnt from."""
    hidden: tuple[int, ...] = (500, 500)
    scoring: Scoring = field(default_factory=lambda: Scoring(samples=5000, held_out=2000))

    def __post_init__(self) -> None:
        """Refuse to train for no time."""
        for name in ("epochs", "lecture_epochs", "sick_epochs", "steps_per_epoch"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")

    def run(self, rng: np.random.Generator, digits: Path | None = None, report: Report = silent) -> Chapter:
        """Train the three of them and look at every epoch."""
        data = read_digits(digits)
        referee = appoint_referee(data, self.scoring, rng)
        seed = int(rng.integers(2**31))
        plans = {
            "healthy": (DigitGan(recipe=noisy(data.side)), self.epochs),
            "lecture": (DigitGan(recipe=LECTURE), self.lecture_epochs),
            "sick": (DigitGan(recipe=SICK), self.sick_epochs),
        }
        runs = {name: self._trained(*plan, referee, seed, report) for name, plan in plans.items()}
        return _told(data, referee, runs)

    def _trained(self, gan: DigitGan, epochs: int, referee: Referee, seed: int, report: Report) -> _Run:
        recipe = replace(gan.recipe, steps=epochs * self.steps_per_epoch)
        gan = replace(gan, hidden=self.hidden, recipe=recipe)
        latent = normal(gan.latent)(SHOWN, torch.Generator().manual_seed(seed))
        rows: list[Float[np.ndarray, "column height width"]] = []
        likelihoods: list[LogLikelihood] = []
        curve: list[tuple[int, Mapping[str, float]]] = []
        words: list[str] = []

        def look(step: int, maker: DigitMaker) -> None:
            rows.append(_with_neighbour(maker.of(latent, torch.zeros(SHOWN, dtype=torch.long)), referee))
            likelihoods.append(referee.likelihood(_samples(maker, referee, seed)))

        listen = Monitor(words.append, then=report)

        def note(step: int, values: Mapping[str, float]) -> None:
            curve.append((step, dict(values)))
            listen(step, values)

        maker = gan.train(referee.train, torch_generator(np.random.default_rng(seed)), note, epochs, look)
        balance = referee.balance(_samples(maker, referee, seed))
        return _Run(
            tuple(range(1, epochs + 1)), np.stack(rows), tuple(likelihoods), balance, tuple(curve), tuple(words)
        )


def _samples(maker: DigitMaker, referee: Referee, seed: int) -> Float[np.ndarray, "sample pixel"]:
    return maker(referee.scoring.samples, torch.Generator().manual_seed(seed + 1))


def _with_neighbour(
    samples: Float[np.ndarray, "column pixel"], referee: Referee
) -> Float[np.ndarray, "more height width"]:
    real = referee.train.pixels
    side = referee.train.images.shape[1]
    return np.concatenate([samples, real[nearest(samples[-1:], real)]]).reshape(-1, side, side)


def _told(data: Digits, referee: Referee, runs: Mapping[str, _Run]) -> Chapter:
    healthy, lecture, sick = runs.values()
    first = sick.words[0] if sick.words else "nothing."
    return Chapter(
        title="Digits from fully connected layers",
        question="Do two small dense networks learn to write digits, and what does it look like if they fail?",
        answer=(
            f"Yes: after {len(healthy.epochs)} epochs with instance noise the Parzen log-likelihood is "
            f"{healthy.likelihoods[-1]} nats and classes range {healthy.balance}; the lecture's plain recipe has "
            f"{lecture.likelihoods[-1]} after {len(lecture.epochs)}, its classes {lecture.balance}. The run made sick "
            f"is at {sick.likelihoods[-1]}, and the monitor said: {first}"
        ),
        story=(f"Data: {data.origin} The judge of classes is right about {referee.judge.accuracy:.1%} of the held-out "
               f"digits.", *STORY),
        pictures=_pictures(runs, referee),
        tables={"By run": _table(runs), "What the monitor said": _words(runs)},
        metrics=_metrics(runs) | {"judge_accuracy": referee.judge.accuracy},
        sources=(
            "Goodfellow et al., Generative adversarial nets, NeurIPS 2014, section 5 and table 1 (225 ± 2 on MNIST)",
            "Sønderby et al., Amortised MAP inference for image super-resolution, ICLR 2017, section 3.3 (instance "
            "noise)",
            "Theis et al., A note on the evaluation of generative models, ICLR 2016, table 1",
        ),
    )  # fmt: skip


STORY = (
    "Generator 100-500-500-pixels with rectifiers and a sigmoid, critic pixels-500-500-1 with leaky rectifiers, Adam, "
    "batches of 128, one step of each player in turn. An epoch is 390 steps: the 50,000 digits of MNIST that are "
    "learnt from, the last 10,000 being kept to choose the width of the Parzen window. Ten epochs, as in the lecture, "
    "are a matter of the settings `epochs` and `lecture_epochs`; the tour shows as many as fit into its time.",
    "Each row of the panels is one epoch, from the same latents; the yellow frame holds the real training digit "
    "nearest to the sample beside it. If the two were alike to the pixel, the generator would merely have learnt by "
    "heart.",
    "The healthy run differs from the lecture's by noise of deviation 0.5 on whatever the critic sees, for as long as "
    "training lasts, a higher rate and an average of the generator's weights. The noise hides single pixels, so that "
    "the critic has to judge strokes, and it stops the critic from being always right.",
    "The lecture's recipe starts badly: in its first epochs the critic runs ahead, the generator's loss climbs, and "
    "different latents may give one and the same digit. The monitor notices from the spread of the samples.",
    "The sick run has the saturating loss, log(1 - D), against a critic that takes three steps at ten times the "
    "lecture's rate. Such a critic is never wrong, and where it is never wrong this loss is flat: the generator gets "
    "no gradient. Healthy curves hover; sick ones go to a limit and stay there.",
    "Take home: the level of a loss says nothing about the digits. Look at whether both players still move, at the "
    "balance of the classes (the dashed line is 4 %), and at the samples themselves.",
)


def _pictures(runs: Mapping[str, _Run], referee: Referee) -> tuple[Picture, ...]:
    grids = []
    for name, run in runs.items():
        real = np.zeros(run.panels.shape[:2], bool)
        real[:, -1] = True
        rows = [f"epoch {epoch}" for epoch in run.epochs]
        grids.append(
            Picture(f"digits_{name}", f"Digits by epoch, {NAMES[name]}",
                    "Rows of generated digits, one an epoch; the last of each row is the nearest real digit, framed "
                    "in yellow.", partial(digit_grid, run.panels, real, rows, ()))
        )  # fmt: skip
    shares = {"real": np.bincount(referee.train.labels, minlength=CLASSES) / len(referee.train)}
    shares |= {name: run.balance.shares for name, run in runs.items()}
    lines = {
        name: [(float(epoch), found.nats) for epoch, found in zip(run.epochs, run.likelihoods, strict=True)]
        for name, run in runs.items() if name != "sick"
    }  # fmt: skip
    curves = {NAMES[name]: run.curve for name, run in runs.items()}
    return (
        *grids,
        Picture("losses", "Losses, healthy and sick", "Losses of critic and generator over the steps, one plot a run.",
                partial(loss_panels, curves)),
        Picture("likelihood", "Parzen log-likelihood by epoch", "Log-likelihood of held-out digits in nats by epoch.",
                partial(score_lines, lines, "epoch", "nats")),
        Picture("balance", "Balance of the classes", "Share of each digit among samples of each run and among real "
                "digits.", partial(balance_bars, shares)),
    )  # fmt: skip


def _table(runs: Mapping[str, _Run]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "run": NAMES[name],
                "epochs": len(run.epochs),
                "Parzen, nats": round(run.likelihoods[-1].nats, 1),
                "± standard error": round(run.likelihoods[-1].standard_error, 1),
                "window": round(run.likelihoods[-1].sigma, 3),
                "rarest class, %": round(100 * run.balance.smallest, 1),
                "entropy of classes": round(run.balance.entropy, 3),
            }
            for name, run in runs.items()
        ]
    )


def _words(runs: Mapping[str, _Run]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"run": NAMES[name], "finding": sentence}
            for name, run in runs.items()
            for sentence in (run.words[:4] or ("Nothing to complain about.",))
        ]
    )


def _metrics(runs: Mapping[str, _Run]) -> dict[str, float]:
    metrics = {}
    for name, run in runs.items():
        metrics[f"{name}.parzen_nats"] = run.likelihoods[-1].nats
        metrics[f"{name}.rarest_class"] = run.balance.smallest
        metrics[f"{name}.class_entropy"] = run.balance.entropy
    return metrics
