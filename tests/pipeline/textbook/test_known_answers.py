"""Closed forms of the textbook against what is known by other means."""

import numpy as np
import pytest
import torch

from pipeline.textbook.bilinear_game import GAMES, alternating, penalised, plain, play
from pipeline.textbook.known_densities import LINE, Mixture, jensen_shannon, optimal_critic, value_of
from pipeline.textbook.remedies import pulls_on_generator


def test_equal_densities_have_no_divergence_and_strangers_log_2():
    data = Mixture((0.0,)).density()
    assert jensen_shannon(data, data) == 0
    assert jensen_shannon(Mixture((-4.0,), 0.3).density(), Mixture((8.0,), 0.3).density()) == pytest.approx(np.log(2))


@pytest.mark.parametrize("distance", [0.0, 1.0, 3.0])
def test_the_optimal_critic_has_the_value_of_the_theorem_and_no_other_has_more(distance: float):
    p, q = Mixture((0.0,)).density(), Mixture((distance,)).density()
    best = optimal_critic(p, q)
    assert value_of(best, p, q) == pytest.approx(2 * jensen_shannon(p, q) - np.log(4), abs=1e-9)
    assert value_of(0.9 * best + 0.05, p, q) <= value_of(best, p, q) + 1e-12


def test_mixtures_draw_what_their_density_says():
    mixture = Mixture((-2.0, 2.0), 0.8)
    samples = mixture.draw(20000, torch.Generator().manual_seed(0)).numpy()
    assert np.trapezoid(mixture.density(), LINE) == pytest.approx(1)
    assert samples.std() == pytest.approx(np.sqrt(4 + 0.64), abs=0.03)
    assert (samples > 0).mean() == pytest.approx(0.5, abs=0.02)


def test_the_pulls_of_minimax_and_non_saturating_add_up_to_the_distance():
    distances = np.array([0.0, 0.5, 2.0, 5.0])
    pulls = pulls_on_generator(distances)
    np.testing.assert_allclose(pulls["minimax"] + pulls["non-saturating"], distances, rtol=1e-6)
    assert pulls["minimax"][3] < 0.1 < pulls["minimax"][1]


def test_one_step_of_each_game_by_hand():
    now, before = np.array([1.0, 2.0]), np.array([0.0, 1.0])
    np.testing.assert_allclose(plain(now, before, 0.1), [0.8, 2.1])
    np.testing.assert_allclose(alternating(now, before, 0.1), [1 - 0.1 * 2.1, 2.1])
    np.testing.assert_allclose(penalised(now, before, 0.1), [0.8, 2.1 - 0.1 * 0.5 * 2])


def test_plain_steps_lengthen_the_path_by_the_known_factor_and_every_remedy_shortens_it():
    start, steps, rate = np.array([1.0, 0.0]), 200, 0.1
    ends = {name: np.linalg.norm(play(game, start, steps, rate)[-1]) for name, game in GAMES.items()}
    assert ends["plain"] == pytest.approx((1 + rate**2) ** (steps / 2))
    assert all(ends[name] < 0.5 for name in ("alternating, averaged", "penalty", "optimism"))
