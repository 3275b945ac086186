"""OXTS navigation records (30 numbers a frame) as the motion of the recording car."""

from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from pipeline.geometry import oxts_to_world
from pipeline.schema import EgoMotion, Problem
from pipeline.sources.text import columns, number, read_carefully

FIELDS = 30
USED = (0, 1, 2, 3, 4, 5, 8, 22)
"""Columns: lat, lon, alt, roll, pitch, yaw, vf, wu (KITTI raw devkit, ``dataformat.txt``); no other is looked at."""


LIMITS = np.array([90, 360, 1e5, 10, 10, 10, 1e3, 1e2])
"""No car has been as far in any of them: degrees, metres, radians, m/s, rad/s."""


def read_oxts(path: Path) -> tuple[EgoMotion, tuple[Problem, ...]]:
    """The ego motion of a file with one record a line; frames of bad records are missing from it.

    The number of a line, less one, is its frame: KITTI tracking stores no frame number here.
    """
    records = _read_fast(path)
    if records is None:
        return _read_by_line(path)
    return ego_motion(np.arange(len(records)), records), ()


def read_oxts_folder(folder: Path) -> tuple[EgoMotion, list[Problem]]:
    """The ego motion of KITTI raw's folders: one file a frame, named by its number."""
    files = sorted((path for path in folder.glob("*.txt") if path.stem.isdecimal()), key=lambda path: int(path.stem))
    frames: list[int] = []
    records: list[list[float]] = []
    problems: list[Problem] = []
    for path in files:
        rows, _, bad = read_carefully(path, _record)
        problems += bad
        if len(rows) == 1:
            frames.append(int(path.stem))
            records += rows
        elif not bad:
            problems.append(Problem(path, None, f"{len(rows)} records, expected one"))
    return ego_motion(np.array(frames, int), np.array(records).reshape(-1, len(USED))), problems


def ego_motion(frames: Int[np.ndarray, " frame"], records: Float[np.ndarray, "frame 8"]) -> EgoMotion:
    """Poses, forward speed and yaw rate of the columns ``USED``."""
    return EgoMotion(frames, oxts_to_world(records[:, :6]), records[:, 6], records[:, 7])


def _read_fast(path: Path) -> Float[np.ndarray, "frame 8"] | None:
    """The used columns of all records at once, or None where anything looks odd."""
    try:
        lines = [line.rstrip() for line in path.read_text("ascii").splitlines()]
        if not {line.count(" ") for line in lines} <= {FIELDS - 1}:
            return None
        records = np.loadtxt(lines, ndmin=2, comments=None, usecols=USED) if lines else np.zeros((0, len(USED)))
    except (ValueError, UnicodeError):
        return None
    sound = len(records) == len(lines) and np.isfinite(records).all() and (abs(records) < LIMITS).all()
    return records if sound else None


def _read_by_line(path: Path) -> tuple[EgoMotion, tuple[Problem, ...]]:
    rows, lines, problems = read_carefully(path, _record)
    return ego_motion(np.array(lines, int) - 1, np.array(rows).reshape(-1, len(USED))), tuple(problems)


def _record(words: list[str]) -> list[float]:
    columns(words, FIELDS, "an OXTS record")
    values = [number(words[column], f"column {column + 1}") for column in USED]
    if abs(values[0]) >= 90:
        raise ValueError(f'latitude is "{words[0]}", must lie between -90 and 90 degrees')
    for column, value, limit in zip(USED, values, LIMITS, strict=True):
        if abs(value) >= limit:
            raise ValueError(f'column {column + 1} is "{words[column]}", must lie between -{limit:g} and {limit:g}')
    return values
