"""Every sampler of codes, taught a distribution that is known."""

import pytest
import torch

from models.code_autoregressive import CodeAutoregressive, _surprise
from models.code_flow import CodeFlow
from models.code_markov import CodeMarkov
from models.code_mixture import CodeMixture
from models.code_vae import CodeVae
from models.doppelganger import DoppelCritic, DoppelGenerator
from models.sequence_code import SequenceCode
from models.supervised import SupervisedRecipe, train_supervised

CLASSES, SIZE = 2, 3


def _rng(seed=0):
    return torch.Generator().manual_seed(seed)


def _code():
    """Two components of a sequence and one number of the anchor."""
    code = SequenceCode(6, 2, 1, components=2)
    code.components.copy_(torch.linalg.qr(torch.randn(12, 2, generator=_rng(1)))[0].T)
    return code


def _codes(n, label, seed=2):
    """Class 0 around (1, -1, 0) with correlation 0.8 of the first two numbers; class 1 mirrored."""
    sign = 1 - 2 * label
    noise = torch.randn(n, SIZE, generator=_rng(seed + label))
    noise[:, 1] = 0.8 * noise[:, 0] + 0.6 * noise[:, 1]
    return sign * torch.tensor([1.0, -1.0, 0.0]) + 0.5 * noise


def _assert_learnt(sampler, tolerance):
    for label in range(CLASSES):
        one_hot = torch.eye(CLASSES)[torch.full((4000,), label)]
        with torch.no_grad():
            drawn = sampler.sample(one_hot, _rng(9))
        real = _codes(4000, label)
        assert torch.allclose(drawn.mean(0), real.mean(0), atol=tolerance)
        assert torch.allclose(drawn.std(0), real.std(0), atol=tolerance)
        assert torch.corrcoef(drawn.T)[0, 1].item() == pytest.approx(0.8, abs=2 * tolerance)


def test_a_mixture_of_one_gaussian_is_the_gaussian():
    mixture = CodeMixture(_code(), CLASSES, parts=1)
    for label in range(CLASSES):
        mixture.fit_class(label, _codes(4000, label), regularisation=1e-6, seed=0)
    _assert_learnt(mixture, 0.05)


def test_a_mixture_uses_fewer_parts_where_data_is_scarce():
    mixture = CodeMixture(_code(), CLASSES, parts=4)
    mixture.fit_class(0, _codes(2 * 5 * SIZE, 0), regularisation=1e-3, seed=0)
    assert (mixture.shares[0] > 0).sum() == 2
    assert mixture.shares[0].sum().item() == pytest.approx(1)


@pytest.mark.parametrize(
    "build",
    [
        lambda code: CodeVae(code, CLASSES, 32, generator=_rng()),
        lambda code: CodeFlow(code, CLASSES, 32, 8, generator=_rng()),
    ],
    ids=["vae", "flow"],
)
def test_networks_learn_means_deviations_and_correlation_of_each_class(build):
    sampler, rng = build(_code()), _rng(3)
    data = [_codes(2000, label) for label in range(CLASSES)]

    def draw(step):
        label = torch.randint(CLASSES, (128,), generator=rng)
        index = torch.randint(2000, (128,), generator=rng)
        return torch.stack(data)[label, index], torch.eye(CLASSES)[label]

    recipe = SupervisedRecipe(steps=500, learning_rate=1e-2)
    train_supervised(sampler, recipe, draw, lambda model, codes, one_hot: model.loss(codes, one_hot, rng))
    _assert_learnt(sampler, 0.12)


def test_the_flow_of_a_field_that_is_known_ends_where_it_must():
    flow = CodeFlow(_code(), CLASSES, 8, 4, generator=_rng())
    flow.forward = lambda x_t, t, one_hot: 2 * t.expand_as(x_t)  # x(1) = x(0) + 1, exactly so with Heun's method
    one_hot = torch.eye(CLASSES)
    start = torch.randn(CLASSES, SIZE, generator=_rng(4))
    assert torch.allclose(flow.sample(one_hot, _rng(4)), start + 1, atol=1e-6)


