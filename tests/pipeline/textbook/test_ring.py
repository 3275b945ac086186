"""Counting modes by hand, and the ring's data."""

import numpy as np
import pytest
import torch

from pipeline.textbook.gaussian_ring import GaussianRing

RING = GaussianRing(modes=4, radius=2.0, deviation=0.1)
"""Centres (2, 0), (0, 2), (-2, 0), (0, -2); good within 0.3; kept from 1/20 of all samples on."""


def _samples(*groups: tuple[float, float, int]) -> np.ndarray:
    return np.concatenate([np.tile([[float(x), float(y)]], (count, 1)) for x, y, count in groups])


def test_a_mode_is_kept_from_a_fifth_of_its_fair_share_on():
    assert RING.modes_kept(_samples((2, 0, 95), (0, 2, 5))) == 2
    assert RING.modes_kept(_samples((2, 0, 96), (0, 2, 4))) == 1


def test_only_good_samples_count():
    near, far = 2.29, 2.31
    assert RING.modes_kept(_samples((near, 0, 50), (0, far, 50))) == 1
    np.testing.assert_allclose(RING.good_by_mode(_samples((near, 0, 50), (0, far, 50))), [0.5, 0, 0, 0])


def test_samples_between_modes_are_nobodys():
    assert RING.modes_kept(_samples((0, 0, 100))) == 0
    assert RING.good_by_mode(_samples((0, 0, 100))).sum() == 0


def test_one_point_is_one_mode():
    np.testing.assert_allclose(RING.good_by_mode(_samples((-2, 0, 7))), [0, 0, 1, 0])
    assert RING.modes_kept(_samples((-2, 0, 7))) == 1


@pytest.mark.parametrize("modes", [3, 8])
def test_real_samples_keep_every_mode_and_99_percent_are_good(modes: int):
    ring = GaussianRing(modes=modes)
    (samples,) = ring.draw(4000, torch.Generator().manual_seed(0))
    assert ring.modes_kept(samples.numpy()) == modes
    assert ring.good_by_mode(samples.numpy()).sum() == pytest.approx(1 - np.exp(-4.5), abs=0.006)  # Rayleigh
