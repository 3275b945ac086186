import pytest
import torch

from models.dragan import NeighbourhoodPenalty

REAL = torch.tensor([[0.0, 4.0], [2.0, 2.0]])  # a deviation of √2 over all its numbers


def _slope_is_the_sample(samples):
    return samples.square().sum(1) / 2


def test_a_linear_critic_costs_what_its_slope_differs_from_1():
    penalty = NeighbourhoodPenalty(weight=3.0)
    value = penalty(lambda points: points @ torch.tensor([3.0, 4.0]), real=REAL, fake=REAL, rng=torch.Generator())
    assert value.item() == pytest.approx(3 * (5 - 1) ** 2)


def test_it_looks_around_real_samples_at_up_to_half_their_deviation_and_not_at_fakes():
    seen = []

    def critic(samples):
        seen.append(samples.detach())
        return _slope_is_the_sample(samples)

    real = REAL.repeat(500, 1)
    rng = torch.Generator().manual_seed(0)
    NeighbourhoodPenalty()(critic, real=real, fake=torch.full_like(real, torch.nan), rng=rng)
    distance = seen[0] - real
    assert 0 <= distance.min() < 0.01
    assert distance.max().item() == pytest.approx(0.5 * 2**0.5, rel=0.01)
    assert not torch.equal(distance[:, 0], distance[:, 1])  # a disturbance for each coordinate


def test_without_reach_a_quadratic_critic_is_known():
    value = NeighbourhoodPenalty(weight=1.0, reach=0.0)(
        _slope_is_the_sample, real=REAL, fake=REAL, rng=torch.Generator()
    )
    assert value.item() == pytest.approx(((4 - 1) ** 2 + (8**0.5 - 1) ** 2) / 2)
