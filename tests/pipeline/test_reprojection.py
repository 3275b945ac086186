"""What a camera sees from another ego path: by hand, as a round trip, and against KITTI's own labels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.boxes import clip_to_image, intersection_over_union
from pipeline.ego_paths import planar_path
from pipeline.reprojection import lift, lower, on_ground, outlines, placed, with_scenes
from pipeline.scenes import Scenes
from pipeline.schema import KINDS, UserError
from pipeline.windows import Windows, cut_windows

P2 = np.array([[700.0, 0, 600, 0], [0, 700, 180, 0], [0, 0, 1, 0]])
T_CAM_IMU = np.array([[0.0, -1, 0, 0], [0, 0, -1, 0], [1, 0, 0, 0], [0, 0, 0, 1]])
"""Camera and inertial unit in one place, facing the same way."""


def _car(position_cam_m: list[float], rotation_y: float, frames: int = 5) -> Windows:
    """A car of 1.5 x 2 x 4 m that stands still before a standing ego car, with its boxes."""
    scenes = Scenes(
        size_m=np.tile(np.float32([1.5, 2, 4]), (1, frames, 1)),
        position_cam_m=np.tile(np.float32(position_cam_m), (1, frames, 1)),
        rotation_y_rad=np.full((1, frames), rotation_y, np.float32),
        speed_mps=np.zeros((1, frames), np.float32),
        yaw_rate_radps=np.zeros((1, frames), np.float32),
        P2=P2[None],
        T_cam_imu=T_CAM_IMU[None],
        dt_s=np.array([0.1]),
    )
    size = np.float32([[1242, 375]])
    return Windows(
        boxes=clip_to_image(outlines(scenes).astype(np.float32), size), valid=np.ones((1, frames), bool),
        kind=np.array([KINDS.index("Car")]), image_size=size, drive=np.array(["0000"]), track=np.array([1]),
        frame=np.array([0]), index=np.array([0]), origin=np.array(["real"]), scenes=scenes,
    )  # fmt: skip


def _seen_at(windows: Windows, speed_mps: float, yaw_rate_radps: float) -> Windows:
    """The same agents from an ego car with constant speed and yaw rate; all must stay in view."""
    lifted = lift(*with_scenes(windows, "test"), 2)
    speed, yaw_rate = (np.full(windows.boxes.shape[:2], float(value)) for value in (speed_mps, yaw_rate_radps))
    path = planar_path(speed, yaw_rate, lifted.scenes.dt_s, 2)
    seen, shown = lower(replace(lifted, ego=path), speed, yaw_rate, "test")
    assert shown.all()
    return seen


def test_the_box_of_a_car_ten_metres_ahead_by_hand() -> None:
    # It heads away; its rear, 2 m wide and 1.5 m high, is 10 m ahead: 70 px to either side, 105 px high.
    np.testing.assert_allclose(outlines(_car([0, 1.5, 12], -np.pi / 2).scenes)[0, 0], [530, 180, 670, 285], atol=1e-3)


def test_a_parked_car_comes_nearer_to_a_moving_ego_by_hand() -> None:
    seen = _seen_at(_car([3, 1.5, 20], -np.pi / 2), speed_mps=10, yaw_rate_radps=0)
    np.testing.assert_allclose(seen.scenes.position_cam_m[0, :, 2], [22, 21, 20, 19, 18], atol=1e-5)
    np.testing.assert_allclose(seen.scenes.position_cam_m[0, :, 0], 3, atol=1e-5)
    # Its rear is 2 m nearer than its middle, 1.5 m below the camera: 180 + 700 * 1.5 / (z - 2).
    np.testing.assert_allclose(seen.boxes[0, :, 3], 180 + 1050 / np.array([20, 19, 18, 17, 16]), atol=1e-3)
    np.testing.assert_array_equal(seen.scenes.speed_mps, np.full((1, 5), 10, np.float32))


def test_an_ego_that_turns_left_sees_a_parked_car_wander_right() -> None:
    seen = _seen_at(_car([0, 1.5, 20], -np.pi / 2), speed_mps=0, yaw_rate_radps=0.5)
    turned = 0.05 * np.array([-2, -1, 0, 1, 2])
    np.testing.assert_allclose(seen.scenes.position_cam_m[0, :, 0], 20 * np.sin(turned), atol=1e-4)
    np.testing.assert_allclose(seen.scenes.rotation_y_rad[0], -np.pi / 2 + turned, atol=1e-5)


def test_a_car_beside_the_camera_is_cut_in_space_and_not_seen_inside_out() -> None:
    left, _, right, _ = outlines(_car([2.5, 1.5, 1.0], -np.pi / 2).scenes)[0, 0]
    assert 600 < left < right  # it reaches 1 m behind the camera, to the right of it all along


def test_the_old_ego_path_gives_the_old_labels(street_windows: Windows) -> None:
    known, scenes = with_scenes(street_windows, "test")
    seen, shown = lower(lift(known, scenes, 9), scenes.speed_mps, scenes.yaw_rate_radps, "test")
    error = np.abs(seen.boxes - known.boxes).max(axis=(1, 2))[shown]
    assert shown.mean() > 0.95
    assert np.percentile(error, 95) < 1e-3


def test_placing_undoes_lifting(street_windows: Windows) -> None:
    scenes = street_windows.scenes
    again = placed(scenes, *on_ground(scenes))
    np.testing.assert_allclose(again.position_cam_m, scenes.position_cam_m, atol=1e-4)
    turn = again.rotation_y_rad - scenes.rotation_y_rad
    np.testing.assert_allclose(np.exp(1j * turn), 1, atol=1e-3)  # the rig is tilted by half a degree


def test_windows_without_scenes_are_refused_with_what_is_missing(toy_windows: Windows) -> None:
    with pytest.raises(UserError, match=r"3D boxes .*, a calibration and the ego car's motion"):
        with_scenes(toy_windows, "recombination")


def test_projected_boxes_of_kitti_lie_where_they_are_labelled(shared_data: Path) -> None:
    from pipeline.sources import SOURCES

    drives = SOURCES["kitti_tracking"].read(shared_data / "kitti_tracking" / "training").drives
    windows = cut_windows(drives, 20, stride=10)
    boxes = clip_to_image(outlines(windows.scenes), windows.image_size)
    overlap = intersection_over_union(boxes, windows.boxes)
    assert np.nanmedian(overlap) == pytest.approx(0.974, abs=0.004)
    known, scenes = with_scenes(windows, "test")
    seen, shown = lower(lift(known, scenes, 9), scenes.speed_mps, scenes.yaw_rate_radps, "test")
    assert np.percentile(np.abs(seen.boxes - known.boxes)[shown], 95) < 1e-3
