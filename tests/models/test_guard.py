import math

import pytest
import torch
from torch import nn

from models.adversarial import AdversarialRecipe, Players
from models.guard import Response, train_guarded
from models.latents import normal
from models.losses import NonSaturating
from models.monitor import Monitor, Thresholds
from models.reporting import TrainingDiverged

RECIPE = AdversarialRecipe(
    loss=NonSaturating(), penalties=(), critic_steps=1, steps=12, batch=8, generator_rate=0.1, critic_rate=0.1,
    report_every=2, vital_signs=True,
)  # fmt: skip


class _Game:
    """A line against a line; whoever wants to spoils a step."""

    def __init__(self, spoil=lambda game, samples: samples):
        self.spoil, self.said, self.steps_drawn = spoil, [], []
        torch.manual_seed(0)
        self.players = Players(nn.Linear(2, 2), nn.Linear(2, 1), RECIPE)
        self.rng = torch.Generator().manual_seed(1)

    def draw_real(self, count, rng):
        self.steps_drawn.append(self.players.step)
        return (self.spoil(self, 3 + torch.randn(count, 2, generator=rng)),)

    def rate(self):
        return self.players.optimiser_g.param_groups[0]["lr"]

    def train(self, path, response=None, thresholds=None):
        monitor = Monitor(self.said.append, thresholds or Thresholds(patience=2, critic_loss=None, diversity=None))
        response = response or Response()
        return train_guarded(
            self.players, RECIPE, self.draw_real, normal(2), self.rng, monitor, response, path / "run.pt"
        )


def _nan_at_high_rates(game, samples):
    """A training that breaks at step 7 unless its rates have been lowered twice."""
    return samples * math.nan if game.players.step == 7 and game.rate() > 0.03 else samples


def test_a_healthy_run_is_the_unguarded_one(tmp_path):
    game = _Game()
    game.train(tmp_path)
    assert game.said == []
    assert game.steps_drawn == list(range(12))


def test_it_goes_back_with_lower_rates_until_training_holds(tmp_path):
    game = _Game(_nan_at_high_rates)
    network = game.train(tmp_path)
    assert game.steps_drawn == [0, 1, 2, 3, 4, 5, 6, 7, 6, 7, 6, 7, 8, 9, 10, 11]
    assert game.rate() == pytest.approx(0.1 / 4)
    assert all(weight.isfinite().all() for weight in network.parameters())
    assert [sentence.split(" stopped")[0] for sentence in game.said][::2] == [
        "Step 8: critic_loss and generator_loss and generator_gradient and diversity"
    ] * 2
    assert game.said[1::2] == [
        "Step 8: back to step 6 with rates 0.5 times as high (1 of 3).",
        "Step 8: back to step 6 with rates 0.5 times as high (2 of 3).",
    ]


def test_going_back_is_deterministic_and_survives_a_kill(tmp_path):
    folders = [tmp_path / name for name in ("first", "again", "killed")]
    for folder in folders:
        folder.mkdir()
    weights = [_Game(_nan_at_high_rates).train(folder).weight for folder in folders[:2]]
    assert torch.equal(*weights)

    class Killed(Exception):
        pass

    def killed(game, samples):
        if game.players.step == 9:
            raise Killed
        return _nan_at_high_rates(game, samples)

    with pytest.raises(Killed):
        _Game(killed).train(folders[2])
    resumed = _Game(_nan_at_high_rates)
    assert torch.equal(resumed.train(folders[2]).weight, weights[0])
    assert resumed.steps_drawn == [8, 9, 10, 11]
    assert resumed.players.rolled_back == 2


def test_it_does_not_go_back_for_ever(tmp_path):
    game = _Game(lambda game, samples: samples * math.nan if game.players.step == 5 else samples)
    with pytest.raises(TrainingDiverged, match=r'"not finite" at step 6, after going back 2 times'):
        game.train(tmp_path, Response(roll_backs=2))
    assert game.players.step == 4  # what is left is the last good state


def test_a_gradient_that_is_not_finite_never_becomes_a_good_checkpoint(tmp_path):
    def broken_gradient(game, samples):  # in the generator's step just before a report: its losses are still finite
        if game.players.step == 3 and game.rate() > 0.06:
            handle = game.players.weights_g[0].register_hook(lambda slope: (handle.remove(), slope * math.nan)[1])
        return samples

    game = _Game(broken_gradient)
    network = game.train(tmp_path)
    assert game.said[-1] == "Step 4: back to step 2 with rates 0.5 times as high (1 of 3)."
    assert network.weight.isfinite().all()


def test_a_sign_that_is_to_end_training_does_so_with_the_last_good_networks(tmp_path):
    limits, heard = Thresholds(patience=2, critic_loss=10.0, diversity=None), []
    game = _Game(lambda game, samples: samples * (heard.append(game.players.step) or 1))
    game.train(tmp_path, Response(stop=("critic wins",)), limits)
    assert heard == [0, 1, 2, 3]
    assert game.players.step == 0  # already the first report showed the sign for a moment
    assert game.said[-1] == 'Step 4: ended because of "critic wins", with the networks of step 0.'


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"stop": ("criticwins",)}, "unknown signs criticwins; known: not finite, critic wins"),
        ({"stop": ("not finite",)}, "not both"),
        ({"lower": 1.0}, "lower"),
        ({"roll_backs": -1}, "roll_backs"),
    ],
)
def test_responses_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Response(**settings)
