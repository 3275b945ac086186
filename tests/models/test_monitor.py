"""The curves are those of real trainings, each of them tiny."""

import math

import pytest
import torch
from torch import nn

from models.adversarial import AdversarialRecipe, Players, train_adversarial
from models.losses import Minimax, NonSaturating, Wasserstein
from models.monitor import Monitor, Thresholds, diagnose
from models.penalties import R1
from models.reporting import TrainingDiverged


class _Line(nn.Module):
    """x = deviation · z + mean, and a critic of any kind beside it."""

    def __init__(self, mean=0.0):
        super().__init__()
        self.mean, self.deviation = nn.Parameter(torch.tensor([mean])), nn.Parameter(torch.ones(1))

    def forward(self, latent):
        return self.mean + self.deviation * latent


class _Polynomial(nn.Module):
    """f(x) = c + a x (+ b x²)."""

    def __init__(self, degree):
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(degree + 1))

    def forward(self, samples):
        return torch.cat([samples**power for power in range(len(self.weights))], dim=1) @ self.weights


def _draw_normal(count, rng):
    return torch.randn(count, 1, generator=rng)


def _curves(recipe, generator, critic, mean=0.0):
    heard, said = [], []
    monitor = Monitor(said.append, Thresholds(), lambda *report: heard.append(report))
    rng = torch.Generator().manual_seed(0)
    players = Players(generator, critic, recipe)
    train_adversarial(
        players, recipe, lambda count, rng: (mean + _draw_normal(count, rng),), _draw_normal, rng, monitor
    )
    return heard, said


def _recipe(**changes):
    healthy = {
        "loss": NonSaturating(), "penalties": (R1(weight=0.5, every=1),), "steps": 200, "critic_steps": 1,
        "generator_rate": 0.02, "critic_rate": 0.02, "betas": (0.0, 0.9), "report_every": 10, "vital_signs": True,
    }  # fmt: skip
    return AdversarialRecipe(**(healthy | changes))


def test_a_healthy_training_is_left_alone():
    heard, said = _curves(_recipe(), _Line(mean=0.5), _Polynomial(2))
    assert said == []
    assert len(heard) == 20
    assert heard[-1][1]["diversity"] == pytest.approx(1, abs=0.3)


def test_a_critic_that_knows_everything_starves_the_saturating_generator():
    recipe = _recipe(loss=Minimax(), penalties=(), generator_rate=1e-4, critic_rate=0.1)
    heard, said = _curves(recipe, _Line(mean=-20.0), _Polynomial(1), mean=20.0)
    assert heard[-1][1]["critic_loss"] < 1e-3
    assert [sentence.split(": ")[1] for sentence in said] == [
        "the critic's loss has stayed below 0.05 since step 20",
        f"the generator's gradient is only {_gradient_when_said(heard, said):.1e} long",
    ]


def _gradient_when_said(heard, said):
    step = int(said[1].split(":")[0].removeprefix("Step "))
    return dict(heard)[step]["generator_gradient"]


def test_a_generator_that_runs_away_from_a_slow_critic_repeats_itself():
    critic = _Polynomial(2)
    with torch.no_grad():
        critic.weights.copy_(torch.tensor([0.0, 0.0, -1.0]))  # it likes one point best
    heard, said = _curves(_recipe(penalties=(), critic_rate=1e-5), _Line(), critic)
    assert heard[-1][1]["diversity"] < 0.1
    assert len(said) == 1
    assert "the generator repeats itself" in said[0]


def test_wasserstein_without_any_penalty_goes_round_in_circles():
    recipe = _recipe(loss=Wasserstein(), penalties=(), steps=400, generator_rate=0.1, critic_rate=0.1, report_every=5)
    _, said = _curves(recipe, _Line(mean=3.0), _Polynomial(1))
    assert any("the players chase each other" in sentence for sentence in said)


def test_not_a_number_is_named_before_training_stops():
    said, recipe = [], _recipe(report_every=3)
    with pytest.raises(TrainingDiverged):
        train_adversarial(
            Players(_Line(), _Polynomial(1), recipe), recipe, lambda count, rng: (torch.full((count, 1), math.nan),),
            _draw_normal, torch.Generator().manual_seed(0), Monitor(said.append),
        )  # fmt: skip
    assert len(said) == 1
    assert said[0].startswith("Step 3: critic_loss and generator_loss")


def test_a_sign_must_last_and_is_said_again_only_after_it_went_away():
    said = []
    monitor = Monitor(said.append, Thresholds(patience=2))
    for step, loss in enumerate([0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]):
        monitor(step, {"critic_loss": loss})
    assert [sentence.split(":")[0] for sentence in said] == ["Step 3", "Step 7"]


@pytest.mark.parametrize(
    ("series", "found"),
    [
        ([0.0, 1.0, 0.0, 1.0, 0.0, 1.0], True),
        ([0.0, 0.5, 1.0, 0.5, 0.0, 0.5, 1.0, 0.5, 0.0], False),  # three turns only
        ([0.0, 0.5, 1.0, 0.5, 0.0, 0.5, 1.0, 0.5, 0.0, 0.5, 1.0], True),
        ([0.0, 0.4] * 10, False),  # too small
        ([5.0 - step for step in range(20)], False),  # one long way down
    ],
)
def test_an_oscillation_is_four_large_turns(series, found):
    reports = [(step, {"generator_loss": value}) for step, value in enumerate(series)]
    assert bool(diagnose(reports, Thresholds())) == found


def test_a_sign_that_is_switched_off_is_not_seen():
    reports = [(step, {"critic_loss": 0.0}) for step in range(9)]
    assert [finding.sign for finding in diagnose(reports, Thresholds())] == ["critic wins"]
    assert diagnose(reports, Thresholds(critic_loss=None)) == ()
    assert diagnose([], Thresholds()) == ()


def test_thresholds_that_see_nothing_are_refused():
    with pytest.raises(ValueError, match="patience"):
        Thresholds(patience=30, memory=20)
    with pytest.raises(ValueError, match="turns"):
        Thresholds(turns=0)


def test_the_sizes_of_both_players_are_reported_once_and_gross_differences_are_said():
    recipe = _recipe(steps=30)
    for critic, words in (
        (nn.Linear(1, 1), []),
        (nn.Sequential(nn.Linear(1, 40), nn.Linear(40, 1)), ["the critic has 121"]),
    ):
        heard, said = _curves(recipe, _Line(), critic)
        sizes = [(step, values["generator_weights"]) for step, values in heard if "generator_weights" in values]
        assert sizes == [(10, 2.0)]
        assert heard[0][1]["critic_weights"] == sum(weight.numel() for weight in critic.parameters())
        assert [sentence.split(": ")[1].split(" weights")[0] for sentence in said] == words


def test_a_monitor_that_goes_back_forgets_what_came_later():
    said = []
    monitor = Monitor(said.append, Thresholds(patience=2))
    for step in (1, 2, 3):
        monitor(step, {"critic_loss": 0.0})
    assert monitor.present == {"critic wins"}
    monitor.forget_after(1)
    assert [step for step, _ in monitor.reports] == [1]
    assert not monitor.present
    monitor(2, {"critic_loss": 0.0})
    assert len(said) == 2  # it is there again, and said again
