"""CSV and Parquet files as data frames whose index is the line (or Parquet row) each row came from."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.schema import Problem

SUFFIXES = (".csv", ".parquet")


def header_of(path: Path) -> list[str]:
    """Names of a table's columns; none where the file is no table."""
    try:
        if path.suffix == ".parquet":
            return list(pq.read_schema(path).names)
        with path.open("rb") as stream:
            return [name.strip() for name in _cells(stream.readline().removeprefix(b"\xef\xbb\xbf"))]
    except (OSError, ValueError, pa.ArrowException):
        return []


def read_table(path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """All rows of a table, CSV cells as text, and a problem for each line that is no row of it.

    The index of the frame is the 1-based line of a CSV file (the header is line 1) or the row of a Parquet file.
    """
    if path.suffix == ".parquet":
        return _read_parquet(path)
    header, *lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines() or [b""]
    try:
        names = [name.strip() for name in _cells(header)]
    except ValueError as error:
        return pd.DataFrame(), [Problem(path, 1, str(error))]
    if len(set(names)) < len(names) or not any(names):
        return pd.DataFrame(), [Problem(path, 1, "two columns have one name" if any(names) else "no header")]
    rows: dict[int, list[str]] = {}
    problems: list[Problem] = []
    for number, line in enumerate(lines, start=2):
        try:
            cells = _cells(line)
            if len(cells) == len(names):
                rows[number] = cells
            elif cells:
                problems.append(Problem(path, number, f"{len(cells)} columns, the header has {len(names)}"))
        except ValueError as error:
            problems.append(Problem(path, number, str(error)))
    return pd.DataFrame(list(rows.values()), index=list(rows), columns=names, dtype=object), problems


def _cells(line: bytes) -> list[str]:
    """Cells of one line, none of a blank one; a quoted cell may hold commas but no line break."""
    try:
        return next(csv.reader([line.decode()], strict=True), []) if line.strip() else []
    except UnicodeDecodeError as error:
        raise ValueError(f"byte 0x{line[error.start]:02x} is not UTF-8 text") from None
    except csv.Error as error:
        raise ValueError(f"no row of a CSV file: {error}") from None


def _read_parquet(path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    try:
        table = pq.read_table(path, use_threads=False).to_pandas(ignore_metadata=True)
    except (OSError, ValueError, pa.ArrowException) as error:
        return pd.DataFrame(), [Problem(path, None, f"no Parquet file: {error}")]
    return table.set_index(np.arange(1, len(table) + 1)), []
