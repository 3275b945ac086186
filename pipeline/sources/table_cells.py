"""A tracks table's cells as numbers, class codes and truths; each row with a cell that will not do gets a reason."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from pipeline.schema import KINDS, Problem
from pipeline.sources.rows import FARTHEST
from pipeline.sources.text import LARGEST_INTEGER

ALWAYS = ("drive", "track", "class")
BOX, GROUND, SIZE = ("left", "top", "right", "bottom"), ("x_m", "y_m"), ("image_width", "image_height")

_IS_WHOLE = dict.fromkeys(("track", "frame", *SIZE), True) | dict.fromkeys(("time_s", *BOX, *GROUND), False)
"""Numeric columns, and whether they hold integers."""

_TRUTH = {"true": True, "1": True, "1.0": True, "": True, "nan": True, "none": True, "<na>": True,
          "false": False, "0": False, "0.0": False}  # fmt: skip


def lack_of(columns: Iterable[str]) -> str:
    """What columns lack to be those of a tracks table; empty where they will do."""
    have = set(columns)
    needs = [(name,) for name in ALWAYS] + [("frame", "time_s"), ("left", "x_m")]
    groups = [name for group in (BOX, GROUND, SIZE) if have & set(group) for name in group if name not in have]
    lack = [" or ".join(options) for options in needs if not have & set(options)] + groups
    return f"missing column {', '.join(lack)}" if lack else ""


def converted(table: pd.DataFrame, path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """The rows whose cells all make sense, converted, and a problem for each other row."""
    table = table.copy()
    reasons: dict[int, str] = {}
    for name in ALWAYS:
        _blame(table, _is_empty(table[name]), f"{name} is empty", reasons)
    for name, whole in _IS_WHOLE.items():
        if name in table:
            table[name] = _numbers_of(table[name], whole, reasons)
    table["valid"] = _truths_of(table["valid"], reasons) if "valid" in table else True
    codes = {kind: code for code, kind in enumerate(KINDS)}
    for line in table.index[~table["class"].isin(codes)]:
        reasons.setdefault(int(line), f'unknown class "{table["class"][line]}"; known: {", ".join(KINDS)}')
    table["class"] = table["class"].map(codes)
    for reason, broken in _rules(table).items():
        _blame(table, broken, reason, reasons)
    good = table[~table.index.isin(list(reasons))]
    return good, [Problem(path, line, reason) for line, reason in reasons.items()]


def numbers_in(table: pd.DataFrame, names: tuple[str, ...]) -> Float[np.ndarray, "row column"]:
    """Columns as numbers; NaN throughout where the table has none of them."""
    return table[list(names)].to_numpy(float) if names[0] in table else np.full((len(table), len(names)), np.nan)


def _rules(table: pd.DataFrame) -> dict[str, Bool[np.ndarray, " row"]]:
    """Which rows break what their cells must keep together."""
    clock = "frame" if "frame" in table else "time_s"
    no_side, no_place = np.isnan(numbers_in(table, BOX)).T, np.isnan(numbers_in(table, GROUND)).T
    no_box, no_position = np.logical_and.reduce(no_side), np.logical_and.reduce(no_place)
    names = table["drive"].astype(str)
    return {
        f"{clock} is empty": table[clock].isna().to_numpy(bool),
        "neither a box nor a position on the ground": no_box & no_position,
        "a side or a coordinate beyond any picture or map": np.logical_or.reduce(
            [(np.abs(numbers_in(table, names)) > FARTHEST).any(axis=1) for names in (BOX, GROUND, SIZE)]
        ),
        "a box with an empty side": np.logical_or.reduce(no_side) & ~no_box,
        "a position with an empty coordinate": np.logical_or.reduce(no_place) & ~no_position,
        "a drive's name must not hold / or \\ nor begin with a dot": names.str.contains(r"^\.|[/\\\0]").to_numpy(bool),
    }


def _is_empty(cells: pd.Series) -> pd.Series:
    return cells.isna() | (cells.astype(str).str.strip() == "")


def _blame(table: pd.DataFrame, broken: pd.Series | np.ndarray, reason: str, reasons: dict[int, str]) -> None:
    """Give ``reason`` to the broken rows that have none yet."""
    for line in table.index[np.asarray(broken)]:
        reasons.setdefault(int(line), reason)


def _numbers_of(cells: pd.Series, whole: bool, reasons: dict[int, str]) -> pd.Series:
    """Finite numbers, integers if ``whole``, NaN for an empty cell."""
    values = pd.to_numeric(cells, errors="coerce").astype(float)
    bad = ~np.isfinite(values)
    if whole:
        bad |= (values != np.round(values)) | (values.abs() > LARGEST_INTEGER)
    for line in cells.index[bad & ~_is_empty(cells)]:
        what = "an integer" if whole else "a finite number"
        reasons.setdefault(int(line), f'{cells.name} is "{cells[line]}", not {what}')
    return values


def _truths_of(cells: pd.Series, reasons: dict[int, str]) -> pd.Series:
    """Truths, true for an empty cell."""
    truths = cells.astype(str).str.strip().str.lower().map(_TRUTH)
    for line in cells.index[truths.isna()]:
        reasons.setdefault(int(line), f'valid is "{cells[line]}", not true or false')
    return truths.eq(True)
