import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.geometry import (
    box_corners_cam,
    euler_from_rotation,
    heading_in_cam,
    heading_in_world,
    invert_rigid,
    oxts_to_world,
    project,
    project_boxes,
    rigid,
    rotation_from_euler,
    transform_points,
    world_to_oxts,
)

P = np.array([[100.0, 0, 50, 0], [0, 100, 40, 0], [0, 0, 1, 0]])
"""Focal length 100 px, principal point (50, 40)."""

angles = st.floats(-1.5, 1.5)


def test_a_quarter_turn_left_takes_forward_to_left():
    R = rotation_from_euler(np.zeros(1), np.zeros(1), np.array([np.pi / 2]))
    np.testing.assert_allclose(R[0] @ [1, 0, 0], [0, 1, 0], atol=1e-12)


@given(angles, angles, angles)
def test_euler_angles_survive_a_round_trip(roll: float, pitch: float, yaw: float):
    R = rotation_from_euler(np.array([roll]), np.array([pitch]), np.array([yaw]))
    np.testing.assert_allclose(euler_from_rotation(R), [[roll, pitch, yaw]], atol=1e-7)


def test_the_inverse_of_a_rigid_transform_undoes_it(rng: np.random.Generator):
    T = rigid(rotation_from_euler(*rng.normal(size=(3, 5))), rng.normal(size=(5, 3)))
    np.testing.assert_allclose(invert_rigid(T) @ T, np.tile(np.eye(4), (5, 1, 1)), atol=1e-12)


def test_points_move_by_one_transform_or_each_by_its_own():
    T = rigid(np.eye(3), np.array([1.0, 2.0, 3.0]))
    points = np.array([[0.0, 0, 0], [10, 10, 10]])
    moved = [[1, 2, 3], [11, 12, 13]]
    np.testing.assert_array_equal(transform_points(T, points), moved)
    np.testing.assert_array_equal(transform_points(np.stack([T, T]), points), moved)


def test_a_point_one_metre_right_and_ten_ahead_projects_ten_pixels_right():
    np.testing.assert_allclose(project(P, np.array([[1.0, 0.5, 10.0]])), [[60, 45]])


def test_a_box_with_heading_zero_lies_along_camera_x():
    corners = box_corners_cam(np.array([[1.5, 2.0, 4.0]]), np.array([[0.0, 1.0, 10.0]]), np.zeros(1))[0]
    np.testing.assert_allclose(corners.min(axis=0), [-2, -0.5, 9])
    np.testing.assert_allclose(corners.max(axis=0), [2, 1, 11])


def test_a_box_that_faces_away_lies_along_camera_z():
    corners = box_corners_cam(np.array([[1.5, 2.0, 4.0]]), np.array([[0.0, 1.0, 10.0]]), np.array([-np.pi / 2]))[0]
    np.testing.assert_allclose(corners.max(axis=0) - corners.min(axis=0), [2, 1.5, 4], atol=1e-12)


def test_a_projected_box_is_as_wide_as_its_nearest_face():
    corners = box_corners_cam(np.array([[1.0, 2.0, 2.0]]), np.array([[0.0, 0.5, 11.0]]), np.zeros(1))
    # The near face is 10 m away: 2 m wide is 20 px, 1 m high is 10 px.
    np.testing.assert_allclose(project_boxes(P, corners, (101, 81)), [[40, 35, 60, 45]])


def test_a_box_beside_the_camera_is_cut_where_it_passes_behind():
    # A wall on the right from z = -5 to 15: its far end is at u = 50 + 100 * 2 / 15, its near end out of the image.
    corners = box_corners_cam(np.array([[1.0, 2.0, 20.0]]), np.array([[3.0, 0.5, 5.0]]), np.array([np.pi / 2]))
    left, top, right, bottom = project_boxes(P, corners, (101, 81))[0]
    assert left == pytest.approx(50 + 100 * 2 / 15)
    assert (top, right, bottom) == (0, 100, 80)


@pytest.mark.parametrize("place", [(0.0, 0.5, -10.0), (100.0, 0.5, 10.0), (np.nan, np.nan, np.nan)])
def test_a_box_out_of_view_has_no_image_box(place: tuple[float, float, float]):
    corners = box_corners_cam(np.array([[1.0, 2.0, 2.0]]), np.array([place]), np.zeros(1))
    assert np.isnan(project_boxes(P, corners, (101, 81))).all()


def test_one_thousandth_of_a_degree_north_is_111_metres_ahead_for_a_car_that_faces_north():
    records = np.array([[49.0, 8.4, 100, 0, 0, np.pi / 2], [49.001, 8.4, 101, 0, 0, np.pi / 2]])
    T = oxts_to_world(records)
    np.testing.assert_allclose(T[0], np.eye(4), atol=1e-12)
    np.testing.assert_allclose(T[1, :3, 3], [6378137 * np.radians(0.001), 0, 1], atol=2e-3)


def test_poses_survive_the_way_to_navigation_data_and_back(rng: np.random.Generator):
    T = rigid(rotation_from_euler(*rng.uniform(-0.5, 0.5, (3, 6))), rng.uniform(-200, 200, (6, 3)))
    T = invert_rigid(T[0]) @ T
    np.testing.assert_allclose(oxts_to_world(world_to_oxts(T, 49.0, 8.4)), T, atol=1e-6)


def test_no_navigation_data_gives_no_poses():
    assert oxts_to_world(np.zeros((0, 6))).shape == (0, 4, 4)


@given(st.floats(-3.1, 3.1))
def test_headings_survive_the_way_to_the_camera_and_back(yaw: float):
    T_cam_world = rigid(np.array([[0.0, -1, 0], [0, 0, -1], [1, 0, 0]]), np.array([1.0, 2, 3]))
    rotation_y = heading_in_cam(T_cam_world, np.array([yaw]))
    back = heading_in_world(invert_rigid(T_cam_world)[None], rotation_y)
    np.testing.assert_allclose(back, [yaw], atol=1e-9)


def test_a_car_that_drives_ahead_has_rotation_y_of_minus_a_quarter_turn():
    T_cam_velo = rigid(np.array([[0.0, -1, 0], [0, 0, -1], [1, 0, 0]]), np.zeros(3))
    np.testing.assert_allclose(heading_in_cam(T_cam_velo, np.zeros(1)), [-np.pi / 2])
