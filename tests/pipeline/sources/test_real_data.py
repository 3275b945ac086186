"""Readers against real recordings; skipped where they are absent."""

from pathlib import Path

import numpy as np
import pykitti
import pytest
from pykitti.utils import load_oxts_packets_and_poses

from pipeline.boxes import intersection_over_union
from pipeline.check import check
from pipeline.geometry import box_corners_cam, invert_rigid, project_boxes
from pipeline.schema import Drive, Track
from pipeline.sources import SOURCES
from pipeline.sources.base import Reading
from pipeline.sources.tracklets import read_tracklets
from pipeline.store import ingest, load
from pipeline.windows import PREDICTED_KINDS


@pytest.fixture(scope="module")
def training(shared_data: Path) -> Path:
    return shared_data / "kitti_tracking" / "training"


@pytest.fixture(scope="module")
def reading(training: Path) -> Reading:
    return SOURCES["kitti_tracking"].read(training)


def test_all_official_sequences_are_read_without_a_problem(reading: Reading):
    assert reading.problems == ()
    assert (len(reading.drives), reading.tracks, reading.rows) == (21, 917, 65301)
    kinds = [track.kind for drive in reading.drives for track in drive.tracks]
    assert [kinds.count(kind) for kind in PREDICTED_KINDS] == [579, 57, 167, 37]


def test_image_sizes_are_those_of_the_recording_dates(reading: Reading):
    sizes = {drive.name: drive.image_size for drive in reading.drives}
    assert [sizes[name] for name in ("0000", "0014", "0018", "0020")] == [
        (1242, 375),
        (1224, 370),
        (1238, 374),
        (1241, 376),
    ]
    right = max(track.boxes[:, 2].max() - drive.image_size[0] for drive in reading.drives for track in drive.tracks)
    assert right < 1


def test_pictures_are_frames_and_missing_ones_are_noted(reading: Reading):
    drive = reading.drives[2]
    assert len(drive.frames) == 91
    assert drive.notes == ("91 pictures for 233 labelled frames",)


def test_ego_poses_agree_with_pykitti(training: Path, reading: Reading):
    for drive in reading.drives:
        theirs = load_oxts_packets_and_poses([training / "oxts" / f"{drive.name}.txt"])
        poses = np.array([item.T_w_imu for item in theirs])
        assert drive.ego is not None
        np.testing.assert_allclose(drive.ego.T_world_imu, invert_rigid(poses[0]) @ poses, atol=1e-6)
        np.testing.assert_array_equal(drive.ego.speed_mps, [item.packet.vf for item in theirs])
        np.testing.assert_array_equal(drive.ego.yaw_rate_radps, [item.packet.wu for item in theirs])


def test_raw_calibration_agrees_with_pykitti_and_with_the_tracking_benchmarks(shared_data: Path, reading: Reading):
    theirs = pykitti.raw(str(shared_data / "kitti_raw"), "2011_09_26", "0002").calib
    raw = SOURCES["kitti_raw"].read(shared_data / "kitti_raw").drives[0].calibration
    tracking = reading.drives[0].calibration
    assert raw is not None
    assert tracking is not None
    np.testing.assert_allclose(raw.P2, theirs.P_rect_20)
    np.testing.assert_allclose(raw.T_cam_velo, theirs.T_cam0_velo, atol=1e-12)
    np.testing.assert_allclose(raw.T_cam_imu, theirs.T_cam0_imu, atol=1e-12)
    np.testing.assert_allclose(tracking.T_cam_imu, theirs.T_cam0_imu, atol=1e-6)


def _overlaps(drive: Drive, track: Track) -> np.ndarray:
    assert drive.calibration is not None
    corners = box_corners_cam(track.size_m, track.position_cam_m, track.rotation_y_rad)
    projected = project_boxes(drive.calibration.P2, corners, drive.image_size)
    return intersection_over_union(np.nan_to_num(projected), track.boxes)


def test_projected_3d_boxes_fall_on_the_labelled_2d_boxes(reading: Reading):
    overlaps = [
        _overlaps(drive, track) for drive in reading.drives for track in drive.tracks if track.kind in PREDICTED_KINDS
    ]
    assert np.median(np.concatenate(overlaps)) == pytest.approx(0.974, abs=0.002)


def test_a_parked_car_stands_still_in_the_world_while_the_ego_car_passes(reading: Reading):
    drive = reading.drives[0]
    spreads = [
        np.ptp(track.position_world_m[:, :2], axis=0).max() / np.ptp(track.position_cam_m[:, 2])
        for track in drive.tracks
        if track.kind == "Car" and np.ptp(track.position_cam_m[:, 2]) > 20
    ]
    assert min(spreads) < 0.05


def test_everything_real_survives_the_store(training: Path, reading: Reading, tmp_path: Path):
    stored = load(ingest("kitti_tracking", training, tmp_path).path)
    assert [len(drive.frames) for drive in stored] == [len(drive.frames) for drive in reading.drives]
    for was, now in zip(reading.drives, stored, strict=True):
        for one, other in zip(was.tracks, now.tracks, strict=True):
            np.testing.assert_array_equal(one.boxes, other.boxes)
            np.testing.assert_array_equal(one.position_world_m, other.position_world_m)


def test_raw_drives_use_what_exists_and_say_what_is_missing(shared_data: Path):
    report = check(shared_data / "kitti_raw")
    assert (report.source, report.drives, report.tracks, report.rows) == ("kitti_raw", 2, 15, 572)
    assert report.problems == ()
    first, second = SOURCES["kitti_raw"].read(shared_data / "kitti_raw").drives
    assert first.notes == ("timestamps list 108 frames; 1 OXTS records and 0 pictures exist, which are used",)
    assert second.notes[-1] == "timestamps list 77 frames; 10 OXTS records and 10 pictures exist, which are used"
    assert [len(first.frames), len(second.frames)] == [0, 10]


def test_raw_tracklets_of_other_recordings_are_read_whole(shared_data: Path):
    path = shared_data / "tracklets_other" / "kitti_devkit_test_labels.xml"
    poses, problems = read_tracklets(path)
    assert problems == []
    assert (len(poses.line), len(np.unique(poses.track))) == (2315, 20)


@pytest.mark.parametrize("folder", ["mnist", "day_night", "kitti_stereo2015", "kitti_object"])
def test_folders_of_other_data_sets_are_not_taken_for_tracks(shared_data: Path, folder: str):
    assert not any(source.recognises(shared_data / folder) for source in SOURCES.values())
