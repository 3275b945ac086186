"""Tracks in the layout of the KITTI tracking benchmark, with the ego motion they were seen from."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.exports.as_drives import to_drives
from pipeline.exports.base import Cameras, Contents
from pipeline.kitti_layout import write_poses, write_tracking
from pipeline.samples import Samples
from pipeline.windows import Windows


@dataclass(frozen=True)
class KittiTrackingLayout:
    """``label_02``, and where windows hold in the world ``calib``, ``oxts`` and ``poses``."""

    about: str = "KITTI tracking: label_02, calib, oxts, and poses as KITTI odometry has them"
    takes: tuple[type, ...] = (Windows,)

    def write(self, samples: Samples, cameras: Cameras, folder: Path) -> Contents:
        """One label file for each real drive and camera."""
        assert isinstance(samples, Windows)
        drives, made_from = to_drives(samples, cameras)
        for drive in drives:
            write_tracking(drive, folder)
            write_poses(drive, folder)
        frames = sum(int(track.frames[-1]) + 1 for drive in drives for track in drive.tracks[-1:])
        return Contents({"tracks": len(samples), "drives": len(drives), "frames": frames}, made_from)
