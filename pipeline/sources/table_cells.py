"""Cells of a table as numbers and truths; each cell that is neither empty nor readable gets a reason."""

import numpy as np
import pandas as pd

from pipeline.sources.text import LARGEST_INTEGER

_TRUTH = {"true": True, "1": True, "1.0": True, "": True, "nan": True, "none": True, "<na>": True,
          "false": False, "0": False, "0.0": False}  # fmt: skip


def numbers_of(cells: pd.Series, whole: bool, reasons: dict[int, str]) -> pd.Series:
    """Finite numbers, integers if ``whole``, NaN for an empty cell; ``reasons`` gains the lines of all others."""
    values = pd.to_numeric(cells, errors="coerce").astype(float)
    empty = cells.isna() | (cells.astype(str).str.strip() == "")
    bad = ~np.isfinite(values) & ~empty
    if whole:
        bad |= (values != np.round(values)) & ~empty | (values.abs() > LARGEST_INTEGER)
    for line in cells.index[bad]:
        what = "an integer" if whole else "a finite number"
        reasons.setdefault(int(line), f'{cells.name} is "{cells[line]}", not {what}')
    return values


def truths_of(cells: pd.Series, reasons: dict[int, str]) -> pd.Series:
    """Truths, true for an empty cell; ``reasons`` gains the lines of all others."""
    truths = cells.astype(str).str.strip().str.lower().map(_TRUTH)
    for line in cells.index[truths.isna()]:
        reasons.setdefault(int(line), f'valid is "{cells[line]}", not true or false')
    return truths.fillna(False).astype(bool)
