from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pykitti.tracking import KittiTrackingLabels
from pykitti.utils import load_oxts_packets_and_poses, read_calib_file

from pipeline.kitti_layout import write_tracking
from pipeline.schema import Drive, EgoMotion
from pipeline.sources.kitti_tracking import KittiTracking


def test_what_is_written_reads_back_equal_to_rounding(tiny_kitti: Path, tiny_drives: tuple[Drive, ...]):
    reading = KittiTracking().read(tiny_kitti)
    assert reading.problems == ()
    for was, now in zip(tiny_drives, reading.drives, strict=True):
        assert (now.name, now.image_size) == (was.name, was.image_size)
        assert was.ego is not None
        assert now.ego is not None
        for name in ("frames", "T_world_imu", "speed_mps", "yaw_rate_radps"):
            np.testing.assert_allclose(getattr(now.ego, name), getattr(was.ego, name), atol=2e-7)
        np.testing.assert_array_equal(now.ignore_frames, was.ignore_frames)
        np.testing.assert_array_equal(now.ignore_boxes, was.ignore_boxes)
        assert [track.kind for track in now.tracks] == ["Car", "Pedestrian", "Cyclist"]
        for before, after in zip(was.tracks, now.tracks, strict=True):
            assert after.track_id == before.track_id
            for name in ("frames", "boxes", "truncated", "occluded", "size_m", "position_cam_m", "rotation_y_rad",
                         "position_world_m", "yaw_world_rad", "valid"):  # fmt: skip
                np.testing.assert_allclose(getattr(after, name), getattr(before, name), atol=2e-6, err_msg=name)


def test_files_have_the_columns_of_the_benchmark(tiny_kitti: Path):
    assert {len(line.split()) for line in (tiny_kitti / "label_02/0000.txt").read_text().splitlines()} == {17}
    assert [len(line.split()) for line in (tiny_kitti / "oxts/0000.txt").read_text().splitlines()] == [30] * 30


def test_pykitti_reads_labels_calibration_and_poses(tiny_kitti: Path, tiny_drives: tuple[Drive, ...]):
    drive = tiny_drives[1]
    labels = KittiTrackingLabels(str(tiny_kitti / "label_02/0001.txt"), bbox_with_size=False, split_on_reappear=False)
    assert sorted(labels._df.groupby("id").size()) == [1, 19, 30]  # it numbers ids anew
    calibration = read_calib_file(tiny_kitti / "calib/0001.txt")
    assert drive.calibration is not None
    np.testing.assert_allclose(calibration["P2"], drive.calibration.P2.ravel(), rtol=1e-9)
    assert drive.ego is not None
    packets = load_oxts_packets_and_poses([tiny_kitti / "oxts/0001.txt"])
    np.testing.assert_allclose([p.T_w_imu for p in packets], drive.ego.T_world_imu, atol=2e-3)
    np.testing.assert_allclose([p.packet.vf for p in packets], 8)
    np.testing.assert_allclose([p.packet.wu for p in packets], 0.3)


def test_velocities_to_east_and_north_follow_the_turning_car(tiny_kitti: Path):
    records = np.loadtxt(tiny_kitti / "oxts/0001.txt")
    yaw, north, east, forward, leftward = records[:, 5], *records[:, 6:10].T
    np.testing.assert_allclose(np.hypot(north, east), np.hypot(forward, leftward))
    np.testing.assert_allclose(np.arctan2(north, east)[1:-1], yaw[1:-1], atol=0.02)
    np.testing.assert_allclose(records[:, 15], 8 * 0.3)  # centripetal acceleration, towards the left


def test_an_image_size_that_is_not_kittis_survives(tmp_path: Path, tiny_drives: tuple[Drive, ...]):
    calibration = tiny_drives[0].calibration
    assert calibration is not None
    small = replace(tiny_drives[0], calibration=replace(calibration, image_size=(640, 320)), image_size=(640, 320))
    write_tracking(small, tmp_path)
    assert KittiTracking().read(tmp_path).drives[0].image_size == (640, 320)


def test_tracks_without_calibration_poses_or_3d_boxes_can_be_written(tmp_path: Path, tiny_drives: tuple[Drive, ...]):
    track = tiny_drives[0].tracks[0]
    flat = replace(track, size_m=track.size_m * np.nan, position_cam_m=track.position_cam_m * np.nan)
    write_tracking(replace(tiny_drives[0], calibration=None, ego=None, tracks=(flat,)), tmp_path)
    reading = KittiTracking().read(tmp_path)
    assert reading.problems == ()
    read = reading.drives[0].tracks[0]
    np.testing.assert_array_equal(read.boxes, track.boxes)
    assert np.isnan(read.position_cam_m).all()
    assert np.isnan(read.rotation_y_rad).all()
    assert (tmp_path / "label_02/0000.txt").read_text().count(
        " -1000.000000 -1000.000000 -1000.000000 -10.000000"
    ) == 30


def test_rows_without_a_box_and_invalid_rows_are_left_out(tmp_path: Path, tiny_drives: tuple[Drive, ...]):
    track = tiny_drives[0].tracks[0]
    boxes, valid = track.boxes.copy(), track.valid.copy()
    boxes[3], valid[5] = np.nan, False
    write_tracking(replace(tiny_drives[0], tracks=(replace(track, boxes=boxes, valid=valid),)), tmp_path)
    frames = KittiTracking().read(tmp_path).drives[0].tracks[0].frames
    np.testing.assert_array_equal(frames, np.setdiff1d(np.arange(30), [3, 5]))


def test_ego_motion_with_a_gap_cannot_be_written(tmp_path: Path, tiny_drives: tuple[Drive, ...]):
    gap = EgoMotion(np.array([0, 2]), np.tile(np.eye(4), (2, 1, 1)), np.zeros(2), np.zeros(2))
    with pytest.raises(ValueError, match="ego frames 0, 1, 2"):
        write_tracking(replace(tiny_drives[0], ego=gap), tmp_path)


def test_a_car_straight_ahead_that_drives_away_is_seen_from_behind(tmp_path: Path, tiny_drives: tuple[Drive, ...]):
    track = tiny_drives[0].tracks[0]
    ahead = replace(track, position_cam_m=track.position_cam_m * [0, 1, 1], rotation_y_rad=np.full(30, -np.pi / 2))
    write_tracking(
        replace(tiny_drives[0], tracks=(ahead,), ignore_frames=np.zeros(0, int), ignore_boxes=np.zeros((0, 4))),
        tmp_path,
    )
    alpha = np.loadtxt(tmp_path / "label_02/0000.txt", usecols=5)
    np.testing.assert_allclose(alpha, -np.pi / 2, atol=1e-6)
