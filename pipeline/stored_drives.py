"""Drives as Parquet tables and back: one row a labelled box, one a region to ignore, one an ego pose; JSON the rest."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.schema import Calibration, Drive, EgoMotion, Frame, Track

BATCH_ROWS = 100_000
"""So many rows are held in memory while drives are written; all of KITTI tracking has fewer."""

_SPREAD = {
    "boxes": ("left_px", "top_px", "right_px", "bottom_px"),
    "size_m": ("height_m", "width_m", "length_m"),
    "position_cam_m": ("x_cam_m", "y_cam_m", "z_cam_m"),
    "position_world_m": ("x_world_m", "y_world_m", "z_world_m"),
    "T_world_imu": tuple(f"T_world_imu_{row}{column}" for row in range(4) for column in range(4)),
    "ignore_boxes": ("left_px", "top_px", "right_px", "bottom_px"),
}
"""Columns of the fields that hold several numbers a row."""

_TRACK_FIELDS = ("frames", "boxes", "truncated", "occluded", "size_m", "position_cam_m", "rotation_y_rad",
                 "position_world_m", "yaw_world_rad", "valid")  # fmt: skip
_EGO_FIELDS = ("frames", "T_world_imu", "speed_mps", "yaw_rate_radps")
_REGION_FIELDS = ("ignore_frames", "ignore_boxes")
_PATHS = ("image", "velodyne", "depth", "night", "semantic", "instance")


def write_drives(drives: Iterable[Drive], folder: Path, root: Path) -> None:
    """Write all drives below ``folder``, holding some at a time; files they refer to are named relative to ``root``."""
    names = ("tracks", "ignore", "ego")
    with ExitStack() as stack:
        tracks, ignore, ego = (
            stack.enter_context(closing(_GrowingTable(folder / f"{name}.parquet"))) for name in names
        )
        texts = stack.enter_context((folder / "drives.json").open("w", encoding="utf-8"))
        comma = "["
        for some in _batches(drives):
            tracks.add(_track_rows([track for drive in some for track in drive.tracks]))
            ignore.add(_table(some, [drive.name for drive in some], _REGION_FIELDS))
            driven = [drive for drive in some if drive.ego is not None]
            ego.add(_table([drive.ego for drive in driven], [drive.name for drive in driven], _EGO_FIELDS))
            for drive in some:
                texts.write(f"{comma}\n{json.dumps(_describe(drive, root), indent=1)}")
                comma = ","
        texts.write("]" if comma == "," else "[]")


def read_drives(folder: Path, root: Path) -> tuple[Drive, ...]:
    """The drives that ``write_drives`` wrote, equal to what they were."""
    tracks: dict[str, list[Track]] = {}
    for name, columns in _pieces(folder / "tracks.parquet", "track"):
        track = Track(name, int(columns["track"][0]), str(columns["kind"][0]), **_fields(columns, _TRACK_FIELDS))
        tracks.setdefault(name, []).append(track)
    ego = {name: EgoMotion(**_fields(c, _EGO_FIELDS)) for name, c in _pieces(folder / "ego.parquet")}
    regions = {name: _fields(columns, _REGION_FIELDS) for name, columns in _pieces(folder / "ignore.parquet")}
    texts = json.loads((folder / "drives.json").read_text(encoding="utf-8"))
    return tuple(
        _restore(text, root, tuple(tracks.get(text["name"], ())), ego.get(text["name"]), regions.get(text["name"], {}))
        for text in texts
    )


def _batches(drives: Iterable[Drive]) -> Iterator[list[Drive]]:
    """Drives in order, as many at a time as have ``BATCH_ROWS`` rows or frames together; at least one batch."""
    some: list[Drive] = []
    size = 0
    for drive in drives:
        some.append(drive)
        size += sum(len(track.frames) for track in drive.tracks) + len(drive.ignore_frames) + len(drive.frames)
        if size >= BATCH_ROWS:
            yield some
            some, size = [], 0
    yield some


def _track_rows(tracks: Sequence[Track]) -> dict[str, Any]:
    """Columns of all tracks, with the track and the class that each row belongs to."""
    table = _table(tracks, [track.drive for track in tracks], _TRACK_FIELDS)
    ids, kinds = [track.track_id for track in tracks], [track.kind for track in tracks]
    counts = [len(track.frames) for track in tracks]
    table["track"] = np.repeat(np.array(ids, np.int64), counts)
    table["kind"] = pa.array(np.repeat(np.array(kinds, object), counts), pa.string()).dictionary_encode()
    return table


def _table(owners: Sequence[Any], drives: Sequence[str], fields: Sequence[str]) -> dict[str, Any]:
    """Columns of all owners, one below the other, and the drive each row belongs to."""
    counts = [len(getattr(owner, fields[0])) for owner in owners]
    names = np.repeat(np.array(drives, object), counts)
    table: dict[str, Any] = {"drive": pa.array(names, pa.string()).dictionary_encode()}
    for name in fields:
        if owners:
            values = np.concatenate([getattr(owner, name) for owner in owners])
            parts = _SPREAD.get(name, (name,))
            table |= dict(zip(parts, values.reshape(len(values), len(parts)).T, strict=True))
    return table


class _GrowingTable:
    """A Parquet file that is written batch by batch; the first batch that has rows decides on its columns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None
        self._empty = pa.table({})

    def close(self) -> None:
        (self._writer or self._open(self._empty.schema)).close()

    def add(self, columns: dict[str, Any]) -> None:
        table = pa.table(columns)
        if not table.num_rows:
            self._empty = table
            return
        self._writer = self._writer or self._open(table.schema)
        self._writer.write_table(table)

    def _open(self, schema: pa.Schema) -> pq.ParquetWriter:
        options = {"compression": "zstd", "use_dictionary": ["drive", "kind"], "write_statistics": False}
        return pq.ParquetWriter(self._path, schema, **options)


