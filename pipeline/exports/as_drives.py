"""Synthetic windows as drives, so that they can be written in any layout that takes drives.

Windows are independent samples: they are laid out one block of frames after another, a few side by side, each as a
track of its own. Windows with scenes follow one another instead, each with its 3D boxes; the ego car drives from one
block into the next without a jump. A box at the image border counts as truncated; what a window does not know stays
unknown.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from pipeline.ego_paths import planar_path
from pipeline.exports.base import Cameras
from pipeline.geometry import heading_in_world, invert_rigid, rigid, rotation_from_euler, transform_points
from pipeline.scenes import Scenes
from pipeline.schema import KINDS, KITTI_DT_S, Calibration, Drive, EgoMotion, Track
from pipeline.windows import Windows, border_mask

ABREAST = 8
"""Tracks per frame: about as many as KITTI's busier streets show."""


def to_drives(windows: Windows, cameras: Cameras) -> tuple[tuple[Drive, ...], dict[str, str]]:
    """One drive for each real drive and camera that windows were made from, named 0000, 0001, ...

    Args:
        windows: Samples of any strategy.
        cameras: Of the real drives; a drive that is not in it gets none, unless its scenes know it.

    Returns:
        The drives, and by the name of each the drive that its windows say they come from.
    """
    parts = [
        (origin, part)
        for origin in sorted(set(windows.drive.tolist()))
        for part in _by_camera(windows.take(windows.drive == origin))
    ]
    named = {f"{number:04d}": origin for number, (origin, _) in enumerate(parts)}
    drives = [
        _drive(part, name, cameras.get(origin)) for (_, part), (name, origin) in zip(parts, named.items(), strict=True)
    ]
    return tuple(drives), named


def _by_camera(windows: Windows) -> list[Windows]:
    """Windows seen by the same camera, mirrored ones by a mirrored camera; those not known in the world by none."""
    looks = windows.image_size
    if windows.scenes is not None:
        known = windows.scenes.known
        if not known.all():
            flat = replace(windows.take(~known), scenes=None)
            return [*_by_camera(windows.take(known)), *_by_camera(flat)]
        looks = np.column_stack([looks, windows.scenes.P2.reshape(len(windows), -1)])
    cameras, which = np.unique(looks, axis=0, return_inverse=True)
    return [windows.take(which.reshape(-1) == number) for number in range(len(cameras))]


def _drive(windows: Windows, name: str, calibration: Calibration | None) -> Drive:
    width, height = (int(side) for side in windows.image_size[0])
    scenes, length = windows.scenes, windows.boxes.shape[1]
    abreast = ABREAST if scenes is None else 1
    starts = np.arange(len(windows)) // abreast * length
    if scenes is not None and not (calibration and np.array_equal(calibration.P2, scenes.P2[0])):
        calibration = Calibration(scenes.P2[0], scenes.T_cam_imu[0], np.eye(4), (width, height))
    ego = None if scenes is None else _ego(scenes)
    seen_from = None if ego is None or calibration is None else ego.T_world_imu @ invert_rigid(calibration.T_cam_imu)
    return Drive(
        name=name,
        source="synthetic",
        calibration=calibration,
        ego=ego,
        tracks=tuple(
            _track(windows, index, name, starts[index] + np.arange(length), seen_from) for index in range(len(windows))
        ),
        image_size=(width, height),
        dt_s=KITTI_DT_S if scenes is None else float(scenes.dt_s[0]),
    )


def _ego(scenes: Scenes) -> EgoMotion:
    """All windows' ego motions driven one after the other on the plane."""
    speed, yaw_rate = (values.reshape(1, -1).astype(np.float64) for values in (scenes.speed_mps, scenes.yaw_rate_radps))
    x, y, yaw = planar_path(speed, yaw_rate, scenes.dt_s[:1], 0)[0].T
    level = np.zeros_like(yaw)
    poses = rigid(rotation_from_euler(level, level, yaw), np.column_stack([x, y, level]))
    return EgoMotion(np.arange(len(yaw)), poses, speed[0], yaw_rate[0])


def _track(
    windows: Windows, index: int, drive: str, frames: np.ndarray, T_world_cam: Float[np.ndarray, "frame 4 4"] | None
) -> Track:
    length, scenes = len(frames), windows.scenes
    unknown = np.full((length, 3), np.nan)
    size, position, rotation_y, place, yaw = unknown, unknown, unknown[:, 0], unknown, unknown[:, 0]
    if scenes is not None and T_world_cam is not None:
        size, position = scenes.size_m[index].astype(float), scenes.position_cam_m[index].astype(float)
        rotation_y = scenes.rotation_y_rad[index].astype(float)
        place = transform_points(T_world_cam[frames], position)
        yaw = heading_in_world(T_world_cam[frames], rotation_y)
    return Track(
        drive=drive,
        track_id=index,
        kind=KINDS[windows.kind[index]],
        frames=frames,
        boxes=windows.boxes[index].astype(float),
        truncated=border_mask(windows.boxes[index], windows.image_size[index]).astype(float),
        occluded=np.full(length, 3),
        size_m=size,
        position_cam_m=position,
        rotation_y_rad=rotation_y,
        position_world_m=place,
        yaw_world_rad=yaw,
        valid=windows.valid[index],
    )
