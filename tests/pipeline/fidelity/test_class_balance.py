import math

import numpy as np
import pytest

from models.supervised import SupervisedRecipe
from pipeline.fidelity.class_balance import class_balance, fit_judge


def test_shares_are_counted():
    balance = class_balance(np.array([0, 0, 1, 2]), classes=4)
    assert balance.shares.tolist() == [0.5, 0.25, 0.25, 0]
    assert balance.smallest == 0
    assert balance.entropy == pytest.approx(1.5 * math.log(2) / math.log(4))
    assert str(balance) == "from 0.0% (class 3) to 50.0% (class 0)"


def test_the_extremes_of_balance():
    assert class_balance(np.arange(10), 10).entropy == pytest.approx(1)
    assert class_balance(np.zeros(10, int), 10).entropy == 0


def test_labels_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="got 0 to 3"):
        class_balance(np.array([0, 3]), 3)
    with pytest.raises(ValueError, match="no samples"):
        class_balance(np.zeros(0, int), 3)


def test_a_judge_learns_two_clouds_and_knows_how_well(rng):
    labels = rng.integers(0, 2, 600)
    clouds = (rng.normal(size=(600, 4)) + 4 * labels[:, None]).astype(np.float32)
    untouched = clouds.copy()
    recipe = SupervisedRecipe(steps=60, batch=32)
    judge = fit_judge(clouds[:400], labels[:400], clouds[400:], labels[400:], rng, recipe)
    assert judge.accuracy > 0.99
    assert (judge.classes_of(clouds[400:]) == labels[400:]).mean() == judge.accuracy
    assert np.array_equal(clouds, untouched)
    wrong = fit_judge(clouds[:400], labels[:400], clouds[400:], 1 - labels[400:], rng, recipe)
    assert wrong.accuracy < 0.01
