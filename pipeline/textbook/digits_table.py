"""A lesson: GANs of digits beside makers that are none, by the measure of the literature, and what that is worth."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float

from models.autoencoder import RECIPE
from models.latent_gan import LatentGan, train_latent_gan
from models.reporting import Report, silent
from models.supervised import SupervisedRecipe
from pipeline.figures.style import Picture
from pipeline.randomness import torch_generator
from pipeline.sources.idx import Digits, DigitSet, read_digits
from pipeline.textbook.base import Chapter
from pipeline.textbook.digit_baselines import Fitted, autoencoder, kmeans, mixture, real_digits
from pipeline.textbook.digit_figures import digit_grid
from pipeline.textbook.digit_gan import CONVOLUTIONAL, DigitGan, DigitMaker, noisy
from pipeline.textbook.digit_scores import DigitScore, Referee, Scoring, appoint_referee, nearest

SHOWN = 8
REAL, OF_CODES = "real training digits", "GAN of an autoencoder's codes"

Fit = Callable[[DigitSet, np.random.Generator], Fitted]


@dataclass(frozen=True, eq=False)
class _Entry:
    """One row of the table."""

    score: DigitScore
    samples: Float[np.ndarray, "shown pixel"]
    seconds: float
    """Processor time of fitting."""
    parameters: int


@dataclass(frozen=True)
class DigitsTable:
    """Gaussians, autoencoders, k-means and GANs, trained on the same digits and scored on the same others.

    GANs of the literature trained for much longer: raise ``epochs``, ``convolutional_epochs`` and ``code_steps``.
    """

    epochs: int = 4
    """Of the dense GAN."""
    convolutional_epochs: int = 1
    steps_per_epoch: int = 390
    hidden: tuple[int, ...] = (500, 500)
    width: int = 24
    gaussians: int = 20
    autoencoder: SupervisedRecipe = RECIPE
    """Of the two autoencoders that draw their codes from a Gaussian."""
    code_steps: int = 1500
    """Of the GAN that makes an autoencoder's codes."""
    latent_gan: LatentGan = field(default_factory=LatentGan)
    scoring: Scoring = field(default_factory=Scoring)

    def __post_init__(self) -> None:
        """Refuse to train for no time."""
        for name in ("epochs", "convolutional_epochs", "steps_per_epoch", "gaussians", "code_steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")

    def run(self, rng: np.random.Generator, digits: Path | None = None, report: Report = silent) -> Chapter:
        """Fit everything. The seconds in the table are the only thing that differs from run to run."""
        data = read_digits(digits)
        referee = appoint_referee(data, self.scoring, rng)
        entries = {name: _entry(fit, referee, rng) for name, fit in self._makers(data.side, report).items()}
        return _told(data, referee, entries)

    def _makers(self, side: int, report: Report) -> dict[str, Fit]:
        """Everything that is compared, in the order of the table. To add a row: add its line."""
        dense, steps = self.epochs * self.steps_per_epoch, self.convolutional_epochs * self.steps_per_epoch
        flat = DigitGan(hidden=self.hidden, recipe=replace(noisy(side), steps=dense))
        dcgan = DigitGan("convolutional", width=self.width, recipe=replace(CONVOLUTIONAL, steps=steps))
        codes = replace(self.latent_gan, stage_two=replace(self.latent_gan.stage_two, steps=self.code_steps))
        return {
            REAL: real_digits,
            "k-means centres": kmeans,
            "PCA (one Gaussian)": partial(mixture, gaussians=1),
            f"mixture of {self.gaussians} Gaussians": partial(mixture, gaussians=self.gaussians),
            "autoencoder": partial(autoencoder, recipe=self.autoencoder),
            "variational autoencoder": partial(autoencoder, kind="variational", recipe=self.autoencoder),
            "dense GAN, noisy critic": _gan(flat, report),
            "DCGAN": _gan(dcgan, report),
            OF_CODES: _latent_gan(codes, report),
        }


def _gan(gan: DigitGan, report: Report) -> Fit:
    def fit(real: DigitSet, rng: np.random.Generator) -> Fitted:
        maker = gan.train(real, torch_generator(rng), report)
        return Fitted(lambda count, rng: maker(count, torch_generator(rng)), maker.parameters)

    return fit


def _latent_gan(recipe: LatentGan, report: Report) -> Fit:
    def fit(real: DigitSet, rng: np.random.Generator) -> Fitted:
        network = train_latent_gan(torch.from_numpy(real.pixels), recipe, torch_generator(rng), report)
        parameters = sum(weight.numel() for weight in network.parameters())
        maker = DigitMaker(network, recipe.latent, False, parameters)
        return Fitted(lambda count, rng: maker(count, torch_generator(rng)), parameters)

    return fit


def _entry(fit: Fit, referee: Referee, rng: np.random.Generator) -> _Entry:
    started = time.process_time()
    fitted = fit(referee.train, rng)
    seconds = time.process_time() - started
    samples = fitted.draw(referee.scoring.samples, rng)
    return _Entry(referee.score(samples), samples[:SHOWN], seconds, fitted.parameters)


