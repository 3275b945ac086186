"""A recording as KITTI would label it: 3D boxes in the camera frame, image boxes, truncation and occlusion."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.ndimage import gaussian_filter1d

from pipeline.city.recording import Recording
from pipeline.city.rig import IMAGE_SIZE, kitti_calibration
from pipeline.city.sight import BARELY, behind_buildings, occlusion_level, truncation_level, visible_share
from pipeline.geometry import box_corners_cam, heading_in_world, invert_rigid, project_boxes, transform_points
from pipeline.schema import KITTI_DT_S, Calibration, Drive, EgoMotion, Track

FARTHEST_M = 78.0
SMALLEST_PX = 14.0
"""Nothing farther away, or lower in an image of KITTI's size, is labelled."""

LABELLED_WITHIN_M = {"Pedestrian": (5.0, 29.0), "Cyclist": (20.0, 50.0)}
"""Labellers give up on each object somewhere in this range; small road users sooner. Others: 24 to ``FARTHEST_M``."""

WANDER_M = {"Pedestrian": 0.06, "Cyclist": 0.04}
"""Spread of the labelled position around the true one. Others: 0.045."""

UNCUT_SIZE = (10**7, 10**7)


@dataclass(frozen=True, eq=False)
class Observed:
    """Which actors stand before the camera at one frame, and where."""

    actor: Int[np.ndarray, " n"]
    position_cam_m: Float[np.ndarray, "n 3"]
    """Middle of the bottom face."""
    rotation_y_rad: Float[np.ndarray, " n"]
    boxes: Float[np.ndarray, "n 4"]
    outside: Float[np.ndarray, " n"]
    """Share of the box beyond the image border."""


@dataclass(frozen=True, eq=False)
class LabelErrors:
    """What a labeller gets slightly wrong, as when boxes are drawn around LiDAR points."""

    position_m: Float[np.ndarray, "frame actor 2"]
    yaw_rad: Float[np.ndarray, "frame actor"]
    farthest_m: Float[np.ndarray, " actor"]
    """Where each object becomes too small for the labeller."""

    @classmethod
    def draw(cls, recording: Recording, rng: np.random.Generator) -> "LabelErrors":
        """Errors that wander slowly over the frames."""
        frames, actors = recording.yaw_rad.shape
        wander = gaussian_filter1d(rng.standard_normal((frames, actors, 3)), 1.6, axis=0) * 2.4
        spread = np.array([WANDER_M.get(kind, 0.045) for kind in recording.kinds])
        ranges = np.array([LABELLED_WITHIN_M.get(kind, (24.0, FARTHEST_M)) for kind in recording.kinds]).reshape(-1, 2)
        farthest = rng.uniform(ranges[:, 0], ranges[:, 1])
        return cls(wander[..., :2] * spread[:, None], 0.012 * wander[..., 2], farthest)

    @classmethod
    def none(cls, recording: Recording) -> "LabelErrors":
        """A labeller who makes no mistake and sees as far as anybody labels."""
        frames, actors = recording.yaw_rad.shape
        return cls(np.zeros((frames, actors, 2)), np.zeros((frames, actors)), np.full(actors, FARTHEST_M))


def observe(recording: Recording, frame: int, calibration: Calibration, errors: LabelErrors) -> Observed:
    """All actors in view that are near and tall enough to be labelled, occluded ones included."""
    T_cam_city = calibration.T_cam_imu @ invert_rigid(recording.T_city_imu[frame])
    ground = recording.position_m[frame] + errors.position_m[frame]
    centre = transform_points(T_cam_city, np.column_stack([ground, np.zeros(len(ground))]))
    near = np.flatnonzero((centre[:, 2] > -3) & (centre[:, 2] < errors.farthest_m) & (np.abs(centre[:, 0]) < 60))
    yaw = recording.yaw_rad[frame, near] + errors.yaw_rad[frame, near]
    facing = np.stack([np.cos(yaw), np.sin(yaw), np.zeros(len(yaw))], axis=-1) @ T_cam_city[:3, :3].T
    rotation_y = np.arctan2(-facing[:, 2], facing[:, 0])
    corners = box_corners_cam(recording.size_m[near], centre[near], rotation_y)
    boxes = project_boxes(calibration.P2, corners, calibration.image_size)
    with np.errstate(invalid="ignore"):
        seen = boxes[:, 3] - boxes[:, 1] > SMALLEST_PX * calibration.image_size[1] / IMAGE_SIZE[1]
    whole = _uncut(calibration, corners[seen])
    cut = boxes[seen]
    outside = 1 - _area(cut) / np.maximum(_area(whole), 1e-9)
    return Observed(near[seen], centre[near[seen]], rotation_y[seen], cut, np.clip(outside, 0, 1))


