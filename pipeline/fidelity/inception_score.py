"""The Inception Score, on whatever classifier is named beside it, and whether samples are what their labels say.

Salimans et al., NeurIPS 2016, section 4. It never looks at real samples but through the classifier, and one perfect
sample a class reaches the most there is (Barratt and Sharma, 2018): a number for tables, not for decisions.
"""

import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from pipeline.fidelity.base import NOTHING, AgainstUnseen, Better, Cloud, Reading, Role, Sets, share_error
from pipeline.fidelity.class_balance import class_balance

SPLITS = 10


def inception_score(probabilities: Float[np.ndarray, "n class"], splits: int = SPLITS) -> Reading:
    """The score exp E KL(p(y|x) | p(y)), from 1 to the number of classes: the mean over splits, and its error.

    Raises:
        ValueError: rows are no probabilities, or fewer than the splits.
    """
    if len(probabilities) < splits:
        raise ValueError(f"{len(probabilities)} samples are too few for {splits} splits")
    if (probabilities < 0).any() or not np.allclose(probabilities.sum(axis=1), 1, atol=1e-4):
        raise ValueError("every row must be probabilities that sum to 1")
    scores = [_score(part) for part in np.array_split(probabilities.astype(np.float64), splits)]
    return Reading(float(np.mean(scores)), float(np.std(scores, ddof=1) / np.sqrt(splits)) if splits > 1 else np.nan)


def _score(probabilities: Float[np.ndarray, "n class"]) -> float:
    tiny = np.finfo(np.float64).tiny
    marginal = probabilities.mean(axis=0)
    terms = probabilities * (np.log(np.maximum(probabilities, tiny)) - np.log(np.maximum(marginal, tiny)))
    return float(np.exp(terms.sum(axis=1).mean()))


@lru_cache(maxsize=4)
def kind_judge(train: Cloud) -> LogisticRegression | None:
    """A classifier of road users that learnt from real samples; None where there are not two classes to tell apart."""
    if train.kind is None or len(np.unique(train.kind)) < 2:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a judge need not be the best there is
        return LogisticRegression(C=0.1, max_iter=200).fit(train.points, train.kind)


class JudgedByKind(AgainstUnseen):
    """What the measures share that ask a classifier of road users, which has learnt from the training samples."""

    better: ClassVar[Better] = "higher"
    roles: ClassVar[tuple[Role, ...]] = ("plain",)


@dataclass(frozen=True)
class InceptionScore(JudgedByKind):
    """On a logistic classifier of road users in the space's features."""

    def __call__(self, sets: Sets, rng: np.random.Generator) -> Reading:
        """In one order of the samples, which is random."""
        judge = kind_judge(sets.train)
        if judge is None or len(sets.synthetic) < SPLITS:
            return NOTHING
        return inception_score(judge.predict_proba(sets.synthetic.points[rng.permutation(len(sets.synthetic))]))


@dataclass(frozen=True)
class ClassAgreement(JudgedByKind):
    """How often the classifier sees what the label says."""

    def __call__(self, sets: Sets, rng: np.random.Generator) -> Reading:
        """A share of all samples, with its error."""
        judge = kind_judge(sets.train)
        if judge is None or sets.synthetic.kind is None:
            return NOTHING
        share = float((judge.predict(sets.synthetic.points) == sets.synthetic.kind).mean())
        return Reading(share, share_error(share, len(sets.synthetic)))


@dataclass(frozen=True)
class JudgedBalance(JudgedByKind):
    """Entropy of the classes that the classifier sees, as a part of what equal shares have."""

    better: ClassVar[Better] = ""

    def __call__(self, sets: Sets, rng: np.random.Generator) -> Reading:
        """0 if all samples look like one class."""
        judge = kind_judge(sets.train)
        if judge is None:
            return NOTHING
        place = np.searchsorted(judge.classes_, judge.predict(sets.synthetic.points))
        return Reading(class_balance(place, len(judge.classes_)).entropy)

    def floor(self, sets: Sets, rng: np.random.Generator) -> float:
        """The balance that was learnt from: other drives have another."""
        return self(sets.with_real(sets.train), rng).value

    def alarm(self, value: float, floor: float) -> str:
        """One class has swallowed the others."""
        return "nearly all samples look like one class" if value < 0.3 * floor else ""
