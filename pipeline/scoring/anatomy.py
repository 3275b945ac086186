"""Where the error of a study's models lies, and how much of it could be lost: for looking, not for concluding.

Windows are parted by class, distance, motion and border; beside the models stand forecasts that learn nothing and
oracles that are told a part of the future.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from jaxtyping import Float

from pipeline.scoring.anatomy_traits import PARTS, TRAITS
from pipeline.scoring.statistics import bootstrap_gain

Role = Literal["model", "baseline", "oracle"]

EVERYTHING, BY_DRIVE = "windows", "drives"
"""Values of ``by`` for means over all windows, and for the mean over drives that the study's gains are computed on."""

COLUMNS = (
    "fraction", "subject", "role", "by", "part", "windows", "error", "windows_pct", "share_pct", "left_pct", "low_pct",
    "high_pct",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Subject:
    """Whose errors are taken to pieces."""

    name: str
    role: Role
    errors: Float[np.ndarray, "seed window"]
    """In the metric of the task; NaN where it has no answer. One row where nothing is trained."""


def anatomy(
    fraction: float,
    subjects: Sequence[Subject],
    traits: pd.DataFrame,
    drive: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """One row per subject and part of the windows, with ``COLUMNS``.

    ``error`` is the mean over the part's windows that the subject has an answer to, ``windows`` their number,
    ``windows_pct`` their share of all; ``share_pct`` is the part's share of the subject's whole error; ``left_pct`` is
    the error in percent of the first subject's on the same windows. Only for the mean over drives there is an interval
    (95 %, over seeds and drives).

    Args:
        fraction: Share of the training tracks that the models learnt from.
        subjects: The plain model first.
        traits: One row per window (``anatomy_traits.traits``).
        drive: (windows,) the drive each comes from.
        rng: Drawn from by the bootstrap.
    """
    parts, plain = _parts(traits), subjects[0]
    rows = [
        {"fraction": fraction, "subject": subject.name, "role": subject.role, **row}
        for subject in subjects
        for row in (
            {"by": BY_DRIVE, "part": "all", **_by_drive(subject, plain, drive, rng)},
            *({"by": by, "part": part, **_part(subject, plain, inside)} for by, part, inside in parts),
        )
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _parts(traits: pd.DataFrame) -> list[tuple[str, str, np.ndarray]]:
    """All windows, then each part of each trait: name of the trait, name of the part, mask."""
    parts = [(EVERYTHING, "all", np.ones(len(traits), bool))]
    for by in TRAITS:
        values = traits[by].to_numpy()
        parts += [(by, part, values == part) for part in PARTS if (values == part).any()]
    return parts


def _part(subject: Subject, plain: Subject, inside: np.ndarray) -> dict[str, int | float]:
    answered = np.isfinite(subject.errors).all(axis=0)
    errors, reference = subject.errors.mean(axis=0), plain.errors.mean(axis=0)
    both = inside & answered & np.isfinite(reference)
    total = errors[answered].sum()
    return {
        "windows": int((inside & answered).sum()),
        "error": _mean(errors[inside & answered]),
        "windows_pct": 100 * (inside & answered).sum() / max(1, answered.sum()),
        "share_pct": 100 * errors[inside & answered].sum() / total if total > 0 else np.nan,
        "left_pct": 100 * errors[both].sum() / reference[both].sum() if reference[both].sum() > 0 else np.nan,
        "low_pct": np.nan,
        "high_pct": np.nan,
    }


def _by_drive(subject: Subject, plain: Subject, drive: np.ndarray, rng: np.random.Generator) -> dict[str, int | float]:
    """The mean over drives; both sides on the windows that both have an answer to."""
    answered = np.isfinite(subject.errors).all(axis=0) & np.isfinite(plain.errors).all(axis=0)
    found = {"windows": int(answered.sum()), "windows_pct": 100.0 * answered.mean(), "share_pct": 100.0}
    if not answered.any():
        return {**found, **dict.fromkeys(("error", "left_pct", "low_pct", "high_pct"), np.nan)}
    seeds = len(plain.errors) if len(subject.errors) == 1 else min(len(subject.errors), len(plain.errors))
    own, reference = (_drive_means(one.errors[:, answered], drive[answered]) for one in (subject, plain))
    own, reference = np.broadcast_to(own, (max(seeds, len(own)), own.shape[1]))[:seeds], reference[:seeds]
    weights = np.full(own.shape[1], 1 / own.shape[1])
    left = 100 * own.mean() / reference.mean()
    low, high = np.nan, np.nan
    if subject is not plain and min(reference.shape) >= 2:
        interval = bootstrap_gain(reference, own, weights, rng)
        low, high = 100 - interval.high, 100 - interval.low
    return {**found, "error": float(own.mean()), "left_pct": left, "low_pct": low, "high_pct": high}


def _drive_means(errors: Float[np.ndarray, "seed window"], drive: np.ndarray) -> Float[np.ndarray, "seed drive"]:
    return np.stack([errors[:, drive == name].mean(axis=1) for name in np.unique(drive)], axis=1)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else np.nan
