import numpy as np
import pytest
from scipy import stats

from pipeline.scoring.statistics import (
    bootstrap_gain,
    degrees_of_freedom,
    detectable_gain,
    expanded_tail,
    gain_percent,
    holm,
    signed_rank_p,
)


def test_gain_of_hand_computed_errors():
    reference = np.array([[10.0, 20.0], [10.0, 40.0]])  # drive means 10 and 30, macro 20
    strategy = np.array([[8.0, 20.0], [8.0, 30.0]])  # drive means 8 and 25, macro 16.5
    assert gain_percent(reference, strategy, np.array([0.5, 0.5])) == pytest.approx(17.5)
    # Weighted 3 : 1 the means are 15 and 12.25.
    assert gain_percent(reference, strategy, np.array([0.75, 0.25])) == pytest.approx(100 * 2.75 / 15)


def test_holm_of_a_hand_computed_case():
    # Sorted .01 .02 .03 .04 times 4 3 2 1 = .04 .06 .06 .04, and never below the one before: .04 .06 .06 .06
    assert holm(np.array([0.03, 0.01, 0.04, 0.02])) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm(np.array([0.6, 0.9])) == pytest.approx([1.0, 1.0])
    assert len(holm(np.array([]))) == 0


def test_signed_rank_of_a_hand_computed_case_and_of_scipy():
    # Five positive differences: only 1 of 2^5 sign patterns is as extreme, on each side.
    assert signed_rank_p(np.array([1.0, 2.0, 3.0, 4.0, 5.0])) == pytest.approx(2 / 32)
    differences = np.random.default_rng(0).normal(0.3, 1, 40)
    assert signed_rank_p(differences) == stats.wilcoxon(differences).pvalue


def test_signed_rank_of_equal_pairs_is_one():
    assert signed_rank_p(np.zeros(6)) == 1.0


def test_same_errors_have_no_gain_and_no_width():
    errors = np.random.default_rng(0).uniform(5, 20, (3, 4))
    interval = bootstrap_gain(errors, errors, np.full(4, 0.25), np.random.default_rng(1))
    assert (interval.gain_pct, interval.low, interval.high, interval.standard_error) == (0, 0, 0, 0)


def test_constant_gain_has_no_width():
    errors = np.random.default_rng(0).uniform(5, 20, (3, 4))
    interval = bootstrap_gain(errors, 0.9 * errors, np.full(4, 0.25), np.random.default_rng(1))
    assert (interval.low, interval.high) == pytest.approx((10, 10))


def test_interval_is_the_same_for_the_same_rng():
    reference, strategy = np.random.default_rng(0).uniform(5, 20, (2, 5, 6))
    weights = np.full(6, 1 / 6)
    first, again, other = (bootstrap_gain(reference, strategy, weights, np.random.default_rng(s)) for s in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("shape", [(1, 5), (5, 1)])
def test_no_interval_from_one_seed_or_one_drive(shape):
    errors = np.ones(shape)
    with pytest.raises(ValueError, match="two seeds and two drives"):
        bootstrap_gain(errors, errors, np.full(shape[1], 1 / shape[1]), np.random.default_rng(0))


def test_degrees_of_freedom_follow_the_only_source_of_variance():
    reference, weights = np.full((5, 3), 10.0), np.full(3, 1 / 3)
    by_seed = np.arange(5.0)[:, None]  # the gain varies between the 5 seeds alone
    assert degrees_of_freedom(reference, reference - 1 - by_seed, weights) == pytest.approx(4)
    by_drive = np.arange(3.0)[None]
    assert degrees_of_freedom(reference, reference - 1 - by_drive, weights) == pytest.approx(2)


def test_expanded_tail_nears_the_plain_one_with_many_units():
    assert expanded_tail(0.025, 1e6) == pytest.approx(0.025, rel=1e-3)
    # Ten units: t = -2.262, times sqrt(10 / 9) = -2.384.
    assert expanded_tail(0.025, 9.0) == pytest.approx(stats.norm.cdf(-2.3844), rel=1e-3)


def test_detectable_gain_is_2_8_standard_errors():
    assert detectable_gain(1.0) == pytest.approx(1.96 + 0.8416, abs=1e-3)


@pytest.mark.parametrize(("seeds", "drives", "by_seed", "by_drive"), [(5, 5, 0.04, 0.04), (10, 5, 0.0, 0.05)])
def test_interval_covers_a_known_gain_about_as_often_as_it_says(seeds, drives, by_seed, by_drive):
    rng = np.random.default_rng(3)
    covered = [_covers(rng, seeds, drives, by_seed, by_drive) for _ in range(300)]
    # Plain percentiles reach 0.83 to 0.88 in these two designs; three standard errors of 0.95 are 0.04.
    assert 0.91 <= np.mean(covered) <= 0.99


def _covers(rng, seeds, drives, by_seed, by_drive):
    """One study whose true gain is 5 %: drives of different difficulty, gains that vary by seed and by drive."""
    reference = rng.uniform(5, 25, drives) * (1 + 0.03 * rng.standard_normal((seeds, drives)))
    gain = 0.05 + by_seed * rng.standard_normal((seeds, 1)) + by_drive * rng.standard_normal((1, drives))
    strategy = reference * (1 - gain) * (1 + 0.03 * rng.standard_normal((seeds, drives)))
    interval = bootstrap_gain(reference, strategy, np.full(drives, 1 / drives), rng, resamples=1000)
    return interval.low <= 5 <= interval.high
