"""Likeness of aligned pictures, against values worked out by hand."""

import numpy as np
import pytest

from pipeline.fidelity.picture_pairs import mean_absolute_error, peak_signal_to_noise, structural_similarity


@pytest.fixture
def pictures(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 256, (3, 24, 32, 3), dtype=np.uint8)


def test_a_picture_is_like_itself(pictures: np.ndarray) -> None:
    np.testing.assert_allclose(structural_similarity(pictures, pictures), 1)
    assert not mean_absolute_error(pictures, pictures).any()
    assert np.isinf(peak_signal_to_noise(pictures, pictures)).all()


def test_black_against_white_is_as_wrong_as_can_be() -> None:
    black, white = (np.full((1, 12, 12, 3), value, np.uint8) for value in (0, 255))
    assert mean_absolute_error(black, white).tolist() == [1]
    assert peak_signal_to_noise(black, white).tolist() == [0]
    # flat pictures differ in light alone: (2 · 0 · 255 + C1) / (0 + 255² + C1), C1 = (0.01 · 255)²
    assert structural_similarity(black, white)[0] == pytest.approx(1e-4 / (1 + 1e-4))


def test_one_step_of_brightness_is_48_decibels() -> None:
    first, second = (np.full((1, 12, 12, 3), value, np.uint8) for value in (100, 101))
    assert peak_signal_to_noise(first, second)[0] == pytest.approx(20 * np.log10(255))
    assert mean_absolute_error(first, second)[0] == pytest.approx(1 / 255)


def test_what_has_no_pattern_in_common_is_less_alike_than_what_is_only_darker(pictures: np.ndarray) -> None:
    darker, shuffled = pictures // 2, pictures[:, ::-1]
    assert (structural_similarity(darker, pictures) > 0.5).all()
    assert (structural_similarity(shuffled, pictures) < 0.2).all()
