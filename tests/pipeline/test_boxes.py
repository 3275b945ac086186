"""Boxes as numbers: round trips and overlaps one can compute by hand."""

import numpy as np
import pytest

from pipeline.boxes import clip_to_image, from_relative, intersection_over_union, to_relative, visible

BOX = np.array([[[100.0, 50, 140, 70], [110.0, 50, 150, 70], [100.0, 50, 180, 90]]])


def test_relative_boxes_are_measured_in_heights_of_the_anchor() -> None:
    relative = to_relative(BOX, BOX[:, 0])
    np.testing.assert_allclose(relative[0, 0], 0, atol=1e-12)
    np.testing.assert_allclose(relative[0, 1], [0.5, 0, 0, 0], atol=1e-12)
    np.testing.assert_allclose(relative[0, 2], [1.0, 0.5, np.log(2), np.log(2)], atol=1e-12)


def test_to_relative_and_back_changes_nothing(rng: np.random.Generator) -> None:
    low = rng.uniform(0, 500, (5, 7, 2))
    boxes = np.concatenate([low, low + rng.uniform(2, 200, (5, 7, 2))], axis=-1)
    np.testing.assert_allclose(from_relative(to_relative(boxes, boxes[:, 3]), boxes[:, 3]), boxes, atol=1e-9)


@pytest.mark.parametrize(
    ("second", "overlap"),
    [
        pytest.param([0, 0, 10, 10], 1.0, id="the same box"),
        pytest.param([5, 0, 15, 10], 1 / 3, id="half of each shared"),
        pytest.param([0, 0, 5, 10], 0.5, id="one inside the other"),
        pytest.param([20, 20, 30, 30], 0.0, id="apart"),
        pytest.param([10, 0, 20, 10], 0.0, id="touching"),
    ],
)
def test_intersection_over_union(second: list[float], overlap: float) -> None:
    first = np.array([[0.0, 0, 10, 10]])
    np.testing.assert_allclose(intersection_over_union(first, np.array([second], float)), [overlap])


def test_boxes_are_clipped_to_the_last_pixel() -> None:
    clipped = clip_to_image(np.array([[[-5.0, -5, 2000, 400]]]), np.array([[1242.0, 375.0]]))
    np.testing.assert_array_equal(clipped[0, 0], [0, 0, 1241, 374])


def test_a_window_is_visible_if_every_box_is_large_enough() -> None:
    thin = np.array([[[0.0, 0, 3, 50], [0, 0, 30, 50]], [[0, 0, 30, 50], [0, 0, 30, 50]]])
    assert visible(thin).tolist() == [False, True]
