"""Distances of clouds beside the formulas of their papers, written down as plainly as they are printed."""

import math

import numpy as np
import pytest
from scipy.linalg import sqrtm

from pipeline.fidelity.frechet import Statistics, frechet_at_infinity, frechet_distance, frechet_of_statistics
from pipeline.fidelity.kernel_distance import kernel_distance


def frechet_by_matrix_root(first, second):
    """Heusel et al. (2017), equation 6, with scipy's square root of a matrix."""
    covariances = [np.cov(features, rowvar=False) for features in (first, second)]
    root = sqrtm(covariances[0] @ covariances[1])
    shift = first.mean(axis=0) - second.mean(axis=0)
    return shift @ shift + np.trace(covariances[0] + covariances[1] - 2 * np.real(root))


def kernel_distance_by_loops(first, second):
    """Gretton et al. (2012), equation 3: three sums over pairs."""

    def kernel(x, y):
        return (x @ y / len(x) + 1) ** 3

    n, m = len(first), len(second)
    same = sum(kernel(first[i], first[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    same += sum(kernel(second[i], second[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return same - 2 * sum(kernel(x, y) for x in first for y in second) / (n * m)


@pytest.mark.parametrize(("n", "m"), [(300, 260), (40, 70), (12, 9)])  # above, above and below 24 features
def test_frechet_agrees_with_the_matrix_root(rng, n, m):
    mix = rng.normal(size=(24, 24))
    first, second = rng.normal(size=(n, 24)) @ mix, 1.3 * rng.normal(size=(m, 24)) + 0.5
    assert frechet_distance(first, second) == pytest.approx(frechet_by_matrix_root(first, second), rel=1e-4)


def test_both_forms_agree_where_both_hold(rng):
    first, second = rng.normal(size=(50, 30)), rng.normal(size=(60, 30)) * np.arange(1, 31)
    wide = [np.pad(features, ((0, 0), (0, 40))) for features in (first, second)]  # 70 features, of which 40 are still
    assert frechet_distance(*wide) == pytest.approx(frechet_distance(first, second), rel=1e-9)


@pytest.mark.parametrize(("n", "features"), [(60, 200), (200, 60)])
def test_equal_sets_are_not_apart_and_a_shift_is_its_squared_length(rng, n, features):
    cloud, shift = rng.normal(size=(n, features)), rng.normal(size=features)
    assert frechet_distance(cloud, cloud) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(cloud, cloud[::-1] + shift) == pytest.approx(shift @ shift, abs=1e-6)


def test_frechet_of_gaussians_is_known():
    # Of N(0, s²) and N(0, t²), in each of d dimensions: (s - t)².
    first, second = (Statistics(np.zeros(5), scale**2 * np.eye(5)) for scale in (1.0, 3.0))
    assert frechet_of_statistics(first, second) == pytest.approx(5 * 4.0)


def test_scaling_scales_and_order_does_not_matter(rng):
    first, second = rng.normal(size=(30, 50)), rng.normal(size=(40, 50)) + 0.3
    distance = frechet_distance(first, second)
    assert frechet_distance(second, first) == pytest.approx(distance)
    assert frechet_distance(3 * first, 3 * second) == pytest.approx(9 * distance)


def test_the_extrapolation_takes_the_bias_away(rng):
    # Two samples of one distribution: the truth is 0, at N = 400 and 16 features it reads about d² / 4N · 2.
    found = [
        (frechet_distance(*clouds), frechet_at_infinity(*clouds, rng).value)
        for clouds in (rng.normal(size=(2, 400, 16)) for _ in range(8))
    ]
    biased, straight = np.mean(found, axis=0)
    assert biased > 0.15
    assert abs(straight) < 0.2 * biased


def test_kernel_distance_agrees_with_loops(rng):
    first, second = rng.normal(size=(23, 5)), rng.normal(size=(31, 5)) + 0.4
    assert kernel_distance(first, second).value == pytest.approx(kernel_distance_by_loops(first, second), rel=1e-10)


def test_its_error_is_the_jackknife_of_whole_blocks(rng):
    first, second = rng.normal(size=(20, 3)), rng.normal(size=(30, 3))
    without = [
        kernel_distance_by_loops(np.delete(first, range(5 * k, 5 * k + 5), 0), np.delete(second, spans, 0))
        for k, spans in enumerate([range(0, 7), range(7, 15), range(15, 22), range(22, 30)])
    ]
    error = math.sqrt(3 / 4 * np.sum(np.square(np.array(without) - np.mean(without))))
    assert kernel_distance(first, second, blocks=4).error == pytest.approx(error, rel=1e-9)


def test_kernel_distance_is_unbiased_and_its_error_honest(rng):
    found = [kernel_distance(*rng.normal(size=(2, 60, 4))) for _ in range(80)]
    values = np.array([reading.value for reading in found])
    assert abs(values.mean()) < 3 * values.std() / math.sqrt(80)
    assert np.median([reading.error for reading in found]) == pytest.approx(values.std(), rel=0.5)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (np.zeros((1, 3)), np.zeros((5, 3)), "needs two"),
        (np.full((5, 3), np.nan), np.zeros((5, 3)), "not finite"),
    ],
)
def test_frechet_refuses_nonsense(first, second, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance(first, second)


def test_kernel_distance_refuses_sets_too_small_for_an_error():
    with pytest.raises(ValueError, match="too few for 10 blocks"):
        kernel_distance(np.zeros((19, 2)), np.zeros((50, 2)))
