"""Windows lifted to the ground they were recorded on, and what is there seen again from another ego car.

Only the difference between two smooth ego paths ever moves a box. Label noise, pitch and the road's ups and downs stay
those of the recording, so that nothing gets a second dose of them and the old ego path gives the old labels back.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from pipeline.boxes import clip_to_image, visible
from pipeline.ego_paths import compose, inverse, planar_path, smoothed
from pipeline.geometry import box_corners_cam, invert_rigid, project, project_uncut
from pipeline.scenes import Scenes
from pipeline.schema import UserError
from pipeline.windows import Windows

NEAREST_M = 0.25
"""Edges of 3D boxes are cut at this depth."""
SMALLEST_PX = (5.0, 12.5)
"""Boxes less wide or high than this in any frame are not labelled by KITTI's annotators."""


@dataclass(frozen=True, eq=False)
class Lifted:
    """Windows on the ground plane of the ego car's pose at the anchor frame."""

    windows: Windows
    scenes: Scenes
    agent: Float[np.ndarray, "n time 3"]
    """x (m), y (m), yaw (rad): where the road user was."""
    ego: Float[np.ndarray, "n time 3"]
    """Where the ego car was; at the origin at the anchor frame."""
    height_m: Float[np.ndarray, "n time"]
    """Bottom of the 3D box over the ego car's inertial unit."""
    edge_error: Float[np.ndarray, "n time 4"]
    """Labelled minus projected edge, in heights of the projected box."""

    def take(self, index: np.ndarray) -> "Lifted":
        """Some of them."""
        return Lifted(
            windows=self.windows.take(index),
            scenes=self.scenes.take(index),
            agent=self.agent[index],
            ego=self.ego[index],
            height_m=self.height_m[index],
            edge_error=self.edge_error[index],
        )


def with_scenes(windows: Windows, strategy: str) -> tuple[Windows, Scenes]:
    """The windows that are known in 3D, and their scenes.

    Raises:
        UserError: there is none; the message tells what is missing.
    """
    scenes = windows.scenes
    known = None if scenes is None else scenes.known
    if scenes is None or known is None or not known.any():
        raise UserError(
            f'Strategy "{strategy}" moves things in the world and needs, for each window, 3D boxes (height, width, '
            "length, x, y, z, rotation_y), a calibration and the ego car's motion (KITTI's label_02, calib and oxts); "
            "this data does not hold all three."
        )
    return windows.take(known), scenes.take(known)


def lift(windows: Windows, scenes: Scenes, anchor: int) -> Lifted:
    """Windows whose scenes are known, lifted; frame ``anchor`` is where ego and agent keep their places."""
    relative, height_m = on_ground(scenes)
    ego = planar_path(smoothed(scenes.speed_mps), smoothed(scenes.yaw_rate_radps), scenes.dt_s, anchor)
    # Through the ground plane and back, as everything goes later: then rounding cannot tell old from new.
    outline = outlines(placed(scenes, relative, height_m))
    return Lifted(windows, scenes, compose(ego, relative), ego, height_m, _edge_errors(windows, outline))


def lower(
    lifted: Lifted, speed_mps: Float[np.ndarray, "n time"], yaw_rate_radps: Float[np.ndarray, "n time"], strategy: str
) -> tuple[Windows, Bool[np.ndarray, " n"]]:
    """What the camera sees of ``lifted``, and which windows it sees well enough in every frame to be labelled.

    Args:
        lifted: Agents, ego paths and heights, changed as one likes.
        speed_mps: Of the ego car on its path in ``lifted``; only noted down.
        yaw_rate_radps: The same.
        strategy: Who did it.
    """
    relative = compose(inverse(lifted.ego), lifted.agent)
    scenes = replace(
        placed(lifted.scenes, relative, lifted.height_m),
        speed_mps=speed_mps.astype(np.float32),
        yaw_rate_radps=yaw_rate_radps.astype(np.float32),
    )
    outline = outlines(scenes)
    boxes = outline + lifted.edge_error * (outline[..., 3:] - outline[..., 1:2])
    shown = np.isfinite(boxes).all(axis=(1, 2))
    boxes = clip_to_image(np.where(shown[:, None, None], boxes, 0).astype(np.float32), lifted.windows.image_size)
    seen = shown & visible(boxes, *SMALLEST_PX)
    return lifted.windows.moved_to(boxes, strategy, scenes), seen


