"""Bad rows kept for a person to look at: where each was, what is wrong with it, and its own text."""

import csv
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from pipeline.schema import Problem


def write_quarantine(problems: Sequence[Problem], path: Path) -> None:
    """Write a CSV file with the columns file, line, reason, text; no file where there is no problem."""
    if not problems:
        return
    lines_of = cache(_lines_of)
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["file", "line", "reason", "text"])
        for problem in problems:
            lines = lines_of(problem.file) if problem.line is not None else []
            text = lines[problem.line - 1] if problem.line is not None and problem.line <= len(lines) else ""
            rows.writerow([problem.file, problem.line or "", problem.reason, text])


def _lines_of(file: Path) -> list[str]:
    """Lines of a text file, numbered as the readers number them; none of anything else."""
    if file.suffix == ".parquet" or not file.is_file():
        return []
    return [line.decode("utf-8", "replace") for line in file.read_bytes().splitlines()]
