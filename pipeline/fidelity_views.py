"""How real, how varied, how new: the table of fidelity as rows for the report's template."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.scoring.conclusion import of_data, words
from pipeline.scoring.scores import finite

GLANCE = ("frechet", "discriminative", "coverage", "nearest_training", "membership")
"""What is shown first, each in the first space that it was measured in; every measure follows, folded."""

NAMES = {
    "frechet": "Fréchet distance",
    "frechet_at_infinity": "Fréchet distance at infinite N",
    "discriminative": "told apart, above chance",
    "parzen": "Parzen log-likelihood",
    "nearest_training": "distance to nearest training sample",
    "memorised": "nearer to one than real samples are",
    "membership": "membership attack (AUC)",
}
"""Of measures whose own name does not speak for itself."""

QUESTIONS: dict[str, tuple[str, ...]] = {
    "How varied": (
        "recall", "coverage", "mode_coverage", "mode_difference", "class_balance", "diversity", "duplicates",
    ),
    "How new": ("nearest_training", "memorised", "membership"),
}  # fmt: skip
"""What a measure answers; any other tells how real the samples are."""

REAL = "How real"
ARROWS = {"lower": "↓", "higher": "↑", "": ""}
FLOOR = "real against real"
MOST_COLUMNS = 7
"""Of one table."""


@dataclass(frozen=True)
class Measured:
    """One measure of one strategy, the mean over folds and seeds."""

    value: float | None
    error: float | None
    note: str = ""
    tone: str = ""
    """``alarm``; ``better`` where it is as good as real against real; or empty."""


@dataclass(frozen=True)
class Column:
    """A measure in one space of features."""

    name: str
    space: str
    arrow: str


@dataclass(frozen=True)
class FidelityTable:
    """Strategies by measures of one kind at one fraction of the real data."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, tuple[Measured, ...]], ...]


@dataclass(frozen=True)
class FidelityView:
    """What the section shows; nothing where nothing was measured."""

    glance: list[FidelityTable]
    tables: list[FidelityTable]
    alarms: list[str]


def view(fidelity: pd.DataFrame | None) -> FidelityView:
    """Tables and alarms of a fidelity table."""
    return FidelityView(glance(fidelity), tables(fidelity), alarms(fidelity))


def glance(fidelity: pd.DataFrame | None) -> list[FidelityTable]:
    """A few measures, one table a fraction; nothing where none of them was taken."""
    if fidelity is None:
        return []
    first = fidelity.drop_duplicates("measure").set_index("measure")["space"]
    chosen = [fidelity[(fidelity["measure"] == name) & (fidelity["space"] == first.get(name))] for name in GLANCE]
    shown = pd.concat(chosen)
    return [
        table
        for at in sorted(set(shown["fraction"]), reverse=True)
        for table in _tables(f"At a glance, {of_data(at)}", shown[shown["fraction"] == at])
    ]


def tables(fidelity: pd.DataFrame | None) -> list[FidelityTable]:
    """One table a fraction and question: what real against real gives, then each strategy."""
    if fidelity is None or fidelity.empty:
        return []
    asked = fidelity["measure"].map({name: question for question, names in QUESTIONS.items() for name in names})
    asked = asked.fillna(REAL)
    return [
        table
        for at in sorted(set(fidelity["fraction"]), reverse=True)
        for question in (REAL, *QUESTIONS)
        for table in _tables(f"{question}, {of_data(at)}", fidelity[(fidelity["fraction"] == at) & (asked == question)])
    ]


def alarms(fidelity: pd.DataFrame | None) -> list[str]:
    """A line a strategy with all its alarms."""
    if fidelity is None or fidelity.empty:
        return []
    raised = fidelity[fidelity["alarm"].fillna("") != ""]
    return [
        f"{strategy}: {'; '.join(dict.fromkeys(rows['alarm']))}"
        for strategy, rows in raised.groupby("strategy", sort=False)
    ]


def _tables(title: str, rows: pd.DataFrame) -> list[FidelityTable]:
    """As many as it takes to fit a sheet of paper."""
    columns = list(dict.fromkeys(zip(rows["measure"], rows["space"], rows["better"], strict=True)))
    starts = range(0, len(columns), MOST_COLUMNS)
    return [
        _table(f"{title}{', continued' if start else ''}", rows, columns[start : start + MOST_COLUMNS])
        for start in starts
    ]


def _table(title: str, rows: pd.DataFrame, columns: list[tuple[str, str, str]]) -> FidelityTable:
    parts = {tuple(key): part for key, part in rows.groupby(["strategy", "measure", "space"])}
    missing = Measured(None, None)
    body = [
        (name, tuple(_mean(parts[name, *at[:2]]) if (name, *at[:2]) in parts else missing for at in columns))
        for name in dict.fromkeys(rows["strategy"])
        if any((name, *at[:2]) in parts for at in columns)
    ]
    floors = rows.groupby(["measure", "space"])["floor"].mean()
    floor = (FLOOR, tuple(Measured(finite(floors[at[:2]]), None) for at in columns))
    heads = tuple(Column(NAMES.get(name, words(name)), space, ARROWS[better]) for name, space, better in columns)
    return FidelityTable(title, heads, (floor, *body))


def _mean(rows: pd.DataFrame) -> Measured:
    """Mean over folds and seeds; its error treats theirs as independent."""
    error = finite(np.sqrt((rows["error"] ** 2).sum(min_count=1)) / len(rows))
    alarm = " ".join(dict.fromkeys(text for text in rows["alarm"].fillna("") if text))
    note = f"n = {int(rows['n'].min())}{'; ' if alarm else ''}{alarm}"
    value, floor, better = rows["value"].mean(), rows["floor"].mean(), rows["better"].iloc[0]
    as_good = bool(value <= floor if better == "lower" else value >= floor) and better != ""
    return Measured(finite(value), error, note, "alarm" if alarm else "better" if as_good else "")
