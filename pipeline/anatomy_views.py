"""What the error consists of: the anatomy of a study as rows and sentences for the report's template."""

from dataclasses import dataclass

import pandas as pd

from pipeline.design import NONE
from pipeline.scoring.anatomy import BY_DRIVE, EVERYTHING
from pipeline.scoring.anatomy_oracles import BOTH, EGO, KNOWLEDGE, MODEL_EGO, STEADY, WORLD
from pipeline.scoring.conclusion import of_data
from pipeline.scoring.scores import finite

HEAVY = 1.2
"""A part is named if its share of the error is so many times its share of the windows."""
WORTH_NAMING_PCT = 5.0

SHOWN = (STEADY, WORLD, MODEL_EGO, EGO)
"""Columns beside the models, where they exist."""

PHRASES = {
    "class": "{}",
    "distance": "{} road users",
    "ego motion": "recording car {}",
    "agent motion": "road user {}",
    "border": "box {}",
}
"""How a sentence names a part of each trait."""

TOLD = {
    WORLD: "Constant velocity in the world learns nothing and leaves {:.0f} %: it knows 3D boxes and ego motion "
    "of the past, which the model does not see.",
    MODEL_EGO: "The model that knows them, and is told how the recording car will move, leaves {:.0f} %: more samples "
    "of what it was shown cannot teach it that.",
    BOTH: "Where road user and recording car are both told, projection and labels still leave {:.0f} %.",
}


@dataclass(frozen=True)
class PartCell:
    """One subject's error on one part."""

    error: float | None
    left_pct: float | None
    """In percent of the plain model's on the same windows."""


@dataclass(frozen=True)
class PartRow:
    """One part of the windows."""

    trait: str
    part: str
    windows: int
    windows_pct: float
    share_pct: float
    """Of the plain model's whole error."""
    cells: tuple[PartCell, ...]


@dataclass(frozen=True)
class Oracle:
    """One line about what knowledge is worth."""

    name: str
    knows: str
    error: float | None
    left_pct: float | None
    low_pct: float | None
    high_pct: float | None


@dataclass(frozen=True)
class AnatomyView:
    """The anatomy at one fraction of the real data."""

    fraction: float
    title: str
    sentences: tuple[str, ...]
    subjects: tuple[str, ...]
    rows: tuple[PartRow, ...]
    oracles: tuple[Oracle, ...]


def view(anatomy: pd.DataFrame | None) -> list[AnatomyView]:
    """One a fraction; empty where nothing was taken to pieces."""
    if anatomy is None or anatomy.empty:
        return []
    return [_view(at, anatomy[anatomy["fraction"] == at]) for at in sorted(set(anatomy["fraction"]))]


def _view(fraction: float, table: pd.DataFrame) -> AnatomyView:
    names = list(dict.fromkeys(table["subject"]))
    models = list(dict.fromkeys(table.loc[table["role"] == "model", "subject"]))
    subjects = (*models, *(name for name in SHOWN if name in names))
    return AnatomyView(
        fraction, of_data(fraction).capitalize(), _sentences(table, models), subjects, _rows(table, subjects),
        _oracles(table),
    )  # fmt: skip


def _rows(table: pd.DataFrame, subjects: tuple[str, ...]) -> tuple[PartRow, ...]:
    parts = table[~table["by"].isin([BY_DRIVE, EVERYTHING])].to_dict("records")
    cells = {
        (row["subject"], row["by"], row["part"]): PartCell(finite(row["error"]), finite(row["left_pct"]))
        for row in parts
    }
    return tuple(
        PartRow(
            row["by"], row["part"], row["windows"], row["windows_pct"], row["share_pct"],
            tuple(cells[name, row["by"], row["part"]] for name in subjects),
        )
        for row in parts
        if row["subject"] == NONE
    )  # fmt: skip


def _oracles(table: pd.DataFrame) -> tuple[Oracle, ...]:
    return tuple(
        Oracle(
            row["subject"], KNOWLEDGE.get(row["subject"], ""), finite(row["error"]), finite(row["left_pct"]),
            finite(row["low_pct"]), finite(row["high_pct"]),
        )
        for row in table[table["by"] == BY_DRIVE].to_dict("records")
    )  # fmt: skip


def _sentences(table: pd.DataFrame, models: list[str]) -> tuple[str, ...]:
    """What to read first, in numbers that the tables hold."""
    left = table[table["by"] == BY_DRIVE].set_index("subject")["left_pct"].to_dict()
    lines = [_heavy_parts(table)] if _heavy_parts(table) else []
    trained = [f"{name} leaves {left[name]:.0f} %" for name in models if name != NONE]
    if trained:
        lines.append(f"Of the plain model's error, {' and '.join(trained)}.")
    return (*lines, *(text.format(left[name]) for name, text in TOLD.items() if name in left))


def _heavy_parts(table: pd.DataFrame) -> str:
    parts = table[(table["subject"] == NONE) & ~table["by"].isin([BY_DRIVE, EVERYTHING])]
    heavy = parts[(parts["share_pct"] > HEAVY * parts["windows_pct"]) & (parts["share_pct"] >= WORTH_NAMING_PCT)]
    if heavy.empty:
        return ""
    order = (heavy["share_pct"] / heavy["windows_pct"]).sort_values(ascending=False).index
    named = [
        f"{PHRASES.get(str(row.by), '{}').format(row.part)} "
        f"({row.windows_pct:.0f} % of the windows, {row.share_pct:.0f} % of the error)"
        for row in heavy.loc[order].itertuples(index=False)
    ]
    return f"Harder than the rest: {', '.join(named)}."
