import math
from dataclasses import replace

import pytest
import torch

from models.adversarial import train_adversarial
from models.checkpoints import load_checkpoint, save_checkpoint
from models.pix2pix import DepthCritic, Pix2Pix, draw_no_latent
from models.reporting import CheckpointRefused, TrainingDiverged

SMALL = Pix2Pix(width=8, levels=3, halvings=1, steps=4, batch=4, rate=2e-3, average=0.9)


def _rng(seed=0):
    return torch.Generator().manual_seed(seed)


def _draw_real(count, rng):
    """Brighter is farther; most of the truth is unknown."""
    image = torch.rand(count, 1, 4, 4, generator=rng).repeat_interleave(4, 2).repeat_interleave(4, 3) * 2 - 1
    known = (torch.rand(count, 1, 16, 16, generator=rng) < 0.3).float()
    return 0.8 * image * known, image.expand(-1, 3, -1, -1), known


def _train(arm, players=None, rng=None, draw_real=_draw_real, seed=1):
    recipe = arm.training()
    players = players or arm.players(recipe, _rng(seed))
    train_adversarial(players, recipe, draw_real, draw_no_latent, rng or _rng())
    return players


def _error(network):
    _, image, known = _draw_real(16, _rng(10**6))
    with torch.no_grad():
        code = network(torch.empty(16, 0), image, known)
    return (code - 0.8 * image[:, :1]).abs().mean().item()


@pytest.mark.parametrize(("objective", "bins"), [("l1", 0), ("l1_gan", 8)])
def test_depth_is_learnt_from_scattered_points(objective, bins):
    arm = replace(SMALL, objective=objective, bins=bins, steps=80, rate=1e-2)
    assert _error(_train(arm).average.network) < 0.15  # a constant gets 0.4


def test_the_critic_alone_moves_the_generator_too():
    arm = replace(SMALL, objective="gan")
    players = _train(arm)
    fresh = arm.players(arm.training(), _rng(1))
    assert not torch.equal(players.weights_g[0], fresh.weights_g[0])
    assert not torch.equal(players.weights_c[0], fresh.weights_c[0])


def test_all_objectives_start_from_the_same_generator_and_l1_is_plain_regression():
    starts = [replace(SMALL, objective=name).players(SMALL.training(), _rng(1)).weights_g for name in ("l1", "gan")]
    assert all(torch.equal(*pair) for pair in zip(*starts, strict=True))
    arm = replace(SMALL, objective="l1", average=0.0)
    trained, rng = _train(arm), _rng()
    network = arm.players(arm.training(), _rng(1)).generator
    adam = torch.optim.Adam(network.parameters(), lr=arm.rate, betas=(0.5, 0.999), fused=True)
    for _ in range(arm.steps):
        code, image, known = _draw_real(arm.batch, rng)
        adam.zero_grad()
        (100 * ((network(torch.empty(4, 0), image, known) - code).abs() * known).sum() / known.sum()).backward()
        adam.step()
    for found, expected in zip(trained.weights_g, network.parameters(), strict=True):
        assert torch.equal(found, expected)


def test_the_critic_cannot_see_what_nobody_measured():
    critic, (code, image, known) = DepthCritic(8, 1, generator=_rng()), _draw_real(2, _rng())
    assert torch.equal(critic(code, image, known), critic(code + 5 * (1 - known), image, known))


@pytest.mark.parametrize("objective", ["l1", "l1_gan"])
def test_a_run_stopped_and_resumed_is_the_uninterrupted_one(objective, tmp_path):
    arm, path = replace(SMALL, objective=objective), tmp_path / "run.pt"
    whole, rng = _train(arm), _rng()
    part = _train(replace(arm, steps=2), rng=rng)
    save_checkpoint(path, part, arm.training(), rng)
    resumed, resumed_rng = arm.players(arm.training(), _rng(7)), _rng(9)
    load_checkpoint(path, resumed, arm.training(), resumed_rng)
    _train(arm, resumed, resumed_rng)
    for found, expected in zip(resumed.average.network.parameters(), whole.average.network.parameters(), strict=True):
        assert torch.equal(found, expected)


def test_a_checkpoint_of_another_arm_is_refused(tmp_path):
    players = _train(SMALL)
    save_checkpoint(tmp_path / "run.pt", players, SMALL.training(), _rng())
    for other in (replace(SMALL, objective="gan"), replace(SMALL, weight=10.0)):
        with pytest.raises(CheckpointRefused, match="another recipe"):
            load_checkpoint(tmp_path / "run.pt", players, other.training(), _rng())
    wider = replace(SMALL, width=16)
    with pytest.raises(CheckpointRefused, match="another generator"):
        load_checkpoint(tmp_path / "run.pt", wider.players(wider.training(), _rng()), wider.training(), _rng())


def test_frames_without_any_depth_leave_training_finite():
    def nothing_known(count, rng):
        code, image, known = _draw_real(count, rng)
        return 0 * code, image, 0 * known

    players = _train(SMALL, draw_real=nothing_known)
    assert players.finite()


def test_a_picture_that_is_not_finite_stops_with_the_step():
    def broken(count, rng):
        code, image, known = _draw_real(count, rng)
        return code, image * math.nan, known

    with pytest.raises(TrainingDiverged, match="step 4"):
        _train(SMALL, draw_real=broken)


def test_an_unknown_objective_is_refused():
    recipe = Pix2Pix()
    object.__setattr__(recipe, "objective", "l2")
    with pytest.raises(ValueError, match="l1, gan, l1_gan"):
        recipe.__post_init__()
