"""KITTI raw recordings (Geiger et al., IJRR 2013): date folders with calibration, drives, OXTS and tracklets."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from pipeline.geometry import box_corners_cam, heading_in_cam, project_boxes, transform_points
from pipeline.schema import Calibration, Drive, EgoMotion, Frame, Problem, UserError
from pipeline.sources.base import Reading
from pipeline.sources.calibration_file import USUAL_SIZE, image_size_of, read_entries, transform_of
from pipeline.sources.oxts import read_oxts_folder
from pipeline.sources.rows import Rows, check, gather_tracks, place_in_world
from pipeline.sources.text import read_carefully
from pipeline.sources.tracklets import Poses, poses_of, read_tracklets

_DATE = re.compile(r"\d{4}_\d{2}_\d{2}")
_CALIBRATION = {
    "calib_cam_to_cam.txt": {"P_rect_02": 12, "R_rect_00": 9, "S_rect_02": 2},
    "calib_velo_to_cam.txt": {"R": 9, "T": 3},
    "calib_imu_to_velo.txt": {"R": 9, "T": 3},
}
"""Files of a date, and the entries that are needed of each."""


@dataclass(frozen=True)
class KittiRaw:
    """Reader of a date folder, or of a root with date folders: one drive per ``*_drive_*`` folder."""

    name: str = "kitti_raw"
    """What drives say they come from."""
    looks_for = "YYYY_MM_DD/YYYY_MM_DD_drive_NNNN_sync folders, or such a date folder itself"

    def recognises(self, root: Path) -> bool:
        """Whether ``root`` is, or holds, a date folder with drives."""
        return bool(_drive_folders(root))

    def read(self, root: Path) -> Reading:
        """All drives of all dates.

        Raises:
            UserError: no date folder with drives in ``root``.
        """
        return Reading.joined(self.stream(root))

    def stream(self, root: Path) -> Iterator[Reading]:
        """The same, drive by drive."""
        folders = _drive_folders(root)
        if not folders:
            raise UserError(f"{root} is no KITTI raw data: looked for {self.looks_for}")
        cameras: dict[Path, Calibration | None] = {}
        for folder in folders:
            problems: list[Problem] = []
            date = folder.parent
            if date not in cameras:
                cameras[date] = _read_calibration(date, problems)
            drive = self._read_drive(folder, cameras[date], problems)
            yield Reading((drive,), tuple(problems))

    def _read_drive(self, folder: Path, camera: Calibration | None, problems: list[Problem]) -> Drive:
        notes: list[str] = []
        ego = _read_ego(folder, problems, notes)
        rows = _read_rows(folder, camera, problems, notes)
        frames = _frames(folder)
        _note_counts(folder, ego, frames, problems, notes)
        return Drive(
            name=folder.name,
            source=self.name,
            calibration=camera,
            ego=ego,
            tracks=gather_tracks(rows, folder.name, *place_in_world(rows, camera, ego)),
            image_size=USUAL_SIZE if camera is None else camera.image_size,
            frames=frames,
            notes=tuple(notes),
        )


def _drive_folders(root: Path) -> list[Path]:
    dates = [root] if _DATE.fullmatch(root.resolve().name) else [p for p in _subfolders(root) if _DATE.match(p.name)]
    return [folder for date in dates for folder in _subfolders(date) if "_drive_" in folder.name]


def _subfolders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _read_calibration(date: Path, problems: list[Problem]) -> Calibration | None:
    """The calibration that all drives of a date share; None, with the reasons, where it is not whole."""
    found: dict[str, dict[str, np.ndarray]] = {}
    defects: list[Problem] = []
    for name, wanted in _CALIBRATION.items():
        if (date / name).is_file():
            found[name], bad = read_entries(date / name, wanted, rotations=("R", "R_rect_00"))
            defects += bad
        else:
            defects.append(Problem(date / name, None, "missing: tracklets cannot be placed before the camera"))
    problems += defects
    if defects:
        return None
    camera, velo, imu = (found[name] for name in _CALIBRATION)
    T_cam_velo = transform_of(camera["R_rect_00"].reshape(3, 3)) @ _pose(velo)
    size = image_size_of(camera["S_rect_02"]) or USUAL_SIZE
    return Calibration(camera["P_rect_02"].reshape(3, 4), T_cam_velo, _pose(imu), size)


def _pose(entries: dict[str, np.ndarray]) -> np.ndarray:
    return transform_of(np.column_stack([entries["R"].reshape(3, 3), entries["T"]]))


def _read_ego(folder: Path, problems: list[Problem], notes: list[str]) -> EgoMotion | None:
    records = folder / "oxts" / "data"
    if not records.is_dir():
        notes.append("no oxts/data: no positions in the world")
        return None
    ego, bad = read_oxts_folder(records)
    problems += bad
    return ego


def _read_rows(folder: Path, camera: Calibration | None, problems: list[Problem], notes: list[str]) -> Rows:
    path = folder / "tracklet_labels.xml"
    if path.is_file():
        poses, bad = read_tracklets(path)
    else:
        poses, bad = poses_of([]), []
        notes.append("no tracklet_labels.xml: no tracks")
    rows, more = check(_to_camera(poses, camera), path)
    problems += sorted(bad + more, key=lambda problem: problem.line or 0)
    return rows


def _to_camera(poses: Poses, camera: Calibration | None) -> Rows:
    """Poses in the camera frame and the image boxes around them; NaN without a calibration or out of view."""
    count = len(poses.line)
    position, rotation_y, boxes = np.full((count, 3), np.nan), np.full(count, np.nan), np.full((count, 4), np.nan)
    if camera is not None:
        position = transform_points(camera.T_cam_velo, poses.position_velo_m)
        rotation_y = heading_in_cam(camera.T_cam_velo, poses.yaw_velo_rad)
        boxes = project_boxes(camera.P2, box_corners_cam(poses.size_m, position, rotation_y), camera.image_size)
    return Rows(
        line=poses.line,
        frame=poses.frame,
        track=poses.track,
        kind=poses.kind,
        truncated=poses.truncated,
        occluded=poses.occluded,
        boxes=boxes,
        size_m=poses.size_m,
        position_cam_m=position,
        rotation_y_rad=rotation_y,
        valid=np.ones(count, bool),
    )


def _frames(folder: Path) -> tuple[Frame, ...]:
    """Every instant with a picture or a scan on disk."""
    images = _numbered(folder / "image_02" / "data", "*.png")
    scans = _numbered(folder / "velodyne_points" / "data", "*.bin")
    every = sorted(images.keys() | scans.keys())
    return tuple(Frame(folder.name, index, images.get(index), scans.get(index)) for index in every)


def _numbered(folder: Path, pattern: str) -> dict[int, Path]:
    return {int(path.stem): path for path in folder.glob(pattern) if path.stem.isdecimal()}


def _note_counts(
    folder: Path, ego: EgoMotion | None, frames: tuple[Frame, ...], problems: list[Problem], notes: list[str]
) -> None:
    """Tell where fewer frames exist than the timestamps announce, which happens in real downloads."""
    path = folder / "oxts" / "timestamps.txt"
    if not path.is_file():
        return
    times, _, bad = read_carefully(path, _timestamp)
    problems += bad
    records = 0 if ego is None else len(ego.frames)
    pictures = sum(frame.image is not None for frame in frames)
    if not len(times) == records == pictures:
        exist = f"{records} OXTS records and {pictures} pictures exist, which are used"
        notes.append(f"timestamps list {len(times)} frames; {exist}")


def _timestamp(words: list[str]) -> datetime:
    try:
        return datetime.fromisoformat(" ".join(words))
    except ValueError:
        raise ValueError(f'"{" ".join(words)}" is no date and time') from None
