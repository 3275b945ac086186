import pytest
import torch
from torch import nn

from models.wide_average import WideAverage


def _followed(power, values, every=1):
    network = nn.Linear(1, 1)
    average = WideAverage(network, every, power)
    for step, value in enumerate(values, start=1):
        nn.init.constant_(network.weight, value)
        average(step, {})
    return average.network.weight.item()


def test_power_0_is_the_plain_mean():
    assert _followed(0, [1.0, 2.0, 6.0]) == pytest.approx(3)


def test_power_1_counts_visits_by_their_number():
    assert _followed(1, [1.0, 2.0, 6.0]) == pytest.approx((1 * 1 + 2 * 2 + 3 * 6) / 6)


def test_power_2_by_hand():
    # Parts 1, 3/4, 3/5: weights 1/4 · 2/5, 3/4 · 2/5 and 3/5 = 1 : 3 : 6 of 10
    assert _followed(2, [1.0, 2.0, 6.0]) == pytest.approx((1 + 6 + 36) / 10)


def test_other_steps_are_only_passed_on():
    heard = []
    network = nn.Linear(1, 1)
    average = WideAverage(network, every=2, then=lambda step, values: heard.append(step))
    before = average.network.weight.clone()
    nn.init.constant_(network.weight, 7.0)
    average(1, {})
    assert torch.equal(average.network.weight, before)
    average(2, {})
    assert average.network.weight.item() == 7
    assert heard == [1, 2]


def test_statistics_are_the_last_ones_and_the_watched_network_is_left_alone():
    network = nn.BatchNorm1d(2)
    average = WideAverage(network, every=1)
    network(torch.randn(8, 2, generator=torch.Generator().manual_seed(0)))
    weights = [weight.clone() for weight in network.state_dict().values()]
    average(1, {})
    assert torch.equal(average.network.running_mean, network.running_mean)
    assert network.training
    assert not average.network.training
    assert all(torch.equal(now, then) for now, then in zip(network.state_dict().values(), weights, strict=True))


@pytest.mark.parametrize(("every", "power"), [(0, 2), (1, -1)])
def test_nonsense_is_refused(every, power):
    with pytest.raises(ValueError, match="at least 1"):
        WideAverage(nn.Linear(1, 1), every, power)
