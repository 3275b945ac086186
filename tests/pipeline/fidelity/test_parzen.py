import math

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.neighbors import KernelDensity

from pipeline.fidelity.parzen import LogLikelihood, log_densities, parzen_log_likelihood


def test_one_window_is_a_gaussian():
    density = log_densities(np.zeros((1, 3)), np.array([[1.0, 2.0, 2.0]]), (0.5, 2.0))
    # ‖x‖² = 9: -9 / (2 · 0.25) - 3/2 log(2π · 0.25) and -9 / (2 · 4) - 3/2 log(2π · 4)
    expected = [-18 - 1.5 * math.log(math.pi / 2), -1.125 - 1.5 * math.log(8 * math.pi)]
    assert density[:, 0] == pytest.approx(expected, rel=1e-12)


def test_two_windows_are_averaged():
    density = log_densities(np.array([[-1.0], [1.0]]), np.array([[0.0], [1.0]]), (1.0,))[0]
    assert density == pytest.approx(np.log([norm.pdf(1), (norm.pdf(0) + norm.pdf(2)) / 2]), rel=1e-12)


@pytest.mark.parametrize("sigma", [0.05, 0.3, 1.0])
def test_scikit_learn_agrees(rng, sigma):
    synthetic, real = rng.random((70, 20)), rng.random((1100, 20))  # more than two chunks
    expected = KernelDensity(bandwidth=sigma).fit(synthetic).score_samples(real)
    assert log_densities(synthetic, real, (sigma,))[0] == pytest.approx(expected, rel=1e-10)


def test_single_precision_costs_little_even_far_from_the_origin(rng):
    synthetic, real = rng.random((200, 784)) + 5, rng.random((50, 784)) + 5
    exact = log_densities(synthetic, real, (0.2,))
    assert log_densities(synthetic.astype(np.float32), real.astype(np.float32), (0.2,)) == pytest.approx(exact, abs=0.1)
    assert abs(exact).min() > 100


def test_samples_no_window_reaches_have_a_finite_likelihood():
    density = log_densities(np.zeros((5, 2)), np.array([[1e4, 0.0]]), (0.01,))
    assert density[0, 0] == pytest.approx(-(1e8 / 2e-4) - math.log(2 * math.pi * 1e-4))


def test_a_gaussian_model_scores_the_entropy_of_a_gaussian(rng):
    # Windows of width h around N(0, 1) make N(0, 1 + h²), whose mean log density at N(0, 1) is known.
    found = parzen_log_likelihood(rng.normal(size=(20000, 1)), rng.normal(size=(500, 1)), rng.normal(size=(4000, 1)))
    variance = 1 + found.sigma**2
    assert found.nats == pytest.approx(-0.5 * math.log(2 * math.pi * variance) - 0.5 / variance, abs=0.05)
    assert found.standard_error == pytest.approx(math.sqrt(0.5 / 4000), rel=0.1)


def test_the_width_is_chosen_on_the_validation_samples(rng):
    synthetic, far = np.zeros((1, 1)), np.full((10, 1), 0.8)
    chosen = parzen_log_likelihood(synthetic, far, np.zeros((2, 1)), sigmas=(0.1, 0.8, 5.0))
    assert chosen.sigma == 0.8  # the most likely deviation of samples that all lie 0.8 away
    assert chosen.nats == pytest.approx(norm.logpdf(0, scale=0.8))


def test_it_reads_as_in_the_literature():
    assert str(LogLikelihood(225.4, 2.04, 0.2)) == "225 ± 2.0"


@pytest.mark.parametrize(
    ("synthetic", "real", "sigmas", "message"),
    [
        (np.zeros((0, 2)), np.zeros((1, 2)), (1.0,), "0 synthetic"),
        (np.zeros((1, 2)), np.full((1, 2), np.nan), (1.0,), "not finite"),
        (np.zeros((1, 2)), np.zeros((1, 2)), (1.0, 0.0), "positive, got 0"),
    ],
)
def test_nonsense_is_refused(synthetic, real, sigmas, message):
    with pytest.raises(ValueError, match=message):
        log_densities(synthetic, real, sigmas)
