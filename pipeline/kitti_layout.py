"""Drives in the layout of the KITTI tracking benchmark and its kin: the one place that knows how these are written.

Files: ``label_02/NAME.txt`` (17 columns), ``calib/NAME.txt``, ``oxts/NAME.txt`` (30 columns, one line a frame); and,
where they are asked for, ``poses/NAME.txt`` (odometry benchmark) or ``label_2`` (15 columns, object benchmark).
"""

from pathlib import Path

import numpy as np
from jaxtyping import Float

from pipeline.geometry import euler_from_rotation, invert_rigid, world_to_oxts
from pipeline.schema import Calibration, Drive, EgoMotion, Track, require

ORIGIN_LAT_DEG, ORIGIN_LON_DEG = 49.0, 8.4
"""Where on Earth a drive's first pose is put: Karlsruhe, where KITTI was recorded."""

GREY_BASELINE_M, COLOUR_BASELINE_M = 0.5372, 0.5327
"""KITTI's distances between its two grey and its two colour cameras; ``Calibration`` knows the left colour one only."""

GRAVITY_MPS2 = 9.81
_ACCURACY_AND_STATUS = (0.05, 0.02, 4, 10, 4, 4, 0)
"""Position (m) and velocity (m/s) accuracy, navigation status, satellites, position, velocity, orientation mode."""

_LABEL_FORMAT = "%d %d {kind} %g %d %.6f %.6f %.6f %.6f %.6f %.6f %.6f %.6f %.6f %.6f %.6f %.6f"


def write_tracking(drive: Drive, root: Path) -> None:
    """Write ``drive`` below ``root`` so that KITTI's own tools and ``KittiTracking`` read it back, to rounding.

    Rows without a 2D box or marked invalid are left out, as KITTI labels only what its camera sees; calibration and
    ego motion are left out where the drive has none. Values of a KITTI row that are unknown become its -1, -10, -1000.

    Raises:
        ValueError: the ego motion does not start at frame 0 or has gaps, which the layout cannot express.
    """
    _write(root / "label_02" / f"{drive.name}.txt", _label_lines(drive))
    if drive.calibration is not None:
        _write(root / "calib" / f"{drive.name}.txt", _calibration_lines(drive.calibration))
    if drive.ego is not None:
        _write(root / "oxts" / f"{drive.name}.txt", _oxts_lines(drive.ego, drive.dt_s))


def write_poses(drive: Drive, root: Path) -> None:
    """Write ``poses/NAME.txt`` as the odometry benchmark has it, if the drive's motion is known.

    One line a frame: the first three rows of the transform that takes points of the rectified camera 0 to where they
    are for that camera at the first frame.
    """
    if drive.ego is None or drive.calibration is None:
        return
    T_cam_imu = drive.calibration.T_cam_imu
    world = drive.ego.T_world_imu
    poses = T_cam_imu @ invert_rigid(world[:1]) @ world @ invert_rigid(T_cam_imu)
    _write(root / "poses" / f"{drive.name}.txt", [" ".join(f"{value:.9e}" for value in T[:3].ravel()) for T in poses])


def write_object(name: str, calibration: Calibration | None, labels: list[str], root: Path) -> None:
    """Write the labels and the calibration of one picture in the layout of the object benchmark."""
    _write(root / "label_2" / f"{name}.txt", labels)
    if calibration is not None:
        lines = _calibration_lines(calibration)
        renamed = {"R_rect": "R0_rect", "Tr_velo_cam": "Tr_velo_to_cam", "Tr_imu_velo": "Tr_imu_to_velo"}
        for old, new in renamed.items():
            lines = [line.replace(f"{old}:", f"{new}:", 1) for line in lines]
        _write(root / "calib" / f"{name}.txt", lines)


def _write(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line + "\n" for line in lines), encoding="ascii")


def _label_lines(drive: Drive) -> list[str]:
    """Rows by frame, regions to ignore first, then objects by id."""
    keyed = [
        ((int(frame), -1), f"{frame} -1 DontCare -1 -1 -10 {_spaced(box)} -1000 -1000 -1000 -10 -1 -1 -1")
        for frame, box in zip(drive.ignore_frames, drive.ignore_boxes, strict=True)
    ]
    for track in drive.tracks:
        keyed += [((int(row[0]), track.track_id), _label(track.kind, row)) for row in _label_rows(track)]
    return [line for _, line in sorted(keyed, key=lambda item: item[0])]


