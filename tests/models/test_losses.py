import math

import pytest
import torch

from models.losses import (
    LOSSES,
    BoundaryEquilibrium,
    EnergyMargin,
    Hinge,
    LeastSquares,
    Minimax,
    NonSaturating,
    Wasserstein,
)
from pipeline.registry import lookup
from pipeline.schema import UserError

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


def test_smoothed_labels_are_cross_entropy_with_0_9():
    soft = torch.nn.functional.binary_cross_entropy_with_logits
    expected = soft(REAL, torch.full((2,), 0.9)) + soft(FAKE, torch.zeros(2))
    assert NonSaturating(real_label=0.9).critic(real=REAL, fake=FAKE).item() == pytest.approx(expected.item())
    assert NonSaturating(real_label=0.9).generator(fake=FAKE) == NonSaturating().generator(fake=FAKE)


def test_smoothed_labels_of_least_squares_by_hand():
    loss = LeastSquares(real_label=0.9).critic(real=REAL, fake=FAKE)
    assert loss.item() == pytest.approx(((1.1**2 + 0.4**2) / 2 + (1 + 9) / 2) / 2)


@pytest.mark.parametrize("loss", [Minimax, LeastSquares])
def test_a_real_label_on_the_wrong_side_is_refused(loss):
    with pytest.raises(ValueError, match="real_label"):
        loss(real_label=0.3)


def test_the_balance_follows_its_recurrence_within_0_and_1():
    loss = BoundaryEquilibrium(diversity=0.5, rate=0.1).started(torch.device("cpu"))
    weight = 0.0
    for energy_real, energy_fake in [(2.0, 0.4), (4.0, 0.5), (1.0, 3.0), (9.0, 0.0), (9.0, 0.0), (9.0, 0.0)]:
        value = loss.critic(real=torch.tensor([-energy_real]), fake=torch.tensor([-energy_fake]))
        assert value.item() == pytest.approx(energy_real - weight * energy_fake)
        weight = min(1.0, max(0.0, weight + 0.1 * (0.5 * energy_real - energy_fake)))
        assert loss.weight.item() == pytest.approx(weight)
    assert weight == 1
    assert loss.generator(fake=torch.tensor([-3.0])).item() == 3


def test_a_balance_beyond_reach_is_refused():
    with pytest.raises(ValueError, match="diversity"):
        BoundaryEquilibrium(diversity=1.5)


def test_a_misspelt_loss_brings_a_suggestion():
    assert lookup(LOSSES, "hinge", "loss") is Hinge
    with pytest.raises(UserError, match='Did you mean "wasserstein"'):
        lookup(LOSSES, "waserstein", "loss")
