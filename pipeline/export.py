"""Synthetic windows as drives, so that they can be written in any layout that takes drives.

Windows are independent samples: they are laid out one block of frames after another, a few side by side, each as a
track of its own. A box at the image border counts as truncated; what a window does not know (3D boxes, poses,
occlusion) stays unknown.
"""

from collections.abc import Mapping

import numpy as np

from pipeline.schema import KINDS, Calibration, Drive, Track
from pipeline.windows import Windows, border_mask

ABREAST = 8
"""Tracks per frame: about as many as KITTI's busier streets show."""


def to_drives(windows: Windows, calibrations: Mapping[str, Calibration | None]) -> tuple[Drive, ...]:
    """One drive for each real drive that the windows were made from, named 0000, 0001, ... as KITTI does.

    Args:
        windows: Samples of any strategy.
        calibrations: Cameras of the real drives; a drive that is not in it gets none.
    """
    origins = sorted(set(windows.drive.tolist()))
    return tuple(
        _drive(windows.take(windows.drive == origin), f"{number:04d}", origin, calibrations.get(origin))
        for number, origin in enumerate(origins)
    )


def _drive(windows: Windows, name: str, origin: str, calibration: Calibration | None) -> Drive:
    width, height = windows.image_size[0]
    return Drive(
        name=name,
        source="synthetic",
        calibration=calibration,
        ego=None,
        tracks=tuple(_track(windows, index, name) for index in range(len(windows))),
        image_size=(int(width), int(height)),
        notes=(f"{windows.origin[0]} samples made from drive {origin}",),
    )


def _track(windows: Windows, index: int, drive: str) -> Track:
    length = windows.boxes.shape[1]
    unknown = np.full((length, 3), np.nan)
    return Track(
        drive=drive,
        track_id=index,
        kind=KINDS[windows.kind[index]],
        frames=index // ABREAST * length + np.arange(length),
        boxes=windows.boxes[index].astype(float),
        truncated=border_mask(windows.boxes[index], windows.image_size[index]).astype(float),
        occluded=np.full(length, 3),
        size_m=unknown,
        position_cam_m=unknown,
        rotation_y_rad=unknown[:, 0],
        position_world_m=unknown,
        yaw_world_rad=unknown[:, 0],
        valid=windows.valid[index],
    )