def _uncut(calibration: Calibration, corners: Float[np.ndarray, "n 8 3"]) -> Float[np.ndarray, "n 4"]:
    """Image boxes as if the image had no border: the principal point is moved far into a huge image."""
    shift = UNCUT_SIZE[0] / 2
    moved = calibration.P2.copy()
    moved[:2] += shift * moved[2]
    return project_boxes(moved, corners, UNCUT_SIZE) - shift


def _area(boxes: Float[np.ndarray, "n 4"]) -> Float[np.ndarray, " n"]:
    return (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)


def as_drive(recording: Recording, rng: np.random.Generator, calibration: Calibration | None = None) -> Drive:
    """The drive a labeller would hand in; ``rng`` draws the small errors that people make."""
    calibration = calibration or kitti_calibration()
    errors = LabelErrors.draw(recording, rng)
    blocks = recording.streets.blocks()
    rows: list[np.ndarray] = []
    for frame in range(len(recording.time_s)):
        observed = observe(recording, frame, calibration, errors)
        share = _visible(recording, frame, calibration, observed, blocks)
        kept = (share > BARELY) & (observed.outside < 0.92) & (observed.position_cam_m[:, 2] > 1)
        levels = truncation_level(observed.outside), occlusion_level(share)
        rows.append(label_rows(frame, observed, *levels)[kept])
    return build_drive(recording, calibration, np.concatenate(rows))


def label_rows(
    frame: int, observed: Observed, truncated: Float[np.ndarray, " n"], occluded: Int[np.ndarray, " n"]
) -> Float[np.ndarray, "n 12"]:
    """Columns: actor, frame, box (4), truncation, occlusion, position (3), rotation."""
    return np.column_stack([
        observed.actor, np.full(len(truncated), frame), observed.boxes, truncated, occluded,
        observed.position_cam_m, observed.rotation_y_rad,
    ])  # fmt: skip


def _visible(
    recording: Recording, frame: int, calibration: Calibration, observed: Observed, blocks: Float[np.ndarray, "block 4"]
) -> Float[np.ndarray, " n"]:
    eye = (recording.T_city_imu[frame] @ invert_rigid(calibration.T_cam_imu))[:2, 3]
    middle = recording.position_m[frame, observed.actor]
    sight = middle - eye
    across = np.stack([-sight[:, 1], sight[:, 0]], axis=-1) / np.maximum(np.linalg.norm(sight, axis=1), 1e-6)[:, None]
    half = recording.size_m[observed.actor, 1] * 0.5
    spots = middle[:, None] + across[:, None] * (half[:, None] * np.array([1.0, 0, -1]))[..., None]
    return visible_share(observed.boxes, observed.position_cam_m[:, 2], behind_buildings(eye, spots, blocks))


def build_drive(recording: Recording, calibration: Calibration, rows: Float[np.ndarray, "row 12"]) -> Drive:
    """Label rows (see ``label_rows``) as a drive in the frame of its first pose; actors never seen leave no track."""
    T_world_city = invert_rigid(recording.T_city_imu[0])
    T_world_imu = T_world_city @ recording.T_city_imu
    T_world_cam = T_world_imu @ invert_rigid(calibration.T_cam_imu)
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    tracks = []
    for group in _groups(rows):
        frames, position = group[:, 1].astype(np.int64), group[:, 8:11]
        poses = T_world_cam[frames]
        actor = int(group[0, 0])  # instance pictures show actor + 1
        tracks.append(Track(
            drive=recording.name, track_id=actor, kind=recording.kinds[actor], frames=frames, boxes=group[:, 2:6],
            truncated=group[:, 6], occluded=group[:, 7].astype(np.int64),
            size_m=np.repeat(recording.size_m[actor][None], len(group), axis=0), position_cam_m=position,
            rotation_y_rad=group[:, 11], position_world_m=transform_points(poses, position),
            yaw_world_rad=heading_in_world(poses, group[:, 11]), valid=np.ones(len(group), bool),
        ))  # fmt: skip
    ego = EgoMotion(
        frames=np.arange(len(T_world_imu)),
        T_world_imu=T_world_imu,
        speed_mps=recording.ego_speed_mps,
        yaw_rate_radps=np.gradient(recording.ego_yaw_rad, KITTI_DT_S),
    )
    return Drive(recording.name, "mini_city", calibration, ego, tuple(tracks), calibration.image_size)


def _groups(rows: Float[np.ndarray, "row 12"]) -> list[np.ndarray]:
    if not len(rows):
        return []
    return np.split(rows, np.flatnonzero(np.diff(rows[:, 0])) + 1)
