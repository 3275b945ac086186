"""Text files line by line, for the moment when the fast reader has refused one: each bad line gets named."""

from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import TypeVar

from pipeline.schema import Problem

Row = TypeVar("Row")

LARGEST_INTEGER = 2**31 - 1
LARGEST_NUMBER = 1e9
"""Beyond it, products of coordinates and calibrations overflow; nothing on a road comes near."""


def read_carefully(path: Path, parse: Callable[[list[str]], Row]) -> tuple[list[Row], list[int], list[Problem]]:
    """Parse each non-blank line's words; ``parse`` raises ``ValueError`` with the reason where it cannot.

    Returns:
        The good rows, the 1-based line of each, and a problem for every other line.
    """
    rows: list[Row] = []
    lines: list[int] = []
    problems: list[Problem] = []
    for number, line in enumerate(path.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines(), start=1):
        try:
            words = _decode(line).split()
            if words:
                rows.append(parse(words))
                lines.append(number)
        except ValueError as error:
            problems.append(Problem(path, number, str(error)))
    return rows, lines, problems


def _decode(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"byte 0x{line[error.start]:02x} at column {error.start + 1} is not UTF-8 text") from None


def number(word: str, name: str) -> float:
    """A finite number of reasonable size, or ``ValueError`` that names the column."""
    value = _finite(word, name)
    if abs(value) > LARGEST_NUMBER:
        raise ValueError(f'{name} is "{word}", beyond anything on a road')
    return value


def _finite(word: str, name: str) -> float:
    try:
        value = float(word) if "_" not in word else float("nan")
    except ValueError:
        raise ValueError(f'{name} is "{word}", not a number') from None
    if not isfinite(value):
        raise ValueError(f'{name} is "{word}", not a finite number')
    return value


def integer(word: str, name: str) -> int:
    """An integer of reasonable size, or ``ValueError`` that names the column."""
    value = _finite(word, name)
    if value != int(value):
        raise ValueError(f'{name} is "{word}", not an integer')
    if abs(value) > LARGEST_INTEGER:
        raise ValueError(f'{name} is "{word}", too large')
    return int(value)


def columns(words: list[str], count: int, what: str) -> None:
    """Raise ``ValueError`` unless a line has ``count`` columns."""
    if len(words) != count:
        raise ValueError(f"{len(words)} columns, {what} has {count}")
