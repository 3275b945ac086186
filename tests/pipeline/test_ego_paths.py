"""Planar paths: circles by hand, and the algebra of poses."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ego_paths import compose, inverse, planar_path, smoothed

numbers = st.floats(-50, 50)
poses = st.tuples(numbers, numbers, st.floats(-3, 3)).map(np.array)


def test_a_quarter_of_a_circle_of_ten_metres_ends_ten_ahead_and_ten_to_the_left() -> None:
    steps = 200
    speed, yaw_rate = np.full((1, steps + 1), 10.0), np.full((1, steps + 1), 1.0)
    path = planar_path(speed, yaw_rate, np.array([np.pi / 2 / steps]), 0)
    np.testing.assert_allclose(path[0, -1], [10, 10, np.pi / 2], atol=1e-3)


def test_the_path_stands_at_the_origin_at_its_anchor_and_comes_from_behind() -> None:
    path = planar_path(np.full((1, 5), 20.0), np.zeros((1, 5)), np.array([0.1]), 2)
    np.testing.assert_allclose(path[0], [[-4, 0, 0], [-2, 0, 0], [0, 0, 0], [2, 0, 0], [4, 0, 0]])


@given(poses, poses)
def test_a_pose_after_its_inverse_changes_nothing(first: np.ndarray, second: np.ndarray) -> None:
    np.testing.assert_allclose(compose(first, compose(inverse(first), second)), second, atol=1e-9)


def test_smoothing_keeps_what_is_constant_and_spreads_a_spike_over_five_frames() -> None:
    np.testing.assert_array_equal(smoothed(np.full((1, 7), 3.0)), np.full((1, 7), 3.0))
    spike = np.zeros((1, 9))
    spike[0, 4] = 5
    np.testing.assert_allclose(smoothed(spike)[0], [0, 0, 1, 1, 1, 1, 1, 0, 0])
