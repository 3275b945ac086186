from dataclasses import replace

import numpy as np
import pytest

from pipeline.city.labels import LabelErrors, as_drive, observe
from pipeline.city.rig import kitti_calibration
from pipeline.city.sight import behind_buildings, occlusion_level, truncation_level, visible_share
from pipeline.geometry import box_corners_cam, project_boxes


def test_the_camera_of_the_rig_is_level_and_1_66_m_above_the_road():
    calibration = kitti_calibration()
    eye = np.linalg.inv(calibration.T_cam_imu)
    assert 0.93 + eye[2, 3] == pytest.approx(1.66, abs=0.01)
    assert eye[:3, 2] == pytest.approx([1, 0, 0], abs=0.02)  # it looks along the car


def test_a_wall_between_hides_and_a_wall_beside_does_not():
    block = np.array([[10.0, -5.0, 20.0, 5.0]])
    points = np.array([[30.0, 0.0], [30.0, 16.0], [5.0, 0.0]])
    assert behind_buildings(np.zeros(2), points, block).tolist() == [True, False, False]


def test_half_of_a_box_behind_a_nearer_one_is_hidden():
    boxes = np.array([[0.0, 0, 100, 100], [-100.0, 0, 57, 110]])
    share = visible_share(boxes, np.array([20.0, 10.0]), np.zeros((2, 3), bool))
    assert share.tolist() == [0.6, 1.0]  # two of five columns of probes are covered
    assert occlusion_level(share).tolist() == [1, 0]


def test_truncation_levels_are_those_of_kitti():
    assert truncation_level(np.array([0.0, 0.1, 0.3, 0.7])).tolist() == [0, 0, 1, 2]


def test_a_car_20_m_ahead_of_the_camera_has_the_box_computed_by_hand(recordings):
    recording = recordings[0]
    ahead = recording.T_city_imu[0] @ np.array([21.08, -0.31, 0, 1])
    yaw = recording.ego_yaw_rad[0]
    alone = replace(
        recording, kinds=("Car",), size_m=np.array([[1.5, 1.6, 4.0]]),
        position_m=np.tile(ahead[:2], (len(recording.time_s), 1, 1)),
        yaw_rad=np.full((len(recording.time_s), 1), yaw), speed_mps=np.zeros((len(recording.time_s), 1)),
    )  # fmt: skip
    seen = observe(alone, 0, kitti_calibration(), LabelErrors.none(alone))
    left, top, right, bottom = seen.boxes[0]
    # rear face 18 m ahead, front face 22 m; 1.6 m wide, 1.5 m high; focal length 721.5 px, camera 1.66 m over the road
    assert right - left == pytest.approx(721.5 * 1.6 / 18, abs=2)
    assert bottom - top == pytest.approx(721.5 * (1.66 / 18 - 0.16 / 22), abs=2)
    assert bottom == pytest.approx(172.9 + 6 + 721.5 * 1.66 / 18, abs=3)
    assert seen.outside[0] == pytest.approx(0, abs=1e-6)


def test_boxes_lie_in_the_image_and_are_the_projection_of_their_3d_boxes(recordings, rng):
    drive = as_drive(recordings[0], rng)
    assert len(drive.tracks) > 3
    for track in drive.tracks:
        assert (track.boxes[:, :2] >= 0).all()
        assert (track.boxes[:, 2] <= 1241).all()
        assert (track.boxes[:, 3] <= 374).all()
        corners = box_corners_cam(track.size_m, track.position_cam_m, track.rotation_y_rad)
        expected = project_boxes(drive.calibration.P2, corners, drive.image_size)
        np.testing.assert_allclose(track.boxes, expected, atol=1e-6)


def test_labelled_tracks_move_in_the_world_as_the_recorded_actors_do(recordings, rng):
    drive = as_drive(recordings[0], rng)
    for track in drive.tracks:
        if len(track.frames) > 30 and track.kind == "Car":
            step = np.linalg.norm(np.diff(track.position_world_m[:, :2], axis=0), axis=1) / np.diff(track.frames)
            assert np.median(step) < 1.7
        np.testing.assert_allclose(track.position_world_m[:, 2], track.position_world_m[0, 2], atol=1.0)
