"""Average precision of detected boxes by KITTI's rules: difficulty levels, regions and neighbour classes to ignore.

The rules are those of the object benchmark's development kit (Geiger et al., CVPR 2012), with the 40 recall points
of Simonelli et al., ICCV 2019. One thing differs: the kit chooses its thresholds so that a perfect detector
reaches 100 % only with many more than 40 objects (with ten it gets 22.5 %). Here the precision at recall k / 40 is
taken where that recall is reached, whatever the number of objects; for large sets both agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from pipeline.schema import KINDS
from pipeline.tasks.box_matching import Candidates, match_boxes, pairs_within

DONT_CARE = -1
"""Class code of a region that nobody labelled."""
RECALLS = np.arange(1, 41) / 40


@dataclass(frozen=True)
class Difficulty:
    """What an object must be like to be asked for; other objects may be found or missed at no cost."""

    higher_than_px: float
    occluded: int
    """At most: 0 visible, 1 partly, 2 largely."""
    truncated: float
    """At most, as a part of the object. The levels 1 and 2 of KITTI tracking exceed every limit."""


DIFFICULTIES = {
    "easy": Difficulty(40.0, 0, 0.15),
    "moderate": Difficulty(25.0, 1, 0.30),
    "hard": Difficulty(25.0, 2, 0.50),
}


@dataclass(frozen=True)
class Matching:
    """How well a box must fit, and which class is so similar that taking it for this one is no mistake."""

    overlap: float
    neighbour: str | None = None


MATCHINGS = {"Car": Matching(0.7, "Van"), "Pedestrian": Matching(0.5, "Person"), "Cyclist": Matching(0.5)}
"""The classes that KITTI examines. ``Person`` sits."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """All labels of a set of pictures, DontCare regions included."""

    picture: Int[np.ndarray, " n"]
    kind: Int[np.ndarray, " n"]
    """Codes of ``KINDS``, or ``DONT_CARE``."""
    boxes: Float[np.ndarray, "n 4"]
    truncated: Float[np.ndarray, " n"]
    """NaN where unknown: not held against the object."""
    occluded: Int[np.ndarray, " n"]

    def of(self, chosen: Bool[np.ndarray, " n"]) -> "Labelled":
        """Some of them."""
        return Labelled(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


@dataclass(frozen=True, eq=False)
class Detected:
    """All detections in a set of pictures; higher scores are surer."""

    picture: Int[np.ndarray, " n"]
    kind: Int[np.ndarray, " n"]
    boxes: Float[np.ndarray, "n 4"]
    score: Float[np.ndarray, " n"]

    def __post_init__(self) -> None:
        """Refuse detections that cannot be ranked or placed."""
        if not (np.isfinite(self.score).all() and np.isfinite(self.boxes).all()):
            raise ValueError("a detection has a score or a box that is not finite")

    def of(self, chosen: Bool[np.ndarray, " n"]) -> "Detected":
        """Some of them."""
        return Detected(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


def average_precisions(
    detected: Detected, labelled: Labelled, drive: Sequence[str], kinds: Sequence[str] = tuple(MATCHINGS)
) -> pd.DataFrame:
    """One row per drive, class and difficulty: the average precision ``ap`` (%) over ``n`` objects asked for.

    ``drive`` names the recording of each picture.
    """
    drive_of = np.asarray(drive)
    rows = []
    for name in dict.fromkeys(drive):
        found = detected.of(drive_of[detected.picture] == name)
        truth = labelled.of(drive_of[labelled.picture] == name)
        for kind, level in product(kinds, DIFFICULTIES):
            asked = int(asked_for(truth, kind, DIFFICULTIES[level]).sum())
            ap = average_precision(found, truth, kind, DIFFICULTIES[level])
            rows.append({"drive": name, "kind": kind, "difficulty": level, "n": asked, "ap": ap})
    return pd.DataFrame(rows, columns=["drive", "kind", "difficulty", "n", "ap"])


def average_precision(
    detected: Detected, labelled: Labelled, kind: str, difficulty: Difficulty, overlap: float | None = None
) -> float:
    """Mean over recall 1/40 to 1 of the best precision at that recall or a higher one, in %; NaN without objects.

    AP|R40 = 100 / 40 · Σ_k max_{r ≥ k/40} precision(r). ``overlap`` replaces what ``MATCHINGS`` asks of the class.
    """
    matching = MATCHINGS[kind]
    overlap = matching.overlap if overlap is None else overlap
    found = detected.of(detected.kind == KINDS.index(kind))
    same = np.isin(labelled.kind, [KINDS.index(name) for name in (kind, matching.neighbour) if name])
    truth = labelled.of(same)
    asked = asked_for(truth, kind, difficulty)
    if not asked.any():
        return float("nan")
    free = found.boxes[:, 3] - found.boxes[:, 1] < difficulty.higher_than_px  # too small to be held against it
    candidates = Candidates.of(truth.picture, truth.boxes, found.picture, found.boxes, overlap)

    # 1. Scores at which the recall reaches k / 40.
    hits, _ = match_boxes(candidates, asked, free, found.score, by_score=True)
    scores = np.sort(found.score[hits[0, hits[0] >= 0]])[::-1]
    needed = np.ceil(RECALLS * asked.sum() - 1e-9).astype(int)
    thresholds = scores[needed[needed <= len(scores)] - 1]

    # 2. Precision there, and the best one further on.
    hits, used = match_boxes(candidates, asked, free, found.score, thresholds)
    dont_care = _within_regions(found, labelled.of(labelled.kind == DONT_CARE), overlap)
    wrong = (found.score >= thresholds[:, None]) & ~used & ~free & ~dont_care
    right = (hits >= 0).sum(axis=1)
    precision = right / np.maximum(right + wrong.sum(axis=1), 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(100 * best.sum() / len(RECALLS))


def asked_for(labelled: Labelled, kind: str, difficulty: Difficulty) -> Bool[np.ndarray, " n"]:
    """Objects of the class itself that are as easy as the difficulty says."""
    height = labelled.boxes[:, 3] - labelled.boxes[:, 1]
    harder = (height <= difficulty.higher_than_px) | (labelled.occluded > difficulty.occluded)
    return (labelled.kind == KINDS.index(kind)) & ~harder & ~(labelled.truncated > difficulty.truncated)


def _within_regions(found: Detected, regions: Labelled, overlap: float) -> Bool[np.ndarray, " n"]:
    """Detections of whose own area more than ``overlap`` lies in one region without labels."""
    first, second = pairs_within(found.picture, regions.picture)
    box, region = found.boxes[first], regions.boxes[second]
    common = np.minimum(box[:, 2:], region[:, 2:]) - np.maximum(box[:, :2], region[:, :2])
    share = np.maximum(common, 0).prod(axis=1) / np.maximum((box[:, 2:] - box[:, :2]).prod(axis=1), 1e-9)
    within = np.zeros(len(found.score), bool)
    within[first[share > overlap]] = True
    return within