def _walks(n=600, time=12):
    """Class 0 walks to the right at about 1 a frame, class 1 to the left; speeds differ, and change a little."""
    rng = _rng(5)
    label = torch.randint(CLASSES, (n,), generator=rng)
    speed = (1 - 2 * label[:, None]) * (1 + 0.2 * torch.randn(n, 1, generator=rng))
    velocity = speed + 0.05 * torch.randn(n, time, generator=rng).cumsum(dim=1)
    walks = torch.stack([velocity.cumsum(dim=1), torch.zeros(n, time)], dim=2)
    code = SequenceCode.fitted(walks - walks[:, [(time - 1) // 2]], torch.randn(n, 1, generator=rng), components=8)
    return code, code.encode(walks - walks[:, [(time - 1) // 2]], torch.randn(n, 1, generator=rng)), label


def _mean_velocities(sampler, label):
    with torch.no_grad():
        codes = sampler.sample(torch.eye(CLASSES)[torch.full((300,), label)], _rng(6))
    return sampler.code.decode(codes)[0][..., 0].diff(dim=1)


def _assert_walks(sampler):
    for label, direction in enumerate((1.0, -1.0)):
        velocity = _mean_velocities(sampler, label)
        assert velocity.mean().item() == pytest.approx(direction, abs=0.15)
        assert velocity.mean(dim=1).std().item() == pytest.approx(0.23, abs=0.12)  # some walk faster throughout
        assert velocity.diff(dim=1).abs().mean().item() < 0.12  # and nobody jumps


def test_a_markov_chain_keeps_its_speed_and_repeats_nothing():
    code, codes, label = _walks()
    chain = CodeMarkov(code, CLASSES, neighbours=5, noise=0.1)
    for one in range(CLASSES):
        chain.fit_class(one, codes[label == one], _rng(one))
    _assert_walks(chain)
    drawn = chain.sample(torch.eye(CLASSES)[torch.zeros(50, dtype=torch.long)], _rng(8))
    assert torch.cdist(drawn, codes).min() > 1e-3


def test_an_autoregressive_network_keeps_its_speed_in_a_free_run():
    code, codes, label = _walks()  # their second channel never moves: a density with no limit, which must not distract
    network, rng = CodeAutoregressive(code, CLASSES, 24, 0.05, generator=_rng()), _rng(7)

    def draw(step):
        index = torch.randint(len(codes), (64,), generator=rng)
        return codes[index], torch.eye(CLASSES)[label[index]]

    recipe = SupervisedRecipe(steps=200, learning_rate=1e-2)
    train_supervised(network, recipe, draw, lambda model, codes, one_hot: model.loss(codes, one_hot, rng))
    _assert_walks(network)


def test_the_likelihood_of_a_mixture_by_hand():
    # Five equal parts at 0 with deviation 1, in one number: -log N(2; 0, 1) = 2 up to the constant.
    assert _surprise(torch.zeros(1, 15), torch.tensor([[2.0]])).item() == pytest.approx(2.0)


def test_training_reads_the_past_that_a_free_run_had():
    shapes = torch.randn(60, 5, 2, generator=_rng())
    code = SequenceCode.fitted(shapes - shapes[:, [2]], torch.randn(60, 1, generator=_rng()), components=8)  # all
    network, heard = CodeAutoregressive(code, CLASSES, 8, 0.0, generator=_rng()), []
    network.lstm.register_forward_hook(lambda module, given, out: heard.append(given[0].detach()))
    drawn = network.sample(torch.eye(CLASSES), _rng(1))
    network.loss(drawn, torch.eye(CLASSES), _rng())
    free, taught = torch.cat(heard[:-1]), heard[-1]
    assert len(free) == 3
    assert torch.allclose(free, taught, atol=1e-3)


def test_the_attributes_critic_looks_at_attributes_alone():
    code, codes, label = _walks()
    critic = DoppelCritic(code, CLASSES, 8, 1.0, generator=_rng())
    other = DoppelCritic(code, CLASSES, 8, 0.0, generator=_rng())
    one_hot = torch.eye(CLASSES)[label]
    auxiliary = critic(codes, one_hot) - other(codes, one_hot)
    moved = codes.clone()
    moved[:, 0] += 5
    assert torch.allclose(critic(moved, one_hot) - other(moved, one_hot), auxiliary, atol=1e-5)


@pytest.mark.parametrize("time", [4, 9, 20])
def test_a_doppelganger_writes_sequences_of_any_length(time):
    code = SequenceCode.fitted(torch.randn(60, time, 2, generator=_rng()), torch.randn(60, 3, generator=_rng()), 5)
    generator = DoppelGenerator(code, CLASSES, 8, generator=_rng())
    codes = generator.sample(torch.eye(CLASSES), _rng(1))
    assert codes.shape == (CLASSES, code.size)
    codes.sum().backward()
    assert all(weight.grad is not None for weight in generator.parameters())
