import copy

import pytest
import torch
from torch import nn

from models import precision
from models.precision import InPrecision, faster_precision


class _Sees(nn.Conv2d):
    """A convolution that remembers what type of numbers it wrote."""

    def forward(self, images):
        written = super().forward(images)
        self.wrote = written.dtype
        return written


def _network(chosen):
    inner = _Sees(3, 4, 3)
    return inner, InPrecision(inner, chosen)


def test_only_training_runs_in_bfloat16_and_nobody_outside_sees_it():
    inner, network = _network("bfloat16")
    images = torch.rand(1, 3, 8, 8)
    output = network(images)
    assert (inner.wrote, output.dtype) == (torch.bfloat16, torch.float32)
    output.sum().backward()
    assert inner.weight.grad.dtype == torch.float32
    assert torch.equal(network.eval()(images), inner(images))
    assert inner.wrote == torch.float32


def test_float32_is_the_network_itself():
    inner, network = _network("float32")
    images = torch.rand(1, 3, 8, 8)
    assert torch.equal(network(images), inner(images))


def test_weights_fit_either_precision_and_a_copy_has_its_own():
    _, full = _network("float32")
    _, half = _network("bfloat16")
    half.load_state_dict(full.state_dict())
    copied = copy.deepcopy(half)
    with torch.no_grad():
        half.network.weight.zero_()
    assert not torch.equal(copied.train()(torch.ones(1, 3, 8, 8)), half(torch.ones(1, 3, 8, 8)))


@pytest.mark.parametrize(("half_s", "chosen"), [(0.5, "bfloat16"), (0.95, "float32"), (1.8, "float32")])
def test_bfloat16_must_win_by_a_tenth(half_s, chosen, monkeypatch):
    took = {"float32": 1.0, "bfloat16": half_s}
    monkeypatch.setattr(precision, "_seconds", lambda network, inputs: took[network.precision])
    assert faster_precision(nn.Identity(), torch.zeros(1)) == chosen


def test_the_contest_leaves_the_network_as_it_was():
    inner = _Sees(3, 4, 3)
    before = inner.weight.clone()
    assert faster_precision(inner, torch.rand(1, 3, 8, 8)) in ("float32", "bfloat16")
    assert torch.equal(inner.weight, before)
    assert inner.weight.grad is None


def test_an_unknown_precision_is_refused():
    network = _network("float32")[1]
    with pytest.raises(ValueError, match="float16"):
        InPrecision.__init__.__wrapped__(network, nn.Identity(), "float16")
