"""How real, how varied, how new: the table of fidelity as rows for the report's template."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.scoring.conclusion import of_data, words
from pipeline.scoring.scores import finite

COLUMNS = (
    "strategy", "fraction", "fold", "seed", "measure", "space", "value", "error", "n", "floor", "better", "alarm",
)  # fmt: skip
"""One row a value. ``space`` names the features, ``error`` is a standard error, ``n`` counts the synthetic samples,
``floor`` is what real against real gives, ``better`` is "lower", "higher" or "", ``alarm`` one sentence or empty."""

QUESTIONS: dict[str, tuple[str, ...]] = {
    "How varied": (
        "recall", "coverage", "mode_coverage", "mode_difference", "class_balance", "diversity", "duplicates",
    ),
    "How new": ("nearest_training", "memorised", "membership"),
}  # fmt: skip
"""What a measure answers; any other tells how real the samples are."""

REAL = "How real"
ARROWS = {"lower": " ↓", "higher": " ↑", "": ""}
FLOOR = "real against real"


@dataclass(frozen=True)
class Measured:
    """One measure of one strategy, the mean over folds and seeds."""

    value: float | None
    error: float | None
    note: str = ""
    alarm: bool = False


@dataclass(frozen=True)
class FidelityTable:
    """Strategies by measures of one kind at one fraction of the real data."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Measured, ...]], ...]


@dataclass(frozen=True)
class FidelityView:
    """What the section shows; nothing where nothing was measured."""

    tables: list[FidelityTable]
    alarms: list[str]


def view(fidelity: pd.DataFrame | None) -> FidelityView:
    """Tables and alarms of a fidelity table."""
    return FidelityView(tables(fidelity), alarms(fidelity))


def tables(fidelity: pd.DataFrame | None) -> list[FidelityTable]:
    """One table a fraction and question: what real against real gives, then each strategy."""
    if fidelity is None or fidelity.empty:
        return []
    asked = fidelity["measure"].map({name: question for question, names in QUESTIONS.items() for name in names})
    asked = asked.fillna(REAL)
    return [
        _table(f"{question}, {of_data(at)}", fidelity[(fidelity["fraction"] == at) & (asked == question)])
        for at in sorted(set(fidelity["fraction"]), reverse=True)
        for question in (REAL, *QUESTIONS)
        if ((fidelity["fraction"] == at) & (asked == question)).any()
    ]


def alarms(fidelity: pd.DataFrame | None) -> list[str]:
    """Every alarm once, by strategy."""
    if fidelity is None or fidelity.empty:
        return []
    raised = fidelity[fidelity["alarm"].fillna("") != ""]
    return list(dict.fromkeys(f"{row.strategy}: {row.alarm}" for row in raised.itertuples()))


def _table(title: str, rows: pd.DataFrame) -> FidelityTable:
    columns = list(dict.fromkeys(zip(rows["measure"], rows["space"], rows["better"], strict=True)))
    parts = {tuple(key): part for key, part in rows.groupby(["strategy", "measure", "space"])}
    missing = Measured(None, None)
    body = [
        (name, tuple(_mean(parts[name, *at[:2]]) if (name, *at[:2]) in parts else missing for at in columns))
        for name in dict.fromkeys(rows["strategy"])
    ]
    floors = rows.groupby(["measure", "space"])["floor"].mean()
    floor = (FLOOR, tuple(Measured(finite(floors[at[:2]]), None) for at in columns))
    return FidelityTable(title, tuple(_head(*at) for at in columns), (floor, *body))


def _head(measure: str, space: str, better: str) -> str:
    return f"{words(measure)}{f' ({space})' if space else ''}{ARROWS[better]}"


def _mean(rows: pd.DataFrame) -> Measured:
    """Mean over folds and seeds; its error treats theirs as independent."""
    error = finite(np.sqrt((rows["error"] ** 2).sum(min_count=1)) / len(rows))
    alarm = " ".join(dict.fromkeys(text for text in rows["alarm"].fillna("") if text))
    note = f"n = {int(rows['n'].min())}{'; ' if alarm else ''}{alarm}"
    return Measured(finite(rows["value"].mean()), error, note, bool(alarm))
