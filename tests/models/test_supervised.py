import math

import pytest
import torch
from torch import nn

from models.reporting import TrainingDiverged
from models.supervised import SupervisedRecipe, train_supervised


def _line(seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(256, 1, generator=generator)
    return x, 3 * x - 2


def _linear():
    model = nn.Linear(1, 1)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    return model


def _squared(model, x, y):
    return (model(x) - y).square().mean()


def test_a_line_is_learnt_exactly():
    x, y = _line()
    model = train_supervised(_linear(), SupervisedRecipe(steps=800, learning_rate=0.05), lambda step: (x, y), _squared)
    assert model.weight.item() == pytest.approx(3, abs=1e-3)
    assert model.bias.item() == pytest.approx(-2, abs=1e-3)


def test_the_best_validated_weights_come_back_not_the_last():
    x, y = _line()
    seen, scores = [], iter([5.0, 1.0, 3.0])

    def validate(model):
        seen.append(model.weight.item())
        return next(scores)

    recipe = SupervisedRecipe(steps=30, validate_every=10, learning_rate=0.05)
    model = train_supervised(_linear(), recipe, lambda step: (x, y), _squared, validate)
    assert model.weight.item() == seen[1] != seen[2]


def test_the_first_step_is_adams_closed_form():
    # Adam's first step is the learning rate times the sign of the gradient, whatever its size.
    x, y = _line()
    recipe = SupervisedRecipe(steps=1, learning_rate=0.01, schedule="constant", clip_norm=None)
    model = train_supervised(_linear(), recipe, lambda step: (x, y), _squared)
    assert model.weight.item() == pytest.approx(0.01, rel=1e-4)
    assert model.bias.item() == pytest.approx(-0.01, rel=1e-4)


def test_cosine_starts_at_the_rate_and_halves_midway():
    recipe = SupervisedRecipe(steps=100, learning_rate=0.2)
    assert recipe.rate(0) == pytest.approx(0.2)
    assert recipe.rate(50) == pytest.approx(0.1)
    assert recipe.rate(100) == pytest.approx(0.0)


def test_a_loss_that_is_not_finite_stops_with_the_step():
    recipe = SupervisedRecipe(steps=20, validate_every=5)
    with pytest.raises(TrainingDiverged, match="step 5"):
        train_supervised(_linear(), recipe, lambda step: (torch.tensor([[math.nan]]),) * 2, _squared)


def test_reports_hold_mean_loss_and_validation():
    x, y = _line()
    heard = []
    recipe = SupervisedRecipe(steps=25, validate_every=10)
    train_supervised(
        _linear(),
        recipe,
        lambda step: (x, y),
        _squared,
        lambda m: 0.5,
        lambda step, values: heard.append((step, values)),
    )
    assert [step for step, _ in heard] == [10, 20, 25]
    assert all(values["valid"] == 0.5 and values["loss"] > 0 for _, values in heard)


@pytest.mark.parametrize("field", ["steps", "batch", "learning_rate", "validate_every"])
def test_a_recipe_refuses_zero(field):
    with pytest.raises(ValueError, match=field):
        SupervisedRecipe(**{field: type(getattr(SupervisedRecipe, field))(0)})
