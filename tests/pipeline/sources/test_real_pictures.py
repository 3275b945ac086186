"""Readers of pictures against real recordings; skipped where they are absent."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.boxes import intersection_over_union
from pipeline.frames import cache_frames, decode
from pipeline.geometry import box_corners_cam, project_boxes, transform_points
from pipeline.sources import SOURCES
from pipeline.sources.kitti_depth import read_depth

FOCAL_PX, BASELINE_M = 721.5377, 0.5327254
"""Of the colour cameras on 26 September 2011: P2[0, 0] and (P2[0, 3] - P3[0, 3]) / P2[0, 0]."""


def folder_of(shared_data: Path, name: str) -> Path:
    folder = shared_data / name
    if not folder.is_dir():
        pytest.skip(f"no {name} at {shared_data}")
    return folder


def test_frames_of_a_raw_drive_are_decoded_once_and_then_read_as_bytes(shared_data: Path, tmp_path: Path):
    drive = SOURCES["kitti_raw"].read(shared_data / "kitti_raw").drives[1]
    assert drive.image_size == (1242, 375)
    cache = cache_frames([drive], (310, 94), tmp_path)
    assert cache.pixels.shape == (10, 94, 310, 3)
    assert cache.index == tuple(range(10))
    np.testing.assert_array_equal(cache.pixels[7], decode(drive.frames[7].image, (310, 94)))
    # KITTI's exposure hardly varies: all ten frames are about as bright
    assert np.ptp(cache.pixels.mean(axis=(1, 2, 3))) < 5
    written = (tmp_path / "pixels.uint8").stat().st_mtime_ns
    np.testing.assert_array_equal(cache_frames([drive], (310, 94), tmp_path).pixels, cache.pixels)
    assert (tmp_path / "pixels.uint8").stat().st_mtime_ns == written


def test_object_pictures_labels_and_scans_belong_together(shared_data: Path):
    reading = SOURCES["kitti_object"].read(folder_of(shared_data, "kitti_object") / "training")
    assert (reading.problems, len(reading.drives)) == ((), 15)
    overlaps, inside = [], []
    for drive in reading.drives:
        with Image.open(drive.frames[0].image) as picture:
            assert picture.size == drive.image_size
        if drive.frames[0].velodyne is None:  # three of the fifteen have none
            continue
        scan = np.fromfile(drive.frames[0].velodyne, np.float32).reshape(-1, 4)[:, :3].astype(float)
        points = transform_points(drive.calibration.T_cam_velo, scan)
        for track in (track for track in drive.tracks if track.kind == "Car"):
            corners = box_corners_cam(track.size_m, track.position_cam_m, track.rotation_y_rad)
            box = project_boxes(drive.calibration.P2, corners, drive.image_size)
            overlaps.append(intersection_over_union(box, track.boxes)[0])
            near = np.abs(points - track.position_cam_m[0] + [0, track.size_m[0, 0] / 2, 0])
            inside.append((near < track.size_m.max() / 2).all(axis=1).sum())
    assert np.median(overlaps) > 0.9
    assert np.median(inside) > 20  # the LiDAR hit the cars where the labels say they stand


@pytest.mark.parametrize(("name", "count", "share"), [("kitti_stereo2015", 6, 1.0), ("kitti_stereo2015_half", 87, 0.5)])
def test_stereo_depth_is_metres_where_it_is_known(shared_data: Path, name: str, count: int, share: float):
    reading = SOURCES["kitti_depth"].read(folder_of(shared_data, name) / "training")
    assert reading.problems == ()
    frames = [frame for drive in reading.drives for frame in drive.frames]
    assert len(frames) == count
    for drive in reading.drives:
        assert drive.image_size[0] == pytest.approx(1242 * share, abs=10)
        depth = read_depth(drive.frames[0].depth)
        assert depth.shape == drive.image_size[::-1]
        known = depth[np.isfinite(depth)]
        assert 0.05 < known.size / depth.size < 1
        assert 2 < np.quantile(known, 0.01) < np.median(known) < np.quantile(known, 0.99) < 130
        # the road is seen in the lowest rows, where it is nearest
        assert np.nanmedian(depth[-20:]) < np.nanmedian(depth[: len(depth) // 2])


def test_stereo_depth_is_focal_length_times_baseline_over_disparity(shared_data: Path):
    root = folder_of(shared_data, "kitti_stereo2015") / "training"
    frame = SOURCES["kitti_depth"].read(root).drives[0].frames[0]
    with Image.open(root / "disp_occ_0" / frame.depth.name) as picture:
        disparity = np.where(np.asarray(picture) > 0, np.asarray(picture) / 256, np.nan)
    product = read_depth(frame.depth) * disparity
    assert np.nanmedian(product) == pytest.approx(FOCAL_PX * BASELINE_M, rel=0.02)


def test_day_is_brighter_than_night_and_both_are_read_whole(shared_data: Path, tmp_path: Path):
    reading = SOURCES["day_night"].read(folder_of(shared_data, "day_night") / "bdd100k")
    assert reading.problems == ()
    day, night = reading.drives
    assert (day.name, night.name, len(day.frames), len(night.frames)) == ("day", "night", 500, 500)
    assert day.image_size == night.image_size == (320, 180)
    means = [np.mean([decode(frame.image, (80, 45)).mean() for frame in drive.frames[:20]]) for drive in (day, night)]
    assert means[0] > 2 * means[1]
