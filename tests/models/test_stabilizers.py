import pytest
import torch
from torch import nn

from models.losses import Wasserstein
from models.stabilizers import InstanceNoise, MovingAverage, ReplayPool, Unrolled, swap_labels


def _rng(seed=0):
    return torch.Generator().manual_seed(seed)


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


def test_instance_noise_fades_linearly_to_nothing():
    noise, samples = InstanceNoise(deviation=0.8, steps=100), torch.zeros(20_000, 1)
    for step, deviation in [(0, 0.8), (25, 0.6), (75, 0.2)]:
        assert noise(samples, step=step, rng=_rng()).std().item() == pytest.approx(deviation, rel=0.03)
    rng, drawn = _rng(), _rng().get_state()
    assert noise(samples, step=100, rng=rng) is samples
    assert torch.equal(rng.get_state(), drawn)  # a faded noise draws nothing


def test_swapped_labels_exchange_about_their_part_and_lose_nothing():
    real, fake = torch.ones(4000, 3), torch.zeros(4000, 3)
    called_real, called_fake = swap_labels(real, fake, 0.1, _rng())
    assert called_fake.mean().item() == pytest.approx(0.1, abs=0.02)
    assert torch.equal(called_real + called_fake, torch.ones(4000, 3))
    assert torch.equal(called_real[:, 0], called_real[:, 2])  # whole samples


def test_a_pool_fills_and_then_exchanges_half_of_each_batch():
    pool, rng = ReplayPool(6), _rng()
    batches = [torch.arange(4.0)[:, None] + 4 * number for number in range(30)]
    assert torch.equal(pool.exchange(batches[0], rng), batches[0])
    assert torch.equal(pool.exchange(batches[1], rng), batches[1])
    assert pool.samples[:, 0].tolist() == [0, 1, 2, 3, 4, 5]
    held, oldest_shown = set(range(6)), []
    for batch in batches[2:]:
        shown = pool.exchange(batch, rng)
        older, new = shown[:2, 0].tolist(), shown[2:, 0].tolist()
        assert new == batch[2:, 0].tolist()
        assert set(older) <= held
        held = held - set(older) | set(batch[:2, 0].tolist())
        oldest_shown.append(batch.min().item() - min(older))
    assert set(pool.samples[:, 0].tolist()) == held
    assert max(oldest_shown) > 8  # older than the batch before


def test_a_pool_exchanges_every_other_fake_where_they_come_one_by_one():
    pool, rng = ReplayPool(5), _rng()
    shown = torch.cat([pool.exchange(torch.tensor([[float(number)]]), rng) for number in range(205)])[5:, 0]
    exchanged = (shown != torch.arange(5, 205)).sum().item()
    assert 80 <= exchanged <= 120


def test_what_a_pool_shows_is_not_changed_later():
    pool, rng = ReplayPool(2), _rng()
    pool.exchange(torch.tensor([[1.0], [2.0]]), rng)
    shown = pool.exchange(torch.tensor([[3.0], [4.0]]), rng)
    before = shown.clone()
    pool.exchange(torch.tensor([[5.0], [6.0]]), rng)
    assert torch.equal(shown, before)


def test_an_unrolled_linear_critic_is_known_in_closed_form():
    # f(x) = w x under the Wasserstein loss: each step moves w by -rate (m - r), so the generator, whose fakes are all
    # m, minimises -(w - k rate (m - r)) m, whose slope is -w + k rate (2m - r).
    w, m, r, rate, steps = 0.7, 2.0, 5.0, 0.1, 3
    mean = torch.tensor(m, requires_grad=True)
    critic, unrolled = _weight(w), Unrolled(steps=steps, rate=rate)
    scores = unrolled(critic, Wasserstein(), torch.full((4, 1), r), mean.expand(4, 1), ())
    assert scores[0].item() == pytest.approx((w - steps * rate * (m - r)) * m)
    (slope,) = torch.autograd.grad(Wasserstein().generator(fake=scores), mean)
    assert slope.item() == pytest.approx(-w + steps * rate * (2 * m - r))
    assert critic.weight.item() == pytest.approx(w)  # today's critic stays as it is


@pytest.mark.parametrize(
    "make",
    [
        lambda: InstanceNoise(deviation=0.0),
        lambda: InstanceNoise(steps=0),
        lambda: Unrolled(steps=0),
        lambda: Unrolled(rate=-1.0),
    ],
)
def test_remedies_that_do_nothing_are_refused(make):
    with pytest.raises(ValueError, match="positive"):
        make()
