"""Stabilisers against closed forms, numpy and computations that share no code with them."""

import copy

import numpy as np
import pytest
import torch
from scipy.stats import kstest
from torch import nn

from models.adversarial import AdversarialRecipe, Players, train_adversarial
from models.critics import MinibatchDeviation, MinibatchDiscrimination, ReconstructionCritic
from models.diff_augment import DiffAugment
from models.latents import normal, spherical
from models.losses import BoundaryEquilibrium, EnergyMargin, NonSaturating
from models.stabilizers import InstanceNoise, MovingAverage, ReplayPool, Unrolled


def _rng(seed=0):
    return torch.Generator().manual_seed(seed)


def _critic():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 1)).double()


def _unrolled_by_hand(critic, real, fake, steps, rate):
    """The generator's loss against a copy of the critic that really takes the steps, one after the other."""
    copied = copy.deepcopy(critic)
    for _ in range(steps):
        copied.zero_grad()
        NonSaturating().critic(real=copied(real), fake=copied(fake)).backward()
        with torch.no_grad():
            for weight in copied.parameters():
                weight -= rate * weight.grad
    return NonSaturating().generator(fake=copied(fake)).item()


def test_unrolling_agrees_with_a_copy_that_really_steps_and_with_finite_differences_through_all_steps():
    critic, steps, rate = _critic(), 4, 0.3
    real, fake = torch.randn(2, 5, 2, generator=_rng(), dtype=torch.float64)
    fake.requires_grad_()
    loss = NonSaturating().generator(fake=Unrolled(steps=steps, rate=rate)(critic, NonSaturating(), real, fake, ()))
    assert loss.item() == pytest.approx(_unrolled_by_hand(critic, real, fake.detach(), steps, rate), rel=1e-12)
    (slope,) = torch.autograd.grad(loss, fake)
    for place in [(0, 0), (2, 1), (4, 0)]:
        values = []
        for shift in (1e-5, -1e-5):
            moved = fake.detach().clone()
            moved[place] += shift
            values.append(_unrolled_by_hand(critic, real, moved, steps, rate))
        assert slope[place].item() == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-5)


def test_the_average_is_a_weighted_sum_of_all_weights_it_has_seen():
    decay, values = 0.8, np.random.default_rng(0).normal(size=60)
    network = nn.Linear(1, 1, bias=False).double()
    nn.init.constant_(network.weight, 5.0)
    average = MovingAverage(network, decay)
    for value in values:
        nn.init.constant_(network.weight, value)
        average.update(network)
    updates = np.arange(1, len(values) + 1)
    decays = np.minimum(decay, (1 + updates) / (10 + updates))
    kept = np.append(np.cumprod(decays[::-1])[::-1], 1.0)  # what is left of everything before update i
    expected = kept[0] * 5.0 + np.sum(kept[1:] * (1 - decays) * values)
    assert average.network.weight.item() == pytest.approx(expected, rel=1e-9)


def test_minibatch_deviation_agrees_with_numpy():
    features = torch.randn(6, 3, 4, 5, generator=_rng(), dtype=torch.float64)
    found = MinibatchDeviation()(features)[:, 3]
    expected = np.sqrt(np.var(features.numpy(), axis=0) + 1e-8).mean()
    assert found.numpy() == pytest.approx(np.full((6, 4, 5), expected), rel=1e-12)


def test_minibatch_discrimination_agrees_with_three_loops():
    torch.manual_seed(0)
    layer = MinibatchDiscrimination(4, kernels=3, size=2).double()
    features = torch.randn(5, 4, generator=_rng(), dtype=torch.float64)
    projected = (features.numpy() @ layer.project.weight.detach().numpy().T).reshape(5, 3, 2)
    expected = np.zeros((5, 3))
    for one in range(5):
        for other in range(5):
            for kernel in range(3):
                expected[one, kernel] += np.exp(-np.abs(projected[one, kernel] - projected[other, kernel]).sum())
    assert layer(features)[:, 4:].detach().numpy() == pytest.approx(expected, rel=1e-9)


def test_instance_noise_adds_variances_and_is_normal():
    samples = torch.full((20_000, 1), 3.0)
    noise = InstanceNoise(deviation=0.5, steps=10)(samples, step=2, rng=_rng()) - samples
    assert kstest(noise[:, 0].numpy() / (0.5 * 0.8), "norm").pvalue > 0.01


def test_latents_on_the_sphere_are_uniform_in_every_direction():
    # In three dimensions each coordinate of a uniform point on the sphere is uniform itself (Archimedes).
    latents = spherical(3)(5000, _rng()).numpy() / np.sqrt(3)
    assert all(kstest(latents[:, axis], "uniform", args=(-1, 2)).pvalue > 0.01 for axis in range(3))


