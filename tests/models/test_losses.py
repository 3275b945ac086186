import math

import pytest
import torch

from models.losses import EnergyMargin, Hinge, LeastSquares, Minimax, NonSaturating, Wasserstein

REAL, FAKE = torch.tensor([2.0, 0.5]), torch.tensor([-1.0, 3.0])


def _log_d(score):
    return math.log(1 / (1 + math.exp(-score)))


def test_minimax_is_the_negated_value_function():
    value = (_log_d(2) + _log_d(0.5)) / 2 + (_log_d(1) + _log_d(-3)) / 2  # log(1 - D(s)) = log D(-s)
    assert Minimax().critic(real=REAL, fake=FAKE).item() == pytest.approx(-value)
    assert Minimax().generator(fake=FAKE).item() == pytest.approx((_log_d(1) + _log_d(-3)) / 2)


def test_minimax_of_an_undecided_critic_is_log_4():
    assert Minimax().critic(real=torch.zeros(3), fake=torch.zeros(3)).item() == pytest.approx(math.log(4))


def test_non_saturating_maximises_log_d():
    assert NonSaturating().generator(fake=FAKE).item() == pytest.approx(-(_log_d(-1) + _log_d(3)) / 2)
    assert NonSaturating().critic(real=REAL, fake=FAKE) == Minimax().critic(real=REAL, fake=FAKE)


def test_only_the_non_saturating_generator_learns_from_a_critic_that_is_sure():
    gradients = {}
    for loss in (Minimax(), NonSaturating()):
        score = torch.tensor([-20.0], requires_grad=True)
        loss.generator(fake=score).backward()
        gradients[type(loss)] = abs(score.grad.item())
    assert gradients[Minimax] < 1e-8
    assert gradients[NonSaturating] == pytest.approx(1)


def test_least_squares_by_hand():
    assert LeastSquares().critic(real=REAL, fake=FAKE).item() == pytest.approx(((1 + 0.25) / 2 + (1 + 9) / 2) / 2)
    assert LeastSquares().generator(fake=FAKE).item() == pytest.approx((4 + 4) / 2 / 2)


def test_wasserstein_by_hand():
    assert Wasserstein().critic(real=REAL, fake=FAKE).item() == pytest.approx(1 - 1.25)
    assert Wasserstein().generator(fake=FAKE).item() == pytest.approx(-1)


def test_hinge_by_hand():
    assert Hinge().critic(real=REAL, fake=FAKE).item() == pytest.approx((0 + 0.5) / 2 + (0 + 4) / 2)
    assert Hinge().generator(fake=FAKE).item() == pytest.approx(-1)


def test_energy_margin_by_hand():
    # Energies are negated scores: real -2 and -0.5; fake 1 and -3 against a margin of 1.
    loss = EnergyMargin(margin=1.0)
    assert loss.critic(real=REAL, fake=FAKE).item() == pytest.approx(-1.25 + (0 + 4) / 2)
    assert loss.generator(fake=FAKE).item() == pytest.approx(-1)


@pytest.mark.parametrize("loss", [Minimax(), NonSaturating(), LeastSquares(), Wasserstein(), Hinge(), EnergyMargin()])
def test_both_players_pull_a_fake_score_in_opposite_directions(loss):
    fake = torch.tensor([0.3], requires_grad=True)
    (critic,) = torch.autograd.grad(loss.critic(real=torch.tensor([0.4]), fake=fake), fake)
    (generator,) = torch.autograd.grad(loss.generator(fake=fake), fake)
    assert critic.item() > 0 > generator.item()
