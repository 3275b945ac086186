"""Every sampler of codes, taught a distribution that is known."""

import pytest
import torch

from models.code_flow import CodeFlow
from models.code_mixture import CodeMixture
from models.code_vae import CodeVae
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
