import pytest
from torch import nn

from models.stabilizers import MovingAverage


def _weight(value):
    network = nn.Linear(1, 1, bias=False)
    nn.init.constant_(network.weight, value)
    return network


def test_the_average_follows_its_recurrence():
    average = MovingAverage(_weight(0.0), decay=0.9)
    expected = 0.0
    for step in range(1, 200):
        average.update(_weight(float(step)))
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * step
    assert average.network.weight.item() == pytest.approx(expected, rel=1e-5)


def test_the_average_of_constant_weights_is_that_constant():
    average = MovingAverage(_weight(2.0), decay=0.99)
    for _ in range(5):
        average.update(_weight(2.0))
    assert average.network.weight.item() == 2


def test_decay_0_keeps_the_last_weights():
    average = MovingAverage(_weight(1.0), decay=0.0)
    average.update(_weight(7.0))
    assert average.network.weight.item() == 7


def test_the_average_is_a_copy_and_wants_no_gradient():
    network = _weight(1.0)
    average = MovingAverage(network, decay=0.5)
    nn.init.constant_(network.weight, 9.0)
    assert average.network.weight.item() == 1
    assert not average.network.weight.requires_grad


def test_a_decay_of_1_never_learns_and_is_refused():
    with pytest.raises(ValueError, match="decay"):
        MovingAverage(_weight(1.0), decay=1.0)
