"""What a fast loop must not do: wait for the device, make fakes twice, compute gradients that nobody uses."""

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from models.adversarial import train_adversarial

WAITING = ("_local_scalar_dense", "nonzero", "is_nonzero", "equal", "item", "masked_select", "unique")
"""Operations that need a number or a size from the device before Python can go on."""


class _Watch(TorchDispatchMode):
    """Remembers which operations were run."""

    def __init__(self):
        super().__init__()
        self.seen = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.seen.add(function.overloadpacket.__name__)
        return function(*args, **(kwargs or {}))


def test_between_reports_nothing_waits_for_the_device(game):
    players, rng, before_report = game.players(), torch.Generator().manual_seed(0), []
    with _Watch() as watch:

        def draw_real(count, rng):  # at the beginning of the last step, before anything has been reported
            if players.step == game.recipe.steps - 1:
                before_report.append(set(watch.seen))
            return game.draw_real(count, rng)

        train_adversarial(players, game.recipe, draw_real, game.draw_latent, rng)
    assert "_fused_adam_" in before_report[0]  # the watch sees what happens
    assert before_report[0].isdisjoint(WAITING)


def test_the_watch_sees_somebody_who_waits():
    with _Watch() as watch:
        float(torch.ones(1).sum())
    assert not watch.seen.isdisjoint(WAITING)


def test_both_players_share_the_fakes_of_one_generator_pass(game):
    players, rng, passes = game.players(), torch.Generator().manual_seed(0), []
    players.generator.register_forward_hook(lambda *called: passes.append(players.step))
    train_adversarial(players, game.recipe, game.draw_real, game.draw_latent, rng)
    assert passes == [step for step in range(game.recipe.steps) for _ in range(game.recipe.critic_steps)]


def test_the_generators_step_leaves_the_critics_gradients_alone(game):
    players, rng = game.players(), torch.Generator().manual_seed(0)
    critics = []

    def remember(optimiser, args, kwargs):
        critics.append([weight.grad.clone() for weight in players.weights_c])

    players.optimiser_c.register_step_pre_hook(remember)
    train_adversarial(players, game.recipe, game.draw_real, game.draw_latent, rng)
    assert all(torch.equal(weight.grad, last) for weight, last in zip(players.weights_c, critics[-1], strict=True))


def test_a_step_leaves_no_graph_behind(game):
    players, rng = game.players(), torch.Generator().manual_seed(0)
    train_adversarial(players, game.recipe, game.draw_real, game.draw_latent, rng)
    kept = [*players.weights_g, *players.weights_c, *players.average.network.parameters(), players.losses]
    kept += [players.pool.samples] if players.pool else []
    assert all(tensor.is_leaf for tensor in kept)
    assert not players.losses.requires_grad
    assert players.pool is None or not players.pool.samples.requires_grad
