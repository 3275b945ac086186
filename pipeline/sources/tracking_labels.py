"""KITTI tracking's label files (17 columns, Geiger et al., CVPR 2012) as rows."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv

from pipeline.schema import KINDS, Problem
from pipeline.sources.rows import Rows, check
from pipeline.sources.text import columns, integer, number, read_carefully

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


def read_labels(path: Path) -> tuple[Rows, list[Problem]]:
    """The good rows of a label file, and a problem for each bad one."""
    found = _read_fast(path)
    if found is None:
        parsed, lines, problems = read_carefully(path, _parse)
        table = np.array([values for _, values in parsed]).reshape(-1, len(_NUMBERS))
        found = np.array([code for code, _ in parsed], np.int64), table, np.array(lines, np.int64)
    else:
        problems = []
    rows, more = check(_rows(*found), path)
    return rows, sorted(problems + more, key=lambda problem: problem.line or 0)


def _read_fast(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Class codes, numbers and lines of the whole file at once, or None where anything at all looks odd."""
    if path.stat().st_size == 0:
        return None
    try:
        table = csv.read_csv(
            path,
            csv.ReadOptions(column_names=list(COLUMNS), use_threads=False),
            csv.ParseOptions(delimiter=" ", quote_char=False, ignore_empty_lines=False),
            csv.ConvertOptions(column_types=COLUMNS, null_values=[], strings_can_be_null=False),
        ).combine_chunks()
        kinds = table["type"].chunk(0)
        codes = np.array([CODES[kind] for kind in kinds.dictionary.to_pylist()], np.int64)
    except (pa.ArrowException, KeyError):
        return None
    numbers = np.column_stack([table[name].to_numpy() for name in _NUMBERS])
    if not np.isfinite(numbers).all() or np.abs(numbers[:, :2]).max() > 2**53:
        return None
    return codes[kinds.indices.to_numpy()], numbers, np.arange(1, len(numbers) + 1)


def _parse(words: list[str]) -> tuple[int, list[float]]:
    columns(words, len(COLUMNS), "a tracking label")
    if words[2] not in CODES:
        raise ValueError(f'unknown class "{words[2]}"; known: {", ".join(CODES)}')
    values = dict(zip(COLUMNS, words, strict=True))
    whole = {"frame", "track", "occluded"}
    return CODES[words[2]], [float((integer if name in whole else number)(values[name], name)) for name in _NUMBERS]


def _rows(kind: np.ndarray, numbers: np.ndarray, line: np.ndarray) -> Rows:
    frame, track, truncated, occluded, _, *_ = numbers.T
    boxes, size, position, rotation = np.split(numbers[:, 5:], (4, 7, 10), axis=1)
    flat = (position[:, :1] == UNKNOWN_M) & (kind[:, None] >= 0)
    size, position, rotation = (np.where(flat, np.nan, part) for part in (size, position, rotation))
    return Rows(
        line=line,
        frame=frame.astype(np.int64),
        track=track.astype(np.int64),
        kind=kind,
        truncated=np.where(truncated < 0, np.nan, truncated),
        occluded=np.where(occluded < 0, 3, occluded).astype(np.int64),
        boxes=np.ascontiguousarray(boxes),
        size_m=np.ascontiguousarray(size),
        position_cam_m=np.ascontiguousarray(position),
        rotation_y_rad=rotation[:, 0],
        valid=np.ones(len(line), bool),
    )
