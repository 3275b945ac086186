"""KITTI tracking's label files (17 columns, Geiger et al., CVPR 2012) as rows."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
from jaxtyping import Int

from pipeline.schema import KINDS, Problem
from pipeline.sources.rows import Rows, check
from pipeline.sources.text import LARGEST_NUMBER, columns, integer, number, read_carefully

COLUMNS = {
    "frame": pa.int64(), "track": pa.int64(), "type": pa.dictionary(pa.int32(), pa.string()), "truncated": pa.float64(),
    "occluded": pa.int64(), "alpha": pa.float64(), "left": pa.float64(), "top": pa.float64(), "right": pa.float64(),
    "bottom": pa.float64(), "height_m": pa.float64(), "width_m": pa.float64(), "length_m": pa.float64(),
    "x_m": pa.float64(), "y_m": pa.float64(), "z_m": pa.float64(), "rotation_y": pa.float64(),
}  # fmt: skip
"""Names and types of the columns, in order."""

CODES = {kind: code for code, kind in enumerate(KINDS)} | {"Person_sitting": KINDS.index("Person"), "DontCare": -1}
"""Class codes by the name a label file uses; the devkit says ``Person_sitting`` where the files say ``Person``."""

UNKNOWN_M = -1000.0
"""KITTI's x, y and z of an object without a 3D box."""

_NUMBERS = [name for name in COLUMNS if name != "type"]
_BOX, _SIZE, _POSITION = _NUMBERS[5:9], _NUMBERS[9:12], _NUMBERS[12:15]


def read_labels(path: Path) -> tuple[Rows, list[Problem]]:
    """The good rows of a label file, and a problem for each bad one."""
    rows = _read_fast(path)
    problems: list[Problem] = []
    if rows is None:
        parsed, lines, problems = read_carefully(path, _parse)
        kinds, numbers = [kind for kind, _ in parsed], np.array([values for _, values in parsed])
        table = dict(zip(_NUMBERS, numbers.reshape(-1, len(_NUMBERS)).T, strict=True))
        rows = _rows(np.array(lines, np.int64), np.array(kinds, np.int64), table)
    rows, more = check(rows, path)
    return rows, sorted(problems + more, key=lambda problem: problem.line or 0)


def read_object_labels(path: Path) -> tuple[Rows, list[Problem]]:
    """Labels of the object benchmark: the same columns without frame and track, so each row is a track of its own."""

    def parse(words: list[str]) -> tuple[int, list[float]]:
        columns(words, len(COLUMNS) - 2, "an object label")
        return _parse(["0", "0", *words])

    parsed, lines, problems = read_carefully(path, parse)
    numbers = np.array([values for _, values in parsed]).reshape(-1, len(_NUMBERS))
    table = dict(zip(_NUMBERS, numbers.T, strict=True)) | {"track": np.arange(len(lines))}
    rows, more = check(_rows(np.array(lines, np.int64), np.array([kind for kind, _ in parsed], np.int64), table), path)
    return rows, sorted(problems + more, key=lambda problem: problem.line or 0)


def _read_fast(path: Path) -> Rows | None:
    """All rows of the file at once, or None where anything at all looks odd."""
    if path.stat().st_size == 0:
        return None
    try:
        table = csv.read_csv(
            path,
            csv.ReadOptions(column_names=list(COLUMNS), use_threads=False),
            csv.ParseOptions(delimiter=" ", quote_char=False, ignore_empty_lines=False),
            csv.ConvertOptions(column_types=COLUMNS, null_values=[], strings_can_be_null=False),
        )
        kinds = table["type"].combine_chunks()
        codes = np.array([CODES[kind] for kind in kinds.dictionary.to_pylist()], np.int64)
    except (pa.ArrowException, KeyError):
        return None
    numbers = {name: table[name].to_numpy() for name in _NUMBERS}
    if not all((np.abs(values) <= LARGEST_NUMBER).all() for values in numbers.values()):  # nor is NaN
        return None
    return _rows(np.arange(1, table.num_rows + 1), codes[kinds.indices.to_numpy()], numbers)


def _parse(words: list[str]) -> tuple[int, list[float]]:
    columns(words, len(COLUMNS), "a tracking label")
    if words[2] not in CODES:
        raise ValueError(f'unknown class "{words[2]}"; known: {", ".join(CODES)}')
    values = dict(zip(COLUMNS, words, strict=True))
    whole = {"frame", "track", "occluded"}
    return CODES[words[2]], [float((integer if name in whole else number)(values[name], name)) for name in _NUMBERS]


def _rows(line: Int[np.ndarray, " row"], kind: Int[np.ndarray, " row"], table: Mapping[str, np.ndarray]) -> Rows:
    size, position = (np.column_stack([table[name] for name in names]) for names in (_SIZE, _POSITION))
    rotation_y = np.where(table["x_m"] == UNKNOWN_M, np.nan, table["rotation_y"])
    flat = np.isnan(rotation_y)
    size[flat], position[flat] = np.nan, np.nan
    return Rows(
        line=line,
        frame=table["frame"].astype(np.int64, copy=False),
        track=table["track"].astype(np.int64, copy=False),
        kind=kind,
        truncated=np.where(table["truncated"] < 0, np.nan, table["truncated"]),
        occluded=np.where(table["occluded"] < 0, 3, table["occluded"]).astype(np.int64),
        boxes=np.column_stack([table[name] for name in _BOX]),
        size_m=size,
        position_cam_m=position,
        rotation_y_rad=rotation_y,
        valid=np.ones(len(line), bool),
    )
