"""The nouns of driving data: frozen dataclasses that validate themselves, and the errors a user may meet.

Frames of reference follow KITTI (Geiger et al., IJRR 2013): ``imu`` x forward, y left, z up; ``velo`` the same;
``cam`` is the rectified camera 0, x right, y down, z forward; ``world`` is the imu frame of the drive's first pose.
A transform ``T_dest_src`` takes points of ``src`` to ``dest``.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

KINDS = ("Car", "Van", "Truck", "Pedestrian", "Person", "Cyclist", "Tram", "Misc")
"""Classes of road users, in the order of their integer codes. ``Person`` is KITTI's sitting person."""

KITTI_DT_S = 0.1
"""KITTI records at 10 Hz."""


class UserError(Exception):
    """Something the user can mend; the command line prints the message and no traceback."""


@dataclass(frozen=True)
class Problem:
    """One defect of an input: where it is and what is wrong with it."""

    file: Path
    line: int | None
    """1-based line number; None where the whole file is meant."""
    reason: str

    def __str__(self) -> str:
        """``file:line: reason``, as compilers print it."""
        return f"{self.file}{'' if self.line is None else f':{self.line}'}: {self.reason}"


class BadInput(UserError):
    """Input that cannot be used as it is; ``problems`` names every defect found."""

    def __init__(self, problems: list[Problem], shown: int = 20) -> None:
        """Keep all problems; show the first ``shown`` of them in the message."""
        self.problems = tuple(problems)
        lines = [str(problem) for problem in problems[:shown]]
        if len(problems) > shown:
            lines.append(f"... and {len(problems) - shown} more")
        super().__init__("\n".join(lines))


def require(condition: bool, message: str) -> None:
    """Raise ``ValueError(message)`` unless ``condition`` holds."""
    if not condition:
        raise ValueError(message)


@dataclass(frozen=True, eq=False)
class Calibration:
    """How the sensors of a drive relate, and how its colour camera sees."""

    P2: Float[np.ndarray, "3 4"]
    """Projection of rectified camera-0 coordinates (m) to pixels of the left colour camera."""
    T_cam_velo: Float[np.ndarray, "4 4"]
    """LiDAR to rectified camera 0 (rectifying rotation included)."""
    T_velo_imu: Float[np.ndarray, "4 4"]
    image_size: tuple[int, int]
    """Width and height in pixels."""

    def __post_init__(self) -> None:
        """Check shapes and finiteness."""
        for name, shape in (("P2", (3, 4)), ("T_cam_velo", (4, 4)), ("T_velo_imu", (4, 4))):
            matrix = getattr(self, name)
            require(matrix.shape == shape, f"{name} must have shape {shape}, got {matrix.shape}")
            require(bool(np.isfinite(matrix).all()), f"{name} holds a value that is not finite")
        require(min(self.image_size) > 0, f"image size must be positive, got {self.image_size}")

    @property
    def T_cam_imu(self) -> Float[np.ndarray, "4 4"]:
        """IMU to rectified camera 0."""
        return self.T_cam_velo @ self.T_velo_imu


@dataclass(frozen=True, eq=False)
class EgoMotion:
    """Where the recording car was at each frame, and how it moved (from OXTS)."""

    frames: Int[np.ndarray, " frame"]
    T_world_imu: Float[np.ndarray, "frame 4 4"]
    speed_mps: Float[np.ndarray, " frame"]
    """Forward speed."""
    yaw_rate_radps: Float[np.ndarray, " frame"]
    """Positive to the left."""

    def __post_init__(self) -> None:
        """Check that the arrays agree in length and that frames increase."""
        count = len(self.frames)
        for name in ("T_world_imu", "speed_mps", "yaw_rate_radps"):
            require(len(getattr(self, name)) == count, f"{name} must have {count} entries, one per frame")
        require(bool((self.frames[1:] > self.frames[:-1]).all()), "ego frames must increase strictly")


