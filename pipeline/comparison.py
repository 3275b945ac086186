"""Any number of finished studies beside each other: one row a strategy, study and fraction of the real data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.design import NONE
from pipeline.fidelity.correlation import measures_against_gain
from pipeline.findings import SetSize
from pipeline.scoring.metrics import describe
from pipeline.scoring.scores import Scores

COLUMNS = (
    "study", "strategy", "fraction", "gain_pct", "ci_low", "ci_high", "p_holm", "verdict", "metric", "mean", "seeds",
    "drives", "fit_s", "train_s", "samples", "bytes",
)  # fmt: skip
"""Of the table, before one column for each measure of fidelity. Seconds are CPU time of one training run, bytes those
of its synthetic samples on disk."""


@dataclass(frozen=True, eq=False)
class Finished:
    """What a comparison needs of a study."""

    name: str
    """Unlike any other's in the comparison."""
    scores: Scores
    sizes: Mapping[str, SetSize]
    fidelity: pd.DataFrame | None = None


def compared(studies: Sequence[Finished]) -> pd.DataFrame:
    """COLUMNS and the measures of fidelity, but no plain model; within a study and fraction the best gain first."""
    rows = pd.DataFrame([row for study in studies for row in _rows(study)], columns=list(COLUMNS))
    rows = rows.sort_values(["fraction", "gain_pct"], ascending=[True, False], kind="stable")
    rows = rows.sort_values("study", key=lambda names: names.map(_order(studies)), kind="stable")
    measured = [_measures(study) for study in studies if study.fidelity is not None and not study.fidelity.empty]
    if measured:
        rows = rows.merge(pd.concat(measured), on=["study", "strategy", "fraction"], how="left")
    return rows.reset_index(drop=True)


def predictors(studies: Sequence[Finished]) -> pd.DataFrame:
    """Which measure of fidelity goes with the gain, over all studies that were measured; empty where none was."""
    measured = [study.fidelity.assign(study=study.name) for study in studies if study.fidelity is not None]
    if not measured:
        return pd.DataFrame(columns=["measure", "space", "rho", "ci_low", "ci_high", "arms", "studies"])
    return measures_against_gain(pd.concat(measured), compared(studies))


def _order(studies: Sequence[Finished]) -> dict[str, int]:
    return {study.name: number for number, study in enumerate(studies)}


def _rows(study: Finished) -> list[dict[str, object]]:
    """The arms of one study; nothing is known of sizes at the smaller fractions."""
    largest = study.scores.fractions()[-1]
    found = []
    for arm in study.scores.arms:
        if arm.strategy == NONE:
            continue
        size = study.sizes.get(arm.strategy) if arm.fraction == largest else None
        numbers = {name: getattr(arm, name) for name in COLUMNS if hasattr(arm, name)}
        known = {"samples": size and size.samples, "bytes": size and size.bytes}
        found.append(numbers | known | {"study": study.name, "metric": describe(arm.metric).head})
    return found


def _measures(study: Finished) -> pd.DataFrame:
    """One column a measure and space: means over folds and seeds."""
    if study.fidelity is None:
        raise ValueError(f"{study.name} holds no fidelity")
    heads = study.fidelity["measure"] + study.fidelity["space"].map(lambda space: f" ({space})" if space else "")
    table = study.fidelity.assign(head=heads).pivot_table(
        index=["strategy", "fraction"], columns="head", values="value", aggfunc=np.mean, sort=False
    )
    return table.reset_index().assign(study=study.name).rename_axis(columns=None)
