"""Weights that were kept make the same networks without a single step."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from models.supervised import SupervisedRecipe, train_supervised
from models.trained import WeightsRefused, given, keeping


def trained(steps: int = 3, width: int = 2) -> nn.Module:
    torch.manual_seed(0)
    data = torch.ones(4, width)

    def loss(model: nn.Module, batch: Tensor) -> Tensor:
        return model(batch).square().mean()

    return train_supervised(nn.Linear(width, 1), SupervisedRecipe(steps=steps), lambda step: (data,), loss)


def same(first: nn.Module, second: nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_trainings_are_kept_in_order_and_given_back_without_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    with keeping() as weights:
        first, second = trained(3), trained(5)
    monkeypatch.setattr(Tensor, "backward", lambda *_, **__: pytest.fail("a step was taken"))
    with given(weights):
        again = [trained(3), trained(5)]
    assert same(again[0], first)
    assert same(again[1], second)
    assert not same(first, second)
    assert not again[0].training


def test_outside_of_the_block_networks_are_trained_as_ever() -> None:
    with keeping() as weights:
        first = trained()
    with given(weights):
        trained()
    assert same(trained(), first)
    assert len(weights) == 1


def test_other_numbers_of_trainings_and_other_networks_are_refused() -> None:
    with keeping() as weights:
        trained()
    with pytest.raises(WeightsRefused, match="1 of 1"), given(weights):
        pass
    with pytest.raises(WeightsRefused, match="more networks"), given([]):
        trained()
    with pytest.raises(WeightsRefused, match="the model has another shape"), given(weights):
        trained(width=3)


def test_kept_weights_do_not_change_with_the_network() -> None:
    with keeping() as weights:
        model = trained()
    before = {name: value.copy() for name, value in weights[0].items()}
    with torch.no_grad():
        next(model.parameters()).zero_()
    assert set(before) == {"model/weight", "model/bias"}
    for name, value in weights[0].items():
        np.testing.assert_array_equal(value, before[name])
