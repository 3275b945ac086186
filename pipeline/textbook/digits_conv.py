"""A lesson: DCGAN by its five guidelines, and the same network told which digit to write."""

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float

from models.adversarial import AdversarialRecipe
from models.latents import normal
from models.reporting import Report, silent
from pipeline.figures.style import Picture
from pipeline.randomness import torch_generator
from pipeline.sources.idx import CLASSES, Digits, read_digits
from pipeline.textbook.base import Chapter
from pipeline.textbook.digit_figures import balance_bars, digit_grid
from pipeline.textbook.digit_gan import CONVOLUTIONAL, DigitGan, DigitMaker
from pipeline.textbook.digit_scores import DigitScore, Referee, Scoring, appoint_referee, nearest

ROWS, COLUMNS = 4, 9
"""Digits shown of the unconditional generator, before each row's nearest real neighbour."""


@dataclass(frozen=True, eq=False)
class _Found:
    """A trained generator, what it made and how well."""

    maker: DigitMaker
    score: DigitScore
    obeyed: float | None
    """Part of the digits that the judge takes for the class that was asked for."""


@dataclass(frozen=True)
class ConvolutionalDigits:
    """Strided convolutions, batch normalisation, no dense hidden layers; then the same with a class as input."""

    epochs: int = 2
    steps_per_epoch: int = 390
    """390 batches of 128 are the 50,000 digits of MNIST that are learnt from."""
    width: int = 24
    """Channels at half resolution; twice as many at a quarter."""
    resize: bool = False
    """Enlarge by copying pixels instead of by transposed convolutions."""
    recipe: AdversarialRecipe = field(default_factory=lambda: CONVOLUTIONAL)
    scoring: Scoring = field(default_factory=lambda: Scoring(samples=5000, held_out=2000))

    def __post_init__(self) -> None:
        """Refuse to train for no time."""
        if self.epochs < 1 or self.steps_per_epoch < 1:
            raise ValueError(f"epochs and steps must be at least 1, got {self.epochs} and {self.steps_per_epoch}")

    def run(self, rng: np.random.Generator, digits: Path | None = None, report: Report = silent) -> Chapter:
        """Train both and let the judge read what they write."""
        data = read_digits(digits)
        referee = appoint_referee(data, self.scoring, rng)
        plain, told = (self._trained(conditional, referee, rng, report) for conditional in (False, True))
        return _told(data, referee, plain, told)

    def _trained(self, conditional: bool, referee: Referee, rng: np.random.Generator, report: Report) -> _Found:
        draws = torch_generator(rng)
        recipe = replace(self.recipe, steps=self.epochs * self.steps_per_epoch)
        gan = DigitGan("convolutional", conditional, width=self.width, resize=self.resize, recipe=recipe)
        maker = gan.train(referee.train, draws, report)
        count = referee.scoring.samples
        asked = torch.arange(count) % CLASSES
        samples = maker.of(normal(maker.latent)(count, draws), asked)
        obeyed = float((referee.judge.classes_of(samples) == asked.numpy()).mean()) if conditional else None
        return _Found(maker, referee.score(samples), obeyed)


def _told(data: Digits, referee: Referee, plain: _Found, told: _Found) -> Chapter:
    return Chapter(
        title="Digits from convolutions, and digits to order",
        question="What do convolutions add to a GAN of digits, and does a generator write the digit it is told to?",
        answer=(
            f"The DCGAN, of {plain.maker.parameters:,} weights, reaches {plain.score.likelihood} nats with classes "
            f"{plain.score.balance}. Told the class, it writes the digit asked for in {told.obeyed:.1%} of cases by "
            f"the judge's reading, at {told.score.likelihood} nats."
        ),
        story=(f"Data: {data.origin} The judge of classes is right about {referee.judge.accuracy:.1%} of the held-out "
               f"digits.", *STORY),
        pictures=_pictures(referee, plain, told),
        tables={"By generator": _table(plain, told)},
        metrics={
            "dcgan.parzen_nats": plain.score.likelihood.nats,
            "dcgan.rarest_class": plain.score.balance.smallest,
            "dcgan.inception_score": plain.score.inception.value,
            "conditional.parzen_nats": told.score.likelihood.nats,
            "conditional.rarest_class": told.score.balance.smallest,
            "conditional.inception_score": told.score.inception.value,
            "conditional.obeyed": float(told.obeyed or 0.0),
        },
        sources=(
            "Radford et al., Unsupervised representation learning with DCGANs, ICLR 2016, section 3",
            "Mirza and Osindero, Conditional generative adversarial nets, 2014",
            "Odena et al., Deconvolution and checkerboard artifacts, Distill 2016",
        ),
    )  # fmt: skip


