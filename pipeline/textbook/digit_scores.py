"""How makers of digits are scored: Parzen likelihood, classes, a named classifier's scores, and real neighbours."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from models.classifier import RECIPE
from models.supervised import SupervisedRecipe
from pipeline.fidelity.base import Reading
from pipeline.fidelity.class_balance import ClassBalance, Judge, class_balance, fit_judge
from pipeline.fidelity.frechet import frechet_distance
from pipeline.fidelity.inception_score import SPLITS, inception_score
from pipeline.fidelity.parzen import LogLikelihood, parzen_log_likelihood
from pipeline.sources.idx import CLASSES, Digits, DigitSet

VALIDATION = 1000
"""Digits that choose the width of the window, as in Goodfellow's script."""


@dataclass(frozen=True)
class Scoring:
    """How much is drawn and compared; the defaults are the protocol of Goodfellow et al., NeurIPS 2014."""

    samples: int = 10_000
    held_out: int = 10_000
    judge: SupervisedRecipe = RECIPE

    def __post_init__(self) -> None:
        """Refuse counts that cannot be scored."""
        if self.samples < 1 or self.held_out < 2:
            raise ValueError(f"needs 1 sample and 2 held-out digits, got {self.samples} and {self.held_out}")


@dataclass(frozen=True)
class DigitScore:
    """What the referee found in a heap of samples."""

    likelihood: LogLikelihood
    balance: ClassBalance
    inception: Reading
    """The Inception Score on the judge: from 1 to 10."""
    frechet: float
    """Fréchet distance to the held-out digits in the judge's features; depends on how many samples there are."""


@dataclass(frozen=True, eq=False)
class Referee:
    """Scores samples by digits that no maker has learnt from."""

    train: DigitSet
    """What makers may learn from: all but the last sixth of the training digits."""
    validation: Float[np.ndarray, "validation pixel"]
    held_out: Float[np.ndarray, "held_out pixel"]
    judge: Judge
    scoring: Scoring

    def likelihood(self, samples: Float[np.ndarray, "sample pixel"]) -> LogLikelihood:
        """Of the held-out digits, in nats."""
        return parzen_log_likelihood(samples, self.validation, self.held_out)

    def balance(self, samples: Float[np.ndarray, "sample pixel"]) -> ClassBalance:
        """By the judge's opinion."""
        return class_balance(self.judge.classes_of(samples), CLASSES)

    def score(self, samples: Float[np.ndarray, "sample pixel"]) -> DigitScore:
        """By every measure."""
        splits = max(1, min(SPLITS, len(samples) // SPLITS))
        features = [self.judge.features_of(digits) for digits in (samples, self.held_out)]
        return DigitScore(
            self.likelihood(samples),
            self.balance(samples),
            inception_score(self.judge.probabilities_of(samples), splits),
            frechet_distance(*features),
        )


def appoint_referee(digits: Digits, scoring: Scoring, rng: np.random.Generator) -> Referee:
    """Set the validation digits aside and train the judge on the rest."""
    kept = len(digits.train) - len(digits.train) // 6
    train, validation = digits.train[:kept], digits.train[kept:][:VALIDATION]
    test = digits.test
    judge = fit_judge(train.pixels, train.labels, test.pixels, test.labels, rng, scoring.judge)
    held_out = test[np.sort(rng.permutation(len(test))[: scoring.held_out])]
    return Referee(train, validation.pixels, held_out.pixels, judge, scoring)


def nearest(
    samples: Float[np.ndarray, "sample pixel"], real: Float[np.ndarray, "real pixel"]
) -> Int[np.ndarray, " sample"]:
    """For each sample the index of the real image at the smallest Euclidean distance."""
    lengths = np.square(real).sum(axis=1)
    return np.array([(lengths - 2 * real @ sample).argmin() for sample in samples], np.int64)