def _pieces(path: Path, *keys: str) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """Runs of rows that belong to one drive (and agree in ``keys``), as columns."""
    table = pq.read_table(path, use_threads=False)
    columns = {name: table[name].to_numpy() for name in table.column_names}
    changes = [columns[key][1:] != columns[key][:-1] for key in ("drive", *keys) if key in columns]
    changed = (np.flatnonzero(np.logical_or.reduce(changes)) + 1).tolist()
    for start, stop in pairwise([0, *changed, table.num_rows] if table.num_rows else []):
        yield str(columns["drive"][start]), {name: values[start:stop] for name, values in columns.items()}


def _fields(columns: dict[str, np.ndarray], fields: Sequence[str]) -> dict[str, np.ndarray]:
    """Gather columns into the arrays they came from."""
    arrays = {}
    for name in fields:
        parts = _SPREAD.get(name, (name,))
        arrays[name] = columns[name] if name not in _SPREAD else np.column_stack([columns[part] for part in parts])
    if "T_world_imu" in arrays:
        arrays["T_world_imu"] = arrays["T_world_imu"].reshape(-1, 4, 4)
    return arrays


def _describe(drive: Drive, root: Path) -> dict[str, Any]:
    """What no table holds; JSON keeps floats exactly."""
    camera = drive.calibration
    return {
        "name": drive.name,
        "source": drive.source,
        "image_size": drive.image_size,
        "dt_s": drive.dt_s,
        "notes": drive.notes,
        "has_ego": drive.ego is not None,
        "calibration": camera
        and {name: getattr(camera, name).tolist() for name in ("P2", "T_cam_velo", "T_velo_imu")}
        | {"image_size": camera.image_size},
        "frames": [[f.index, *(_relative(getattr(f, name), root) for name in _PATHS)] for f in drive.frames],
    }


def _calibration(camera: dict[str, Any]) -> Calibration:
    width, height = camera["image_size"]
    P2, T_cam_velo, T_velo_imu = (np.array(camera[name]) for name in ("P2", "T_cam_velo", "T_velo_imu"))
    return Calibration(P2, T_cam_velo, T_velo_imu, (width, height))


def _relative(path: Path | None, root: Path) -> str | None:
    if path is None:
        return None
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _restore(
    text: dict[str, Any],
    root: Path,
    tracks: tuple[Track, ...],
    ego: EgoMotion | None,
    regions: dict[str, np.ndarray],
) -> Drive:
    camera = text["calibration"]
    if text["has_ego"] and ego is None:
        ego = EgoMotion(np.zeros(0, np.int64), np.zeros((0, 4, 4)), np.zeros(0), np.zeros(0))
    return Drive(
        name=text["name"],
        source=text["source"],
        calibration=camera and _calibration(camera),
        ego=ego,
        tracks=tracks,
        image_size=tuple(text["image_size"]),
        dt_s=text["dt_s"],
        frames=tuple(
            Frame(text["name"], index, *(None if path is None else root / path for path in paths))
            for index, *paths in text["frames"]
        ),
        notes=tuple(text["notes"]),
        **regions,
    )
