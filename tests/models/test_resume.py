"""Every entry of the tables, killed in the middle of a step and continued, is the run that was never killed."""

import pytest
import torch

from models.adversarial import AdversarialRecipe, Players, train_adversarial
from models.checkpoints import load_checkpoint, save_checkpoint
from models.ensembles import train_ensemble


class _Killed(Exception):
    pass


def _train(game, players, rng, kill_at=-1):
    def draw_real(count, rng):
        if players.step == kill_at:
            raise _Killed
        return game.draw_real(count, rng)

    return train_adversarial(players, game.recipe, draw_real, game.draw_latent, rng)


def _flat(state):
    """Every tensor and number of a nested state, in order."""
    if isinstance(state, dict):
        state = list(state.values())
    if isinstance(state, list | tuple):
        return [leaf for part in state for leaf in _flat(part)]
    return [state]


def _equal(first, second):
    pairs = zip(_flat(first), _flat(second), strict=True)
    return all(torch.equal(*pair) if isinstance(pair[0], torch.Tensor) else pair[0] == pair[1] for pair in pairs)


def test_a_killed_run_continued_is_the_uninterrupted_one(game, tmp_path):
    torch.manual_seed(3)  # for dropout
    whole, whole_rng = game.players(), torch.Generator().manual_seed(0)
    _train(game, whole, whole_rng)
    whole_global = torch.get_rng_state()

    torch.manual_seed(3)
    path, killed, rng = tmp_path / "run.pt", game.players(), torch.Generator().manual_seed(0)
    first_leg = AdversarialRecipe(**{**vars(game.recipe), "steps": 2})
    train_adversarial(killed, first_leg, game.draw_real, game.draw_latent, rng)
    save_checkpoint(path, killed, game.recipe, rng)
    with pytest.raises(_Killed):
        _train(game, killed, rng, kill_at=3)

    torch.manual_seed(99)  # another process
    resumed, resumed_rng = game.players(seed=2), torch.Generator().manual_seed(8)
    load_checkpoint(path, resumed, game.recipe, resumed_rng)
    _train(game, resumed, resumed_rng)
    assert _equal(resumed.state_dict(), whole.state_dict())
    assert torch.equal(resumed_rng.get_state(), whole_rng.get_state())
    assert torch.equal(torch.get_rng_state(), whole_global)


def test_something_was_learnt_at_each_step(game):
    players, rng = game.players(), torch.Generator().manual_seed(0)
    before = game.players()
    _train(game, players, rng)
    for role in ("generator", "critic"):
        assert not _equal(getattr(players, role).state_dict(), getattr(before, role).state_dict())
    assert isinstance(players, Players)
    assert players.finite()


def test_a_killed_ensemble_called_again_is_the_uninterrupted_one(tmp_path):
    recipe = AdversarialRecipe(steps=4, critic_steps=1, batch=8, report_every=2, average=0.5)
    heard, state = [], {"draws": 0}

    def make(rng):
        generator, critic = torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)
        for weight in (*generator.parameters(), *critic.parameters()):
            torch.nn.init.uniform_(weight, generator=rng)
        return Players(generator, critic, recipe)

    def draw_real(count, rng, killed_after=None):
        state["draws"] += 1
        if state["draws"] == killed_after:
            raise _Killed
        return (torch.randn(count, 2, generator=rng),)

    def draw_latent(count, rng):
        return torch.randn(count, 2, generator=rng)

    def train(folder, killed_after=None):
        state["draws"] = 0
        return train_ensemble(
            3, make, recipe, lambda count, rng: draw_real(count, rng, killed_after), draw_latent,
            torch.Generator().manual_seed(0), lambda step, values: heard.append(step), folder,
        )  # fmt: skip

    whole = train(None)
    assert heard == [2, 4, 6, 8, 10, 12]
    with pytest.raises(_Killed):
        train(tmp_path, killed_after=8)  # in the last step of the second member
    resumed = train(tmp_path)
    assert state["draws"] == 2 + 4  # the first member was complete, the second half done
    for first, second in zip(whole.generators, resumed.generators, strict=True):
        assert _equal(first.state_dict(), second.state_dict())
    assert not _equal(whole.generators[0].state_dict(), whole.generators[1].state_dict())
