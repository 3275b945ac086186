from dataclasses import replace

import numpy as np
import pytest

from pipeline.city.drives import record_drive
from pipeline.city.labels import build_drive
from pipeline.city.lidar import scan
from pipeline.city.pixel_labels import pixel_rows
from pipeline.city.recording import Recording
from pipeline.city.render import render
from pipeline.city.rig import kitti_calibration
from pipeline.city.stage import Cast
from pipeline.city.view import resize_calibration
from pipeline.city.world import World, build_world
from pipeline.geometry import invert_rigid, project, transform_points

CALIBRATION = resize_calibration(kitti_calibration(), "half")


@pytest.fixture(scope="module")
def world() -> World:
    return build_world("houston", 0)


@pytest.fixture(scope="module")
def recording() -> Recording:
    return record_drive("houston", 0, 0, 12)


@pytest.fixture(scope="module")
def cast(recording, world) -> Cast:
    return Cast.dress(recording, world, 0)


@pytest.fixture(scope="module")
def picture(world, recording, cast):
    return render(world, recording, cast, 5, CALIBRATION, np.random.default_rng(0), 1, ("day", "night"))


def before_the_camera(recording: Recording, places: list[tuple[float, float]]) -> Recording:
    """The same drive with nothing on the road but cars at (metres ahead of the camera, metres to its left)."""
    pose = recording.T_city_imu[0]
    points = np.array([pose @ np.array([ahead + 1.08, left - 0.31, 0, 1]) for ahead, left in places])[:, :2]
    frames, count = len(recording.time_s), len(places)
    return replace(
        recording, kinds=("Car",) * count, size_m=np.tile([1.5, 1.7, 4.2], (count, 1)),
        position_m=np.tile(points, (frames, 1, 1)), yaw_rad=np.full((frames, count), recording.ego_yaw_rad[0]),
        speed_mps=np.zeros((frames, count)),
    )  # fmt: skip


def rows_of(world: World, recording: Recording) -> np.ndarray:
    cast = Cast.dress(recording, world, 0)
    picture = render(world, recording, cast, 0, CALIBRATION, np.random.default_rng(0), 1)
    return pixel_rows(recording, cast, 0, CALIBRATION, picture)


def test_a_free_car_is_neither_truncated_nor_occluded(world, recording):
    row = rows_of(world, before_the_camera(recording, [(14.0, 0.0)]))[0]
    assert (row[6], row[7]) == (0, 0)


def test_a_car_half_out_of_view_is_truncated(world, recording):
    # at 8 m the left border of the image lies 6.8 m to the left
    row = rows_of(world, before_the_camera(recording, [(8.0, 6.6)]))[0]
    assert row[6] in (1, 2)
    assert row[2] == 0  # its box ends at the border
    assert row[7] == 0


def test_a_car_behind_another_is_occluded(world, recording):
    rows = rows_of(world, before_the_camera(recording, [(10.0, 0.0), (22.0, 1.4)]))
    by_actor = {int(row[0]): row for row in rows}
    assert by_actor[0][7] == 0
    assert by_actor[1][7] in (1, 2)


def test_instances_lie_inside_the_projected_3d_boxes(world, recording, cast, picture):
    rows = pixel_rows(recording, cast, 5, CALIBRATION, picture)
    assert len(rows) > 3
    for row in rows:
        v, u = np.nonzero(picture.instance == row[0] + 1)
        left, top, right, bottom = row[2:6]
        assert left - 2 <= u.min()
        assert u.max() <= right + 2
        assert top - 3 <= v.min()
        assert v.max() <= bottom + 3


def test_depth_of_the_sky_is_infinite_and_the_road_lies_where_the_camera_height_says(picture):
    assert np.isinf(picture.depth_m[picture.semantic == 23]).all()
    road = picture.semantic == 7
    v, _ = np.nonzero(road)
    depth = picture.depth_m[road]
    focal, horizon = CALIBRATION.P2[1, 1], CALIBRATION.P2[1, 2]
    steep = v > horizon + 30
    height = depth[steep] * (v[steep] - horizon) / focal
    assert np.median(height) == pytest.approx(1.66, abs=0.12)  # the car nods, the camera looks down a little


def test_day_and_night_show_the_same_geometry(picture):
    day, night = (picture.colour[look].astype(float).mean(axis=2) for look in ("day", "night"))
    assert day.mean() > 2 * night.mean()
    assert picture.colour["day"].shape == picture.colour["night"].shape == (*picture.depth_m.shape, 3)


def test_lidar_points_agree_with_the_depth_of_the_pixels_they_fall_on(world, recording, cast, picture, rng):
    points = scan(world, recording, cast, 5, CALIBRATION, rng)
    assert len(points) > 30_000
    in_cam = transform_points(CALIBRATION.T_cam_velo, points[:, :3].astype(float))
    in_cam = in_cam[in_cam[:, 2] > 2]
    pixel = np.round(project(CALIBRATION.P2, in_cam)).astype(int)
    inside = ((pixel >= 0) & (pixel < CALIBRATION.image_size)).all(axis=1)
    depth = picture.depth_m[pixel[inside, 1], pixel[inside, 0]]
    error = np.abs(depth - in_cam[inside, 2]) / in_cam[inside, 2]
    assert np.median(error) < 0.01
    assert np.mean(error < 0.05) > 0.85


def test_supersampling_changes_edges_and_leaves_labels_of_plain_pixels(world, recording, cast, picture):
    fine = render(world, recording, cast, 5, CALIBRATION, np.random.default_rng(0), 2)
    same = fine.semantic == picture.semantic
    assert same.mean() > 0.97
    ratio = fine.depth_m[same & np.isfinite(picture.depth_m)] / picture.depth_m[same & np.isfinite(picture.depth_m)]
    assert np.mean(np.abs(ratio - 1) < 1e-4) > 0.95


def test_the_same_seed_gives_the_same_bytes(world, recording, cast, picture):
    again = render(world, recording, cast, 5, CALIBRATION, np.random.default_rng(0), 1, ("day", "night"))
    np.testing.assert_array_equal(again.colour["night"], picture.colour["night"])
    np.testing.assert_array_equal(again.depth_m, picture.depth_m)


def test_rows_become_a_drive_whose_poses_are_the_recordings(world, recording, cast, picture):
    drive = build_drive(recording, CALIBRATION, pixel_rows(recording, cast, 5, CALIBRATION, picture))
    expected = invert_rigid(recording.T_city_imu[0]) @ recording.T_city_imu
    np.testing.assert_allclose(drive.ego.T_world_imu, expected, atol=1e-9)
    assert drive.image_size == (621, 188)