def _told(data: Digits, referee: Referee, entries: Mapping[str, _Entry]) -> Chapter:
    nats = {name: entry.score.likelihood for name, entry in entries.items()}
    of_pixels = max((name for name in nats if "GAN" in name and name != OF_CODES), key=lambda name: nats[name].nats)
    smoother = [name for name in nats if nats[name].nats > nats[REAL].nats]
    verdict = (
        f", less than {_listed(smoother)}: the Parzen likelihood pays for smoothness, not for quality"
        if smoother
        else ", and nothing here has more"
    )
    return Chapter(
        title="The table: digits by GANs and by everybody else",
        question="How do GANs of digits compare with Gaussians, PCA and autoencoders, and by what measure?",
        answer=(
            f"Of the GANs that make pixels, the {of_pixels} is ahead with {nats[of_pixels]} nats; the one that makes "
            f"an autoencoder's codes has {nats[OF_CODES]}, with classes {entries[OF_CODES].score.balance}. Real "
            f"training digits have {nats[REAL]}{verdict}."
        ),
        story=(f"Data: {data.origin} The judge of classes is right about {referee.judge.accuracy:.1%} of the held-out "
               f"digits. {referee.scoring.samples:,} samples of each maker, {len(referee.held_out):,} held-out digits.",
               *STORY),
        pictures=(_picture(referee, entries),),
        tables={"Makers of digits": _table(entries)},
        metrics={f"{_key(name)}.parzen_nats": found.nats for name, found in nats.items()}
        | {f"{_key(name)}.rarest_class": entry.score.balance.smallest for name, entry in entries.items()}
        | {f"{_key(name)}.inception_score": entry.score.inception.value for name, entry in entries.items()}
        | {f"{_key(name)}.frechet": entry.score.frechet for name, entry in entries.items()}
        | {"judge_accuracy": referee.judge.accuracy},
        sources=(
            "Goodfellow et al., Generative adversarial nets, NeurIPS 2014, table 1 (adversarial nets 225 ± 2)",
            "Theis et al., A note on the evaluation of generative models, ICLR 2016, section 3.3 and table 1",
            "Kingma and Welling, Auto-encoding variational Bayes, ICLR 2014",
            "Salimans et al., Improved techniques for training GANs, NeurIPS 2016, section 4 (Inception Score)",
            "Heusel et al., GANs trained by a two time-scale update rule, NeurIPS 2017 (Fréchet distance of features)",
            "Makhzani et al., Adversarial autoencoders, 2015, table 1",
        ),
    )  # fmt: skip


STORY = (
    "The protocol is that of Goodfellow et al.: a Gaussian window around each sample, its width chosen on 1,000 "
    "digits kept back from training, and the mean log-likelihood of the held-out digits with its standard error. The "
    "error is that of the mean over held-out digits only; another training run of the same model differs by more.",
    "Read the first two rows first. Real digits are not the best at this measure, because between ten thousand "
    "windows in hundreds of dimensions there is much empty space, and an average of five neighbours lies nearer to an "
    "unseen digit than any one of them: so the centres of k-means, which are nobody's idea of a generator, do well. A "
    "maker that scores above real digits has not become better than real; it has become smoother.",
    "The GAN of an autoencoder's codes is a GAN by half. First an autoencoder learns to squeeze digits through ten "
    "numbers, slightly shaken, and to draw them again; then a small WGAN-GP learns which numbers occur. Strokes are "
    "the decoder's work, and whatever has passed it is smooth: MNIST's training digits, squeezed and drawn again, "
    "score above the originals. The two autoencoders draw their codes from a Gaussian instead. Makhzani et al. train "
    "both stages at once and report 340 ± 2. The GANs of pixels would go on learning for far longer than a tour "
    "lasts: `epochs` and `convolutional_epochs` say how long.",
    "The balance of the classes is what the judge reads in the samples, right or wrong; samples that are no digit are "
    "counted as the digit they resemble. Parameters are those needed to draw samples, for k-means and the real digits "
    "every pixel they keep.",
    "The last two measures look through the judge, a classifier of one hidden layer trained on the same digits. The "
    "Inception Score asks whether each sample is surely something and all together are everything, 10 at most; it "
    "never looks at real samples. The Fréchet distance compares means and covariances of the judge's hidden layer with "
    "those of held-out digits, where real training digits show what is within reach. Neither is what papers call IS "
    "and FID: those look through another network, trained on ImageNet, and no number of one is a number of the other.",
    "Take home: no single number ranks generators. Look at the likelihood, the balance, the samples and their nearest "
    "neighbours together, and ask what the samples are for: that is what the rest of this project measures.",
)


def _table(entries: Mapping[str, _Entry]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "maker": name,
                "Parzen, nats": round(entry.score.likelihood.nats, 1),
                "± standard error": round(entry.score.likelihood.standard_error, 1),
                "window": round(entry.score.likelihood.sigma, 3),
                "rarest class, %": round(100 * entry.score.balance.smallest, 1),
                "entropy of classes": round(entry.score.balance.entropy, 3),
                "Inception Score on the judge": round(entry.score.inception.value, 2),
                "Fréchet distance, judge's features": round(entry.score.frechet, 1),
                "processor seconds": round(entry.seconds, 1),
                "parameters": entry.parameters,
            }
            for name, entry in entries.items()
        ]
    )


def _picture(referee: Referee, entries: Mapping[str, _Entry]) -> Picture:
    real = referee.train.pixels
    side = referee.train.images.shape[1]
    rows = [np.concatenate([entry.samples, real[nearest(entry.samples[-1:], real)]]) for entry in entries.values()]
    panel = np.stack(rows).reshape(len(rows), -1, side, side)
    framed = np.zeros(panel.shape[:2], bool)
    framed[:, -1] = True
    return Picture(
        "makers",
        "Samples of every maker",
        "One row a maker: its samples, and in a yellow frame the real training digit nearest to the last of them.",
        partial(digit_grid, panel, framed, list(entries), ()),
    )


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last} have" if first else f"{last} has"


def _key(name: str) -> str:
    """The name of a row as the name of a metric."""
    return "_".join("".join(letter if letter.isalnum() else " " for letter in name.lower()).split())
