"""Where the boxes of windows stood in the world: 3D boxes, the ego car's motion and the camera, frame by frame.

A companion of ``Windows``: what changes boxes in the image alone leaves it behind; what moves things in the world keeps
it true.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from jaxtyping import Bool, Float

from pipeline.schema import Drive, Track, require


@dataclass(frozen=True, eq=False)
class Scenes:
    """N windows in 3D. What is not known is NaN."""

    size_m: Float[np.ndarray, "n time 3"]
    """Height, width, length."""
    position_cam_m: Float[np.ndarray, "n time 3"]
    """Centre of the 3D box's bottom face in the rectified camera-0 frame."""
    rotation_y_rad: Float[np.ndarray, "n time"]
    speed_mps: Float[np.ndarray, "n time"]
    """Forward speed of the ego car."""
    yaw_rate_radps: Float[np.ndarray, "n time"]
    """Of the ego car, positive to the left."""
    P2: Float[np.ndarray, "n 3 4"]
    T_cam_imu: Float[np.ndarray, "n 4 4"]
    dt_s: Float[np.ndarray, " n"]

    def __post_init__(self) -> None:
        """Check that all arrays speak of the same N windows."""
        for item in fields(self):
            count = len(getattr(self, item.name))
            require(count == len(self), f"{item.name} has {count} entries for {len(self)} scenes")

    def __len__(self) -> int:
        """How many windows."""
        return len(self.size_m)

    @property
    def known(self) -> Bool[np.ndarray, " n"]:
        """Windows of which nothing is missing."""
        return np.logical_and.reduce(
            [np.isfinite(values.reshape(len(self), -1)).all(axis=1) for values in self.arrays().values()]
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """Every field by name."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def take(self, index: np.ndarray) -> "Scenes":
        """The scenes at ``index`` (integers, repeats welcome, or a boolean mask)."""
        return Scenes(**{name: values[index] for name, values in self.arrays().items()})

    def mirrored(self, image_size: Float[np.ndarray, "n 2"]) -> "Scenes":
        """The world behind a mirror, seen by a mirrored camera: its boxes are the mirrored boxes, exactly."""
        # Pixels u -> (width - 1) - u, camera x -> -x, imu y -> -y.
        pixels = np.tile(np.diag([-1.0, 1.0, 1.0]), (len(self), 1, 1))
        pixels[:, 0, 2] = image_size[:, 0].astype(float) - 1
        across, aside = np.diag([-1.0, 1.0, 1.0, 1.0]), np.diag([1.0, -1.0, 1.0, 1.0])
        return replace(
            self,
            position_cam_m=self.position_cam_m * np.array([-1, 1, 1], np.float32),
            rotation_y_rad=np.float32(np.pi) - self.rotation_y_rad,
            yaw_rate_radps=-self.yaw_rate_radps,
            P2=pixels @ self.P2 @ across,
            T_cam_imu=across @ self.T_cam_imu @ aside,
        )

    @classmethod
    def concatenate(cls, parts: Sequence["Scenes"]) -> "Scenes":
        """All scenes of ``parts``, in order; at least one part."""
        return cls(**{item.name: np.concatenate([getattr(part, item.name) for part in parts]) for item in fields(cls)})

    @classmethod
    def cut(cls, drive: Drive, track: Track, rows: np.ndarray) -> "Scenes":
        """The scenes of a track's windows, whose rows are (n, time)."""
        count = len(rows)
        camera = drive.calibration
        speed, yaw_rate = _ego_at(drive, track.frames)
        return cls(
            size_m=track.size_m[rows].astype(np.float32),
            position_cam_m=track.position_cam_m[rows].astype(np.float32),
            rotation_y_rad=track.rotation_y_rad[rows].astype(np.float32),
            speed_mps=speed[rows].astype(np.float32),
            yaw_rate_radps=yaw_rate[rows].astype(np.float32),
            P2=np.tile(np.full((3, 4), np.nan) if camera is None else camera.P2, (count, 1, 1)),
            T_cam_imu=np.tile(np.full((4, 4), np.nan) if camera is None else camera.T_cam_imu, (count, 1, 1)),
            dt_s=np.full(count, drive.dt_s),
        )


def _ego_at(drive: Drive, frames: np.ndarray) -> tuple[Float[np.ndarray, " time"], Float[np.ndarray, " time"]]:
    """Speed and yaw rate at some frames; NaN where the drive has no pose."""
    ego = drive.ego
    if ego is None or not len(ego.frames):
        return np.full(len(frames), np.nan), np.full(len(frames), np.nan)
    pose = np.minimum(np.searchsorted(ego.frames, frames), len(ego.frames) - 1)
    found = ego.frames[pose] == frames
    return np.where(found, ego.speed_mps[pose], np.nan), np.where(found, ego.yaw_rate_radps[pose], np.nan)
