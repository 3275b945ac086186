"""OXTS navigation records (30 numbers a frame) as the motion of the recording car."""

from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from pipeline.geometry import oxts_to_world
from pipeline.schema import EgoMotion, Problem
from pipeline.sources.text import columns, number, read_carefully

OXTS_FIELDS = 30
POSE, FORWARD_SPEED, YAW_RATE = slice(0, 6), 8, 22
"""Columns: lat, lon, alt, roll, pitch, yaw; vf; wu (KITTI raw devkit, ``dataformat.txt``)."""


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
    return ego_motion(np.array(frames, int), np.array(records).reshape(-1, OXTS_FIELDS)), problems


def ego_motion(frames: Int[np.ndarray, " frame"], records: Float[np.ndarray, "frame 30"]) -> EgoMotion:
    """Poses, forward speed and yaw rate of OXTS records."""
    return EgoMotion(frames, oxts_to_world(records[:, POSE]), records[:, FORWARD_SPEED], records[:, YAW_RATE])


def _read_fast(path: Path) -> Float[np.ndarray, "frame 30"] | None:
    """All records at once, or None where anything at all looks odd."""
    try:
        lines = path.read_text("ascii").splitlines()
        records = np.loadtxt(lines, ndmin=2, comments=None) if lines else np.zeros((0, OXTS_FIELDS))
    except (ValueError, UnicodeError):
        return None
    if records.shape != (len(lines), OXTS_FIELDS) or not np.isfinite(records).all() or (abs(records[:, 0]) >= 90).any():
        return None
    return records


def _read_by_line(path: Path) -> tuple[EgoMotion, tuple[Problem, ...]]:
    rows, lines, problems = read_carefully(path, _record)
    return ego_motion(np.array(lines, int) - 1, np.array(rows).reshape(-1, OXTS_FIELDS)), tuple(problems)


def _record(words: list[str]) -> list[float]:
    columns(words, OXTS_FIELDS, "an OXTS record")
    values = [number(word, f"column {place}") for place, word in enumerate(words, start=1)]
    if abs(values[0]) >= 90:
        raise ValueError(f'latitude is "{words[0]}", must lie between -90 and 90 degrees')
    return values
