"""The same drives in the layout of KITTI raw: pictures and scans are linked, the rest is written anew."""

import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from jaxtyping import Float

from pipeline.geometry import invert_rigid, transform_points
from pipeline.schema import Calibration, Drive, Track

DATE = "2011_09_26"
"""Day of the calibration; KITTI raw names its folders by it."""
FIRST_INSTANT = datetime(2011, 9, 26, 13, 0)
RAW_KINDS = {"Person": "Person (sitting)"}


def drive_folder(root: Path, name: str) -> Path:
    """Where a drive of KITTI raw lies."""
    return root / DATE / f"{DATE}_drive_{name}_sync"


def write_raw(drive: Drive, tracking: Path, root: Path) -> None:
    """Write ``drive``, whose files in the tracking layout lie below ``tracking``, as KITTI raw below ``root``."""
    if drive.calibration is None or drive.ego is None:
        raise ValueError(f"drive {drive.name} has no calibration or no ego motion, which KITTI raw needs")
    folder = drive_folder(root, drive.name)
    _write_calibration(drive.calibration, root / DATE)
    records = (tracking / "oxts" / f"{drive.name}.txt").read_text().splitlines()
    count = len(records)
    for number, record in enumerate(records):
        _write(folder / "oxts" / "data" / f"{number:010d}.txt", record + "\n")
    for sensor in ("image_02", "oxts", "velodyne_points"):
        _write_times(folder / sensor / "timestamps.txt", count, drive.dt_s)
    _link(tracking / "image_02" / drive.name, folder / "image_02" / "data", "png")
    _link(tracking / "velodyne" / drive.name, folder / "velodyne_points" / "data", "bin")
    _write(folder / "tracklet_labels.xml", _tracklets(drive.tracks, drive.calibration))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")


def _write_times(path: Path, count: int, dt_s: float) -> None:
    instants = (FIRST_INSTANT + timedelta(seconds=number * dt_s) for number in range(count))
    _write(path, "".join(f"{instant:%Y-%m-%d %H:%M:%S.%f}000\n" for instant in instants))


def _link(source: Path, target: Path, ending: str) -> None:
    """The files of ``source`` under ten-digit names; hard links where the disk allows them."""
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob(f"*.{ending}")):
        copy = target / f"{int(path.stem):010d}.{ending}"
        copy.unlink(missing_ok=True)
        try:
            os.link(path, copy)
        except OSError:
            shutil.copyfile(path, copy)


def _write_calibration(calibration: Calibration, folder: Path) -> None:
    width, height = calibration.image_size
    T_cam_velo, T_velo_imu = calibration.T_cam_velo, calibration.T_velo_imu
    baselines_m = (0.0, 0.5372, -calibration.P2[0, 3] / calibration.P2[0, 0], 0.4729)
    lines = ["calib_time: 09-Jan-2012 13:57:47"]
    for camera, baseline_m in enumerate(baselines_m):
        P = calibration.P2.copy()
        if camera != 2:
            P[:, 3] = (-P[0, 0] * baseline_m, 0, 0)
        lines += [
            f"S_rect_0{camera}: {width:e} {height:e}",
            f"R_rect_0{camera}: {_numbers(np.eye(3))}",  # the rotation to camera 0 has it in it already
            f"P_rect_0{camera}: {_numbers(P)}",
        ]
    _write(folder / "calib_cam_to_cam.txt", "\n".join(lines) + "\n")
    for name, T in (("calib_velo_to_cam.txt", T_cam_velo), ("calib_imu_to_velo.txt", T_velo_imu)):
        _write(folder / name, f"calib_time: 25-May-2012 16:47:16\nR: {_numbers(T[:3, :3])}\nT: {_numbers(T[:3, 3])}\n")


def _numbers(values: np.ndarray) -> str:
    return " ".join(f"{value:.12e}" for value in np.ravel(values))


def _tracklets(tracks: tuple[Track, ...], calibration: Calibration) -> str:
    """Boost serialization as the raw devkit reads it; a gap in a track begins a new tracklet."""
    runs = [(track, run) for track in tracks for run in _runs(track)]
    items = "".join(_tracklet(track, run, calibration) for track, run in runs)
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>\n<!DOCTYPE boost_serialization>\n'
        '<boost_serialization signature="serialization::archive" version="9">\n'
        f'<tracklets class_id="0" tracking_level="0" version="0">\n<count>{len(runs)}</count>\n'
        f"<item_version>1</item_version>\n{items}</tracklets>\n</boost_serialization>\n"
    )


def _runs(track: Track) -> list[np.ndarray]:
    breaks = np.flatnonzero(np.diff(track.frames) != 1) + 1
    return np.split(np.arange(len(track.frames)), breaks)


def _tracklet(track: Track, run: np.ndarray, calibration: Calibration) -> str:
    height, width, length = track.size_m[run[0]]
    place, yaw = _in_velo(track, run, calibration)
    poses = "".join(
        f"<item><tx>{x:.6f}</tx><ty>{y:.6f}</ty><tz>{z:.6f}</tz><rx>0</rx><ry>0</ry><rz>{turn:.6f}</rz><state>2</state>"
        f"<occlusion>{occluded:d}</occlusion><occlusion_kf>0</occlusion_kf><truncation>{truncated:.0f}</truncation>"
        "<amt_occlusion>0</amt_occlusion><amt_occlusion_kf>0</amt_occlusion_kf><amt_border_l>0</amt_border_l>"
        "<amt_border_r>0</amt_border_r><amt_border_kf>-1</amt_border_kf></item>\n"
        for (x, y, z), turn, occluded, truncated in zip(
            place, yaw, track.occluded[run], track.truncated[run], strict=True
        )
    )
    kind = escape(RAW_KINDS.get(track.kind, track.kind))
    return (
        f"<item><objectType>{kind}</objectType><h>{height:.6f}</h><w>{width:.6f}</w><l>{length:.6f}</l>"
        f"<first_frame>{track.frames[run[0]]}</first_frame>\n<poses><count>{len(run)}</count><item_version>2"
        f"</item_version>\n{poses}</poses><finished>1</finished></item>\n"
    )


def _in_velo(
    track: Track, run: np.ndarray, calibration: Calibration
) -> tuple[Float[np.ndarray, "pose 3"], Float[np.ndarray, " pose"]]:
    """Bottom centres and headings in the LiDAR's frame."""
    T_velo_cam = invert_rigid(calibration.T_cam_velo)
    turn = track.rotation_y_rad[run]
    facing = np.stack([np.cos(turn), np.zeros_like(turn), -np.sin(turn)], axis=1) @ T_velo_cam[:3, :3].T
    return transform_points(T_velo_cam, track.position_cam_m[run]), np.arctan2(facing[:, 1], facing[:, 0])
