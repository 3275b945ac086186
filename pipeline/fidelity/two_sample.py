"""The discriminative two-sample test: can a classifier tell synthetic samples from real ones of drives it never saw?

The score of TimeGAN (Yoon et al., NeurIPS 2019, section 5) and of classifier two-sample tests (Lopez-Paz and Oquab,
ICLR 2017), with what both lack: folds are made of whole drives (or tracks, where there is one drive), never of windows,
as neighbouring windows are all but equal. It saturates quickly, so it is worth nothing without its floors.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Int
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import balanced_accuracy_score

from pipeline.fidelity.base import NOTHING, Better, Cloud, Measure, Reading, Role, Sets, halved

FOLDS = 5


def two_sample_score(
    synthetic: Cloud, real: Cloud, rng: np.random.Generator, folds: int = FOLDS, trees: int = 30
) -> Reading:
    """Balanced accuracy less 1/2 on held-out groups: 0 if nothing can be told apart, 1/2 if everything can.

    Chance may put it below 0; taking the absolute value, as is usual, would make that a success of the classifier.

    Synthetic samples of a recorded drive go to that drive's fold, others to folds of their own drives, or to any.
    """
    count = min(folds, len(np.unique(_groups(real))))
    if count < 2:
        return NOTHING
    fold = np.concatenate(_folds(synthetic, real, count))
    points = np.concatenate([synthetic.points, real.points]).astype(np.float32)
    is_real = np.repeat([0, 1], [len(synthetic), len(real)])
    seeds = rng.integers(2**31, size=count)
    scores = []
    for number in range(count):
        learn, test = fold != number, fold == number
        if len(np.unique(is_real[learn])) < 2 or len(np.unique(is_real[test])) < 2:
            continue
        forest = ExtraTreesClassifier(
            trees, min_samples_leaf=3, class_weight="balanced", n_jobs=1, random_state=int(seeds[number])
        ).fit(points[learn], is_real[learn])
        scores.append(balanced_accuracy_score(is_real[test], forest.predict(points[test])))
    if not scores:
        return NOTHING
    error = np.std(scores, ddof=1) / np.sqrt(len(scores)) if len(scores) > 1 else np.nan
    return Reading(float(np.mean(scores)) - 0.5, float(error))


@dataclass(frozen=True)
class Discriminative(Measure):
    """The test against real samples of the training drives: others would be told apart by the drive."""

    folds: int = FOLDS
    trees: int = 30

    better: ClassVar[Better] = "lower"
    roles: ClassVar[tuple[Role, ...]] = ("plain",)

    def __call__(self, sets: Sets, rng: np.random.Generator) -> Reading:
        """With the error over folds."""
        return two_sample_score(sets.synthetic, sets.train, rng, self.folds, self.trees)

    def floor(self, sets: Sets, rng: np.random.Generator) -> float:
        """One half of the training tracks (or samples, where tracks are few) against the other."""
        halves = halved(sets.train, rng)
        return two_sample_score(*halves, rng, self.folds, self.trees).value


def _folds(synthetic: Cloud, real: Cloud, count: int) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " m"]]:
    """A fold for each sample: whole drives (or units) of the real ones; synthetic ones go where their drive goes."""
    groups = _groups(real)
    made = synthetic.drive if groups is real.drive else synthetic.unit
    of_real = _dealt(groups, count)
    fold_of = dict(zip(groups.tolist(), of_real.tolist(), strict=True))
    known = np.array([fold_of.get(name, -1) for name in made.tolist()], np.int64)
    strange = known < 0
    if strange.any():  # drives of their own stay together; where there is but one, its units do
        own = synthetic.take(strange)
        known[strange] = _dealt(own.drive if len(np.unique(own.drive)) >= count else own.unit, count)
    return known, of_real


def _groups(real: Cloud) -> np.ndarray:
    """What must not be parted: drives, or units where there is one drive."""
    return real.drive if len(np.unique(real.drive)) > 1 else real.unit


def _dealt(groups: np.ndarray, count: int) -> Int[np.ndarray, " n"]:
    """Folds of about equal size that part no group: the largest group first, always to the smallest fold."""
    names, place, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    loads, fold_of = np.zeros(count), np.zeros(len(names), np.int64)
    for group in np.argsort(-sizes, kind="stable"):
        fold_of[group] = loads.argmin()
        loads[fold_of[group]] += sizes[group]
    return fold_of[place.ravel()]
