"""Labelled objects as columns: checked together, then gathered into tracks. Every reader of labels ends here."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from pipeline.geometry import heading_in_world, invert_rigid, transform_points
from pipeline.schema import KINDS, Calibration, EgoMotion, Problem, Track
from pipeline.sources.text import LARGEST_INTEGER

FARTHEST = 1e8
"""Pixels or metres: what lies beyond is no road user but a slip of the pen. Map coordinates go up to 1e7."""


@dataclass(frozen=True, eq=False)
class Rows:
    """One row per object and frame, in the order of the file; NaN where a source does not say."""

    line: Int[np.ndarray, " row"]
    frame: Int[np.ndarray, " row"]
    track: Int[np.ndarray, " row"]
    kind: Int[np.ndarray, " row"]
    """Index into ``KINDS``; -1 for a region to ignore."""
    truncated: Float[np.ndarray, " row"]
    occluded: Int[np.ndarray, " row"]
    boxes: Float[np.ndarray, "row 4"]
    size_m: Float[np.ndarray, "row 3"]
    position_cam_m: Float[np.ndarray, "row 3"]
    rotation_y_rad: Float[np.ndarray, " row"]
    valid: Bool[np.ndarray, " row"]

    def take(self, index: Int[np.ndarray, " taken"]) -> "Rows":
        """The rows at ``index``."""
        return Rows(**{item.name: getattr(self, item.name).take(index, axis=0) for item in fields(self)})


def check(rows: Rows, path: Path) -> tuple[Rows, list[Problem]]:
    """Separate the rows that make sense from those that do not; each of the latter becomes a problem."""
    problems: list[Problem] = []
    for find in (_defects_of_values, _defects_of_order):
        defects = find(rows)
        problems += [Problem(path, int(rows.line[index]), reason) for index, reason in sorted(defects.items())]
        if defects:
            rows = rows.take(np.setdiff1d(np.arange(len(rows.line)), list(defects)))
    return rows, problems


def _defects_of_values(rows: Rows) -> dict[int, str]:
    """Reason by row, for rows that are wrong whatever the others say."""
    known = rows.kind >= 0
    left, top, right, bottom = rows.boxes.T
    height, width, length = rows.size_m.T
    rules: tuple[tuple[Bool[np.ndarray, " row"], Callable[[int], str]], ...] = (
        (rows.frame < 0, lambda row: f"frame is {rows.frame[row]}, must not be negative"),
        (rows.frame > LARGEST_INTEGER, lambda row: f"frame is {rows.frame[row]}, too large"),
        (known & (rows.track < 0), lambda row: f"track id is {rows.track[row]}, must not be negative"),
        (rows.track > LARGEST_INTEGER, lambda row: f"track id is {rows.track[row]}, too large"),
        (known & ((rows.occluded < 0) | (rows.occluded > 3)), lambda row: f"occluded is {rows.occluded[row]}, not 0-3"),
        (_beyond(rows.boxes), lambda row: f"box {rows.boxes[row]} reaches beyond any picture"),
        (_beyond(rows.size_m), lambda row: f"size {rows.size_m[row]} m is that of no road user"),
        (_beyond(rows.position_cam_m), lambda row: f"position {rows.position_cam_m[row]} m is beyond the horizon"),
        (right <= left, lambda row: f"box is inside out: right {right[row]:g} is not beyond left {left[row]:g}"),
        (bottom <= top, lambda row: f"box is inside out: bottom {bottom[row]:g} is not below top {top[row]:g}"),
        (known & (height <= 0), lambda row: f"height is {height[row]:g} m, must be positive"),
        (known & (width <= 0), lambda row: f"width is {width[row]:g} m, must be positive"),
        (known & (length <= 0), lambda row: f"length is {length[row]:g} m, must be positive"),
    )
    defects: dict[int, str] = {}
    for broken, reason in rules:
        for row in np.flatnonzero(broken).tolist():
            defects.setdefault(row, reason(row))
    return defects


def _beyond(values: Float[np.ndarray, "row number"]) -> Bool[np.ndarray, " row"]:
    return (np.abs(values) > FARTHEST).any(axis=1)


def _defects_of_order(rows: Rows) -> dict[int, str]:
    """Reason by row, for rows that contradict an earlier row of the same track."""
    order = _by_track(rows)
    track, frame, kind = rows.track[order], rows.frame[order], rows.kind[order]
    in_file_order = order[1:] > order[:-1]
    odd = (track[1:] == track[:-1]) & ((frame[1:] == frame[:-1]) | ~in_file_order | (kind[1:] != kind[:-1]))
    defects: dict[int, str] = {}
    for suspect in np.unique(track[1:][odd]):
        _follow(rows, np.flatnonzero((rows.track == suspect) & (rows.kind >= 0)), defects)
    return defects


def _by_track(rows: Rows) -> Int[np.ndarray, " labelled"]:
    """The rows of each track, in the order of their frames; regions to ignore left out."""
    order = np.argsort((rows.track << 32) + rows.frame)  # both lie below 2^31
    return order[rows.kind[order] >= 0]


def _follow(rows: Rows, members: Int[np.ndarray, " member"], defects: dict[int, str]) -> None:
    """Walk along one track and note each row that does not continue it."""
    first_kind, last_frame, seen = rows.kind[members[0]], -1, set[int]()
    for row in members.tolist():
        frame, name = int(rows.frame[row]), f"track {rows.track[row]}"
        if frame in seen:
            defects[row] = f"frame {frame} of {name} occurs twice"
        elif frame < last_frame:
            defects[row] = f"frame {frame} of {name} comes after frame {last_frame}"
        elif rows.kind[row] != first_kind:
            defects[row] = f'{name} changes class from "{KINDS[first_kind]}" to "{KINDS[rows.kind[row]]}"'
        else:
            last_frame = frame
            seen.add(frame)


def gather_tracks(
    rows: Rows, drive: str, position_world_m: Float[np.ndarray, "row 3"], yaw_world_rad: Float[np.ndarray, " row"]
) -> tuple[Track, ...]:
    """Tracks in the order of their ids; regions to ignore belong to none."""
    order = _by_track(rows)
    rows, position_world_m, yaw_world_rad = rows.take(order), position_world_m[order], yaw_world_rad[order]
    edges = [*np.flatnonzero(np.diff(rows.track, prepend=-1)).tolist(), len(rows.track)]
    return tuple(
        Track(
            drive=drive,
            track_id=int(rows.track[start]),
            kind=KINDS[rows.kind[start]],
            frames=rows.frame[start:stop],
            boxes=rows.boxes[start:stop],
            truncated=rows.truncated[start:stop],
            occluded=rows.occluded[start:stop],
            size_m=rows.size_m[start:stop],
            position_cam_m=rows.position_cam_m[start:stop],
            rotation_y_rad=rows.rotation_y_rad[start:stop],
            position_world_m=position_world_m[start:stop],
            yaw_world_rad=yaw_world_rad[start:stop],
            valid=rows.valid[start:stop],
        )
        for start, stop in pairwise(edges)
    )


def place_in_world(
    rows: Rows, calibration: Calibration | None, ego: EgoMotion | None
) -> tuple[Float[np.ndarray, "row 3"], Float[np.ndarray, " row"]]:
    """World position (m) and yaw (rad) of every row; NaN where the pose of its frame is unknown."""
    position, yaw = np.full((len(rows.frame), 3), np.nan), np.full(len(rows.frame), np.nan)
    if calibration is None or ego is None or len(ego.frames) == 0:
        return position, yaw
    pose = np.minimum(np.searchsorted(ego.frames, rows.frame), len(ego.frames) - 1)
    known = (ego.frames[pose] == rows.frame) & (rows.kind >= 0)
    T_world_cam = (ego.T_world_imu @ invert_rigid(calibration.T_cam_imu)).take(pose[known], axis=0)
    position[known] = transform_points(T_world_cam, rows.position_cam_m[known])
    yaw[known] = heading_in_world(T_world_cam, rows.rotation_y_rad[known])
    return position, yaw