@dataclass(frozen=True, eq=False)
class Track:
    """One road user over time. Unknown 3D values are NaN; frames may have gaps."""

    drive: str
    track_id: int
    kind: str
    frames: Int[np.ndarray, " time"]
    boxes: Float[np.ndarray, "time 4"]
    """Left, top, right, bottom in pixels; NaN where the object has no 2D box."""
    truncated: Float[np.ndarray, " time"]
    """KITTI tracking and raw: level 0, 1, 2; KITTI object: fraction 0..1; NaN where unknown."""
    occluded: Int[np.ndarray, " time"]
    """0 visible, 1 partly, 2 largely occluded, 3 unknown."""
    size_m: Float[np.ndarray, "time 3"]
    """Height, width, length."""
    position_cam_m: Float[np.ndarray, "time 3"]
    """Centre of the 3D box's bottom face in the rectified camera-0 frame."""
    rotation_y_rad: Float[np.ndarray, " time"]
    """Heading about the camera's y axis; 0 points along camera x."""
    position_world_m: Float[np.ndarray, "time 3"]
    """The same point in the world frame; NaN without ego poses."""
    yaw_world_rad: Float[np.ndarray, " time"]
    """Heading in the world's ground plane; NaN without ego poses."""
    valid: Bool[np.ndarray, " time"]
    """False where the row must not be learnt from (quarantined or marked so by its source)."""

    def __post_init__(self) -> None:
        """Check class, order of frames and lengths."""
        require(self.kind in KINDS, f'unknown class "{self.kind}"; known: {", ".join(KINDS)}')
        increasing = bool((self.frames[1:] > self.frames[:-1]).all())
        require(increasing, f"frames of track {self.track_id} must increase strictly")
        count = len(self.frames)
        for name in ("boxes", "truncated", "occluded", "size_m", "position_cam_m", "rotation_y_rad",
                     "position_world_m", "yaw_world_rad", "valid"):  # fmt: skip
            require(len(getattr(self, name)) == count, f"{name} must have {count} entries, one per frame")


@dataclass(frozen=True)
class Frame:
    """One instant of a drive as files on disk; None where the source has no such file."""

    drive: str
    index: int
    image: Path | None = None
    velodyne: Path | None = None
    depth: Path | None = None
    """16-bit PNG, metres x 256, 0 unknown; or ``.npy`` of metres."""
    night: Path | None = None
    """The same view by night, pixel for pixel."""
    semantic: Path | None = None
    """Class ids of Cityscapes."""
    instance: Path | None = None
    """16-bit PNG: id of the track + 1; 0 for whatever is no road user."""


@dataclass(frozen=True, eq=False)
class Drive:
    """One recording: a calibration, an ego path, the tracks of other road users, and its frames."""

    name: str
    source: str
    """Name of the reader in ``pipeline.sources.SOURCES``."""
    calibration: Calibration | None
    """None where the source has none (a plain table of boxes)."""
    ego: EgoMotion | None
    tracks: tuple[Track, ...]
    image_size: tuple[int, int]
    dt_s: float = KITTI_DT_S
    frames: tuple[Frame, ...] = ()
    ignore_frames: Int[np.ndarray, " region"] = field(default_factory=lambda: np.zeros(0, np.int64))
    """Frame of each region that no label covers (KITTI's DontCare)."""
    ignore_boxes: Float[np.ndarray, "region 4"] = field(default_factory=lambda: np.zeros((0, 4)))
    notes: tuple[str, ...] = ()
    """What the reader wants a person to know: missing frames, guessed image size."""

    def __post_init__(self) -> None:
        """Check that every track belongs to this drive and that ids are unique."""
        require(all(track.drive == self.name for track in self.tracks), f"a track of {self.name} names another drive")
        ids = [track.track_id for track in self.tracks]
        require(len(ids) == len(set(ids)), f"drive {self.name} has two tracks with one id")
        require(len(self.ignore_frames) == len(self.ignore_boxes), "ignore_frames and ignore_boxes differ in length")
