"""Which detection belongs to which label: KITTI's greedy matching for many score thresholds at once.

Labels take their detections one after the other within a picture, as in the development kit; pictures and thresholds
do not depend on each other, so the n-th labels of all pictures choose together, at all thresholds.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from pipeline.boxes import intersection_over_union

NONE = -1


@dataclass(frozen=True, eq=False)
class Candidates:
    """For each label, the detections of its picture that fit well enough, in their own order."""

    detection: Int[np.ndarray, "label candidate"]
    """Index of the detection, or ``NONE``."""
    overlap: Float[np.ndarray, "label candidate"]
    turn: Int[np.ndarray, " label"]
    """The label's place among those of its picture."""

    @classmethod
    def of(
        cls,
        label_picture: Int[np.ndarray, " label"],
        label_boxes: Float[np.ndarray, "label 4"],
        detection_picture: Int[np.ndarray, " detection"],
        detection_boxes: Float[np.ndarray, "detection 4"],
        overlap: float,
    ) -> "Candidates":
        """Every pair in one picture whose intersection over union exceeds ``overlap``."""
        label, detection = pairs_within(label_picture, detection_picture)
        fit = intersection_over_union(label_boxes[label], detection_boxes[detection])
        label, detection, fit = label[fit > overlap], detection[fit > overlap], fit[fit > overlap]
        column = _turns(label)
        table = np.full((len(label_picture), int(column.max(initial=-1)) + 1), NONE)
        overlaps = np.zeros(table.shape)
        table[label, column], overlaps[label, column] = detection, fit
        return cls(table, overlaps, _turns(label_picture))


def match_boxes(
    candidates: Candidates,
    asked: Bool[np.ndarray, " label"],
    free: Bool[np.ndarray, " detection"],
    score: Float[np.ndarray, " detection"],
    thresholds: Float[np.ndarray, " threshold"] | None = None,
    *,
    by_score: bool = False,
) -> tuple[Int[np.ndarray, "threshold label"], Bool[np.ndarray, "threshold detection"]]:
    """The detection that each label asked for is found by, and which detections any label has used up.

    A label takes the detection that fits best (or with ``by_score`` the surest one) among those still there; one that
    is too small, ``free``, only if there is no other. Labels that are not asked for use detections up but count as no
    hits, and so do ``free`` detections. Without ``thresholds`` there is one, below all scores.
    """
    limits = np.array([-np.inf]) if thresholds is None else thresholds
    # One detection more, that is always used: where there is no candidate, the index NONE points to it.
    used = np.ones((len(limits), len(score) + 1), bool)
    used[:, :-1] = score < limits[:, None]
    below = used.copy()
    free, score = np.append(free, True), np.append(score, -np.inf)
    hits = np.full((len(limits), len(asked)), NONE)
    if not candidates.detection.size:
        return hits, used[:, :-1] & False
    rank = _preference(candidates, free, score, by_score)
    wanted = (candidates.detection != NONE).any(axis=1)
    for turn in range(int(candidates.turn.max()) + 1):
        label = np.flatnonzero((candidates.turn == turn) & wanted)
        there = ~used[:, candidates.detection[label]]
        best = np.where(there, rank[label], -np.inf).argmax(axis=2)
        chosen = np.where(there.any(axis=2), candidates.detection[label, best], NONE)
        used[np.arange(len(limits))[:, None], chosen] = True
        hits[:, label] = np.where(asked[label] & ~free[chosen], chosen, NONE)
    return hits, (used & ~below)[:, :-1]


def _preference(
    candidates: Candidates, free: Bool[np.ndarray, " n"], score: Float[np.ndarray, " n"], by_score: bool
) -> Float[np.ndarray, "label candidate"]:
    """Higher for what a label would rather take."""
    if by_score:
        return score[candidates.detection]
    first_come = -np.arange(candidates.detection.shape[1])
    return np.where(free[candidates.detection], first_come, 1 + candidates.overlap)


def pairs_within(
    first: Int[np.ndarray, " n"], second: Int[np.ndarray, " m"]
) -> tuple[Int[np.ndarray, " pair"], Int[np.ndarray, " pair"]]:
    """All pairs of indices whose pictures are the same, ordered by the first and then by the second."""
    order = np.argsort(second, kind="stable")
    start, stop = (np.searchsorted(second[order], first, side) for side in ("left", "right"))
    count = stop - start
    before = np.cumsum(count) - count
    within = np.arange(count.sum()) - np.repeat(before - start, count)
    return np.repeat(np.arange(len(first)), count), order[within]


def _turns(group: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """How many entries before each one belong to the same group."""
    order = np.argsort(group, kind="stable")
    grouped = group[order]
    turns = np.empty(len(group), np.int64)
    turns[order] = np.arange(len(group)) - np.searchsorted(grouped, grouped, "left")
    return turns