def on_ground(scenes: Scenes) -> tuple[Float[np.ndarray, "n time 3"], Float[np.ndarray, "n time"]]:
    """Planar pose of each 3D box in the ego car's frame, and the height of its bottom (m)."""
    T = invert_rigid(scenes.T_cam_imu)
    rotation_y = scenes.rotation_y_rad.astype(np.float64)
    facing = np.stack([np.cos(rotation_y), np.zeros_like(rotation_y), -np.sin(rotation_y)], axis=-1)
    ahead = np.einsum("nij,ntj->nti", T[:, :3, :3], facing)
    place = np.einsum("nij,ntj->nti", T[:, :3, :3], scenes.position_cam_m) + T[:, None, :3, 3]
    yaw = np.arctan2(ahead[..., 1], ahead[..., 0])
    return np.concatenate([place[..., :2], yaw[..., None]], axis=-1), place[..., 2]


def placed(scenes: Scenes, relative: Float[np.ndarray, "n time 3"], height_m: Float[np.ndarray, "n time"]) -> Scenes:
    """The same scenes with their 3D boxes elsewhere: the inverse of ``on_ground``."""
    R, t = scenes.T_cam_imu[:, :3, :3], scenes.T_cam_imu[:, None, :3, 3]
    place = np.concatenate([relative[..., :2], height_m[..., None]], axis=-1)
    facing = np.stack([np.cos(relative[..., 2]), np.sin(relative[..., 2])], axis=-1)
    ahead = np.einsum("nij,ntj->nti", R[:, :, :2], facing)
    return replace(
        scenes,
        position_cam_m=(np.einsum("nij,ntj->nti", R, place) + t).astype(np.float32),
        rotation_y_rad=np.arctan2(-ahead[..., 2], ahead[..., 0]).astype(np.float32),
    )


def outlines(scenes: Scenes) -> Float[np.ndarray, "n time 4"]:
    """Image boxes around the 3D boxes, as if images had no border; NaN behind the camera."""
    boxes = np.full((*scenes.rotation_y_rad.shape, 4), np.nan)
    cameras, which = np.unique(scenes.P2.reshape(len(scenes), 12), axis=0, return_inverse=True)
    for number, P in enumerate(cameras.reshape(-1, 3, 4)):
        rows = which.reshape(-1) == number
        corners = box_corners_cam(
            scenes.size_m[rows].reshape(-1, 3).astype(np.float64),
            scenes.position_cam_m[rows].reshape(-1, 3).astype(np.float64),
            scenes.rotation_y_rad[rows].reshape(-1).astype(np.float64),
        )
        boxes[rows] = _outlines_by(P, corners).reshape(-1, *boxes.shape[1:])
    return boxes


def _outlines_by(P: Float[np.ndarray, "3 4"], corners: Float[np.ndarray, "m 8 3"]) -> Float[np.ndarray, "m 4"]:
    """Boxes wholly in front of the camera need their corners only; that is nearly all of them."""
    whole = (corners[..., 2] > NEAREST_M + 1).all(axis=1)
    boxes = np.empty((len(corners), 4))
    pixels = project(P, corners[whole])
    boxes[whole] = np.concatenate([pixels.min(axis=1), pixels.max(axis=1)], axis=-1)
    boxes[~whole] = project_uncut(P, corners[~whole], NEAREST_M)
    return boxes


def _edge_errors(windows: Windows, outline: Float[np.ndarray, "n time 4"]) -> Float[np.ndarray, "n time 4"]:
    """How labels differ from projections; where the border hides an edge, the window's median difference."""
    boxes = windows.boxes.astype(np.float64)
    size = np.concatenate([windows.image_size, windows.image_size], axis=1)[:, None]
    shown = (boxes >= 1.5) & (boxes <= size - 2.5) & np.isfinite(outline)
    error = np.where(shown, (boxes - outline) / (outline[..., 3:] - outline[..., 1:2]), np.inf)
    middle = np.maximum(shown.sum(axis=1) - 1, 0) // 2
    median = np.take_along_axis(np.sort(error, axis=1), middle[:, None], axis=1)
    return np.where(shown, error, np.where(np.isfinite(median), median, 0))