STORY = (
    "The five guidelines: strides instead of pooling; batch normalisation everywhere but at the generator's output "
    "and the critic's input; no dense hidden layers; rectifiers in the generator and tanh at its end; leaky "
    "rectifiers in the critic. Weights are shared over the image, so there are fewer of them than in dense layers, "
    "and neighbouring pixels agree from the start: strokes are clean where a dense generator leaves specks. After "
    "the few epochs of a tour many of them are still broken; `epochs` is the setting that mends them.",
    "With batch normalisation real and fake samples must go through the critic in separate batches, and the averaged "
    "generator needs statistics of its own: they are measured again whenever it is looked at.",
    "For a conditional pair the class, one-hot, is laid beside the latent and, as ten constant planes, beside the "
    "critic's image. Classes are then drawn, not learnt, so none can be lost. Each row of the second picture is one "
    "latent, each column one class: what a row has in common (slant, weight) is what the latent decides.",
    "Setting `resize` replaces the transposed convolutions by enlarging and convolving, the usual cure for "
    "chequerboards; kernels of 4 with strides of 2, as here, overlap evenly and show few.",
)


@torch.no_grad()
def _pictures(referee: Referee, plain: _Found, told: _Found) -> tuple[Picture, ...]:
    rng = torch.Generator().manual_seed(1)
    side = referee.train.images.shape[1]
    real = referee.train.pixels
    free = plain.maker(ROWS * COLUMNS, rng).reshape(ROWS, COLUMNS, -1)
    neighbours = real[nearest(free[:, -1], real)][:, None]
    first = np.concatenate([free, neighbours], axis=1).reshape(ROWS, -1, side, side)
    latent = normal(told.maker.latent)(ROWS, rng).repeat_interleave(CLASSES, dim=0)
    ordered = told.maker.of(latent, torch.arange(CLASSES).repeat(ROWS)).reshape(ROWS, CLASSES, -1)
    closest = real[_nearest_by_class(ordered[-1], real, referee)][None]
    second = np.concatenate([ordered, closest]).reshape(-1, CLASSES, side, side)
    shares = {
        "real": np.bincount(referee.train.labels, minlength=CLASSES) / len(referee.train),
        "DCGAN": plain.score.balance.shares,
        "conditional": told.score.balance.shares,
    }
    return (
        Picture("dcgan", "Digits of the DCGAN", "Generated digits; the last of each row is the real digit nearest to "
                "the one before it, framed in yellow.",
                partial(digit_grid, first, _framed(first.shape[:2], column=-1), (), ())),
        Picture("conditional", "Digits to order", "One column a class, one row a latent; below, framed in yellow, the "
                "real digit of that class nearest to the one above it.",
                partial(digit_grid, second, _framed(second.shape[:2], row=-1), (), [str(kind) for kind in range(10)])),
        Picture("balance", "Balance of the classes", "Share of each digit among samples and among real digits.",
                partial(balance_bars, shares)),
    )  # fmt: skip


def _framed(shape: tuple[int, ...], row: int | None = None, column: int | None = None) -> np.ndarray:
    real = np.zeros(shape, bool)
    if row is not None:
        real[row] = True
    if column is not None:
        real[:, column] = True
    return real


def _nearest_by_class(
    samples: Float[np.ndarray, "class pixel"], real: Float[np.ndarray, "real pixel"], referee: Referee
) -> np.ndarray:
    """For the sample of each class the nearest real digit of that class."""
    members = [np.flatnonzero(referee.train.labels == kind) for kind in range(len(samples))]
    return np.array(
        [which[nearest(sample[None], real[which])[0]] for which, sample in zip(members, samples, strict=True)]
    )


def _table(plain: _Found, told: _Found) -> pd.DataFrame:
    rows = {"DCGAN": plain, "DCGAN, told the class": told}
    return pd.DataFrame(
        [
            {
                "generator": name,
                "weights": found.maker.parameters,
                "Parzen, nats": round(found.score.likelihood.nats, 1),
                "± standard error": round(found.score.likelihood.standard_error, 1),
                "rarest class, %": round(100 * found.score.balance.smallest, 1),
                "Inception Score on the judge": round(found.score.inception.value, 2),
                "Fréchet distance, judge's features": round(found.score.frechet, 1),
                "writes what is asked, %": "" if found.obeyed is None else f"{100 * found.obeyed:.1f}",
            }
            for name, found in rows.items()
        ]
    )