def _label_rows(track: Track) -> Float[np.ndarray, "row 16"]:
    """The numbers of a track's label rows, the class left out."""
    x, _, z = track.position_cam_m.T
    # KITTI's observation angle: the heading as seen along the ray from the camera to the object.
    alpha = (track.rotation_y_rad - np.arctan2(x, z) + np.pi) % (2 * np.pi) - np.pi
    solid = np.isfinite(np.column_stack([track.size_m, track.position_cam_m, track.rotation_y_rad])).all(axis=1)
    numbers = np.column_stack([
        track.frames, np.full(len(track.frames), track.track_id), np.nan_to_num(track.truncated, nan=-1),
        track.occluded, np.where(solid, alpha, -10), track.boxes, np.where(solid[:, None], track.size_m, -1),
        np.where(solid[:, None], track.position_cam_m, -1000), np.where(solid, track.rotation_y_rad, -10),
    ])  # fmt: skip
    return numbers[track.valid & np.isfinite(track.boxes).all(axis=1)]


def _label(kind: str, numbers: Float[np.ndarray, " number"]) -> str:
    return _LABEL_FORMAT.format(kind=kind) % tuple(numbers)


def _calibration_lines(calibration: Calibration) -> list[str]:
    left_grey = calibration.P2 @ np.diag([1.0, 1.0, 1.0, 0.0])
    right_grey, right_colour = left_grey.copy(), calibration.P2.copy()
    focal_px = calibration.P2[0, 0]
    right_grey[0, 3] -= focal_px * GREY_BASELINE_M
    right_colour[0, 3] -= focal_px * COLOUR_BASELINE_M
    entries = {
        "P0": left_grey, "P1": right_grey, "P2": calibration.P2, "P3": right_colour,
        "R_rect": np.eye(3),  # T_cam_velo has it in it already
        "Tr_velo_cam": calibration.T_cam_velo[:3], "Tr_imu_velo": calibration.T_velo_imu[:3],
        "S_rect_02": np.array(calibration.image_size),  # KITTI raw's name: the layout has no other place for the size
    }  # fmt: skip
    return [f"{name}: {' '.join(f'{value:.12e}' for value in np.ravel(matrix))}" for name, matrix in entries.items()]


def _oxts_lines(ego: EgoMotion, dt_s: float) -> list[str]:
    require(bool((ego.frames == np.arange(len(ego.frames))).all()), "OXTS files need ego frames 0, 1, 2, ...")
    return [_spaced(record) for record in _oxts_records(ego, dt_s)]


def _oxts_records(ego: EgoMotion, dt_s: float) -> Float[np.ndarray, "frame 30"]:
    """Navigation records: poses, speed and yaw rate exactly, the other velocities and accelerations from them."""
    if len(ego.frames) == 0:
        return np.zeros((0, 30))
    poses = invert_rigid(ego.T_world_imu[0]) @ ego.T_world_imu
    roll, pitch, yaw = euler_from_rotation(poses[:, :3, :3]).T
    east, north, up = (_rate(poses[:, axis, 3], dt_s) for axis in range(3))
    forward, leftward = ego.speed_mps, north * np.cos(yaw) - east * np.sin(yaw)
    forward_gain, leftward_gain = _rate(forward, dt_s), forward * ego.yaw_rate_radps
    up_gain = GRAVITY_MPS2 + _rate(up, dt_s)
    roll_rate, pitch_rate = _rate(np.unwrap(roll), dt_s), _rate(pitch, dt_s)
    return np.column_stack([
        world_to_oxts(poses, ORIGIN_LAT_DEG, ORIGIN_LON_DEG),
        forward * np.sin(yaw) + leftward * np.cos(yaw),  # vn
        forward * np.cos(yaw) - leftward * np.sin(yaw),  # ve
        forward, leftward, up,
        forward_gain, leftward_gain, up_gain,  # ax ay az: the car is nearly level
        forward_gain, leftward_gain, up_gain,  # af al au
        roll_rate, pitch_rate, ego.yaw_rate_radps,  # wx wy wz
        roll_rate, pitch_rate, ego.yaw_rate_radps,  # wf wl wu
        np.tile(_ACCURACY_AND_STATUS, (len(poses), 1)),
    ])  # fmt: skip


def _rate(values: Float[np.ndarray, " frame"], dt_s: float) -> Float[np.ndarray, " frame"]:
    """Change per second; 0 where there is but one frame."""
    return np.gradient(values, dt_s) if len(values) > 1 else np.zeros_like(values)


def _spaced(values: Float[np.ndarray, " value"]) -> str:
    return " ".join(f"{value:.15g}" for value in values)
