"""Drives as Parquet tables and back: one row a labelled box, one a region to ignore, one an ego pose; JSON the rest."""

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.schema import Calibration, Drive, EgoMotion, Frame, Track

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


def write_drives(drives: Sequence[Drive], folder: Path, root: Path) -> None:
    """Write all drives below ``folder``; files they refer to are named relative to ``root`` where they lie in it."""
    tracks = [track for drive in drives for track in drive.tracks]
    table = _table(tracks, [track.drive for track in tracks], _TRACK_FIELDS)
    ids, kinds = [track.track_id for track in tracks], [track.kind for track in tracks]
    counts = [len(track.frames) for track in tracks]
    table["track"] = np.repeat(np.array(ids, np.int64), counts)
    table["kind"] = pa.array(np.repeat(np.array(kinds, object), counts), pa.string()).dictionary_encode()
    _save(table, folder / "tracks.parquet")
    _save(_table(drives, [drive.name for drive in drives], _REGION_FIELDS), folder / "ignore.parquet")
    driven = [drive for drive in drives if drive.ego is not None]
    _save(_table([d.ego for d in driven], [d.name for d in driven], _EGO_FIELDS), folder / "ego.parquet")
    texts = json.dumps([_describe(drive, root) for drive in drives], indent=1)
    (folder / "drives.json").write_text(texts, encoding="utf-8")


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


def _save(table: dict[str, Any], path: Path) -> None:
    pq.write_table(pa.table(table), path, compression="zstd", use_dictionary=["drive", "kind"], write_statistics=False)


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