def test_a_replay_pool_remembers_each_batch_by_half_and_geometrically():
    # A slot is overwritten with probability batch/2 / size in each round, so ages in a full pool are geometric.
    pool, rng, rounds = ReplayPool(500), _rng(), 400
    for number in range(rounds):
        pool.exchange(torch.full((100, 1), float(number)), rng)
    age = rounds - 1 - pool.samples[:, 0].numpy()
    assert age.mean() == pytest.approx(500 / 50 - 1, rel=0.15)


def test_energies_by_hand():
    # An autoencoder that halves: the energy of x is the mean of |x| / 2.
    halving = nn.Linear(2, 2, bias=False)
    nn.init.eye_(halving.weight)
    with torch.no_grad():
        halving.weight /= 2
    critic = ReconstructionCritic(halving)
    real, fake = critic(torch.tensor([[2.0, 6.0], [1.0, 7.0]])), critic(torch.tensor([[1.0, 1.0], [4.0, 8.0]]))
    assert (-real).tolist() == [2.0, 2.0]
    assert (-fake).tolist() == [0.5, 3.0]
    assert EnergyMargin(margin=2.0).critic(real=real, fake=fake).item() == pytest.approx(2 + (1.5 + 0) / 2)
    balance = BoundaryEquilibrium(diversity=0.7, rate=0.1).started(torch.device("cpu"))
    assert balance.critic(real=real, fake=fake).item() == pytest.approx(2.0)
    second = balance.critic(real=real, fake=fake).item()
    assert second == pytest.approx(2 - 0.1 * max(0.0, 0.7 * 2 - 1.75) * 1.75)
    assert balance.weight.item() == 0  # fakes of too much energy are not held against the generator


@pytest.mark.parametrize("channels", [1, 3])
def test_augmentation_changes_real_and_fake_alike_and_only_what_it_should(channels):
    images = torch.rand(16, channels, 8, 8, generator=_rng(1))
    for settings in ({"colour": False}, {"translation": 0.0}, {"cutout": 0.0}, {}):
        augment = DiffAugment(**settings)
        first, second = (augment(images, step=step, rng=_rng(4)) for step in (0, 9))
        assert torch.equal(first, second)
        assert first.shape == images.shape
    nothing = DiffAugment(colour=False, translation=0.0, cutout=0.0)
    assert torch.equal(nothing(images, step=0, rng=_rng()), images)
    # Shifts and holes commute with a change of all values by a factor: they touch places, not values.
    places = DiffAugment(colour=False)
    assert torch.equal(2 * places(images, step=0, rng=_rng()), places(2 * images, step=0, rng=_rng()))


def test_the_first_steps_of_adam_have_the_length_of_each_players_rate_and_the_critic_takes_more_of_them():
    # Adam's first step moves every weight by its rate: two time scales, seen in the weights. With betas (0, b) the
    # k-th step is rate · g / sqrt(v̂), which is no longer than rate · sqrt(k).
    recipe = AdversarialRecipe(
        loss=NonSaturating(), penalties=(), steps=1, critic_steps=1, batch=64, betas=(0.0, 0.9), generator_rate=1e-3,
        critic_rate=4e-3,
    )  # fmt: skip
    torch.manual_seed(0)
    players = Players(nn.Linear(2, 2), nn.Linear(2, 1), recipe)
    before = [weight.detach().clone() for weight in (*players.weights_g, *players.weights_c)]
    train_adversarial(
        players, recipe, lambda count, rng: (3 + torch.randn(count, 2, generator=rng),), normal(2), _rng()
    )
    moved = [(now - then).abs() for now, then in zip((*players.weights_g, *players.weights_c), before, strict=True)]
    for distance, rate in zip(moved, [1e-3, 1e-3, 4e-3], strict=False):
        assert distance.flatten().tolist() == pytest.approx([rate] * distance.numel(), rel=1e-3)


@pytest.mark.parametrize("critic_steps", [1, 4])
def test_the_critic_steps_as_often_as_the_recipe_says(critic_steps):
    recipe = AdversarialRecipe(steps=3, critic_steps=critic_steps, batch=4)
    players, steps = Players(nn.Linear(2, 2), nn.Linear(2, 1), recipe), {"critic": 0, "generator": 0}
    for role, optimiser in (("critic", players.optimiser_c), ("generator", players.optimiser_g)):
        optimiser.register_step_post_hook(lambda *called, role=role: steps.update({role: steps[role] + 1}))
    train_adversarial(players, recipe, lambda count, rng: (torch.randn(count, 2, generator=rng),), normal(2), _rng())
    assert steps == {"critic": 3 * critic_steps, "generator": 3}
