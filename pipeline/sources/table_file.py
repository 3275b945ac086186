"""CSV and Parquet files as data frames whose index is the line (or Parquet row) each row came from."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from pipeline.schema import Problem

SUFFIXES = (".csv", ".parquet")


def header_of(path: Path) -> list[str]:
    """Names of a table's columns; none where the file is no table."""
    try:
        if path.suffix == ".parquet":
            return list(pq.read_schema(path).names)
        with path.open("rb") as stream:
            return _names(stream.readline().decode("utf-8-sig").rstrip())
    except (OSError, ValueError, pa.ArrowException):
        return []


def read_table(path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """All rows of a table, CSV cells as text, and a problem for each line that is no row of it.

    The index of the frame is the 1-based line of a CSV file (the header is line 1) or the row of a Parquet file.
    """
    if path.suffix == ".parquet":
        return _read_parquet(path)
    lines, problems = _text_lines(path)
    if not lines or not lines[0].strip():
        return pd.DataFrame(), [*problems, Problem(path, 1, "no header")]
    names = _names(lines[0].decode())
    if len(set(names)) < len(names):
        return pd.DataFrame(), [*problems, Problem(path, 1, "two columns have one name")]
    table, odd = _parse(b"\n".join(lines[1:]) + b"\n", names)
    problems += [Problem(path, line + 1, f"{columns} columns, the header has {len(names)}") for line, columns in odd]
    table.index = pd.Index(np.setdiff1d(np.arange(2, len(lines) + 1), [line + 1 for line, _ in odd]))
    blank = (table == "").all(axis=1)
    return table[~blank], problems


def _names(header: str) -> list[str]:
    return [name.strip().strip('"') for name in header.split(",")]


def _text_lines(path: Path) -> tuple[list[bytes], list[Problem]]:
    """Lines of a file; those that are not UTF-8 are blanked and become problems."""
    lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines()
    problems: list[Problem] = []
    for place, line in enumerate(lines):
        try:
            line.decode()
        except UnicodeDecodeError as error:
            problems.append(Problem(path, place + 1, f"byte 0x{line[error.start]:02x} is not UTF-8 text"))
            lines[place] = b""
    return lines, problems


def _parse(body: bytes, names: list[str]) -> tuple[pd.DataFrame, list[tuple[int, int]]]:
    """Cells as text, and (line, number of columns) of each line with another number of columns than ``names``."""
    odd: list[tuple[int, int]] = []

    def note(row: csv.InvalidRow) -> str:
        odd.append((row.number, row.actual_columns))
        return "skip"

    table = csv.read_csv(
        BytesIO(body),
        csv.ReadOptions(column_names=names, use_threads=False),
        csv.ParseOptions(invalid_row_handler=note, ignore_empty_lines=False),
        csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
    )
    return pd.DataFrame({name: table[name].to_numpy().astype(object) for name in names}), odd


def _read_parquet(path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    try:
        table = pq.read_table(path, use_threads=False).to_pandas()
    except (OSError, ValueError, pa.ArrowException) as error:
        return pd.DataFrame(), [Problem(path, None, f"no Parquet file: {error}")]
    return table.set_index(np.arange(1, len(table) + 1)), []
