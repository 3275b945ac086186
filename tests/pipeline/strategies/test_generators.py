"""What every learned generator of windows promises beyond the contracts of all strategies."""

from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.registry import configured
from pipeline.schema import KINDS, UserError
from pipeline.strategies import TRACK_STRATEGIES
from pipeline.strategies.code_gan import FittedGan
from pipeline.strategies.code_strategy import CodeStrategy, FittedCode
from pipeline.windows import Windows

CAR, PEDESTRIAN = KINDS.index("Car"), KINDS.index("Pedestrian")
GENERATORS = {name: recipe for name, recipe in TRACK_STRATEGIES.items() if isinstance(recipe, CodeStrategy)}


def _short(recipe: CodeStrategy, steps: int) -> CodeStrategy:
    options = {"steps": steps} if "steps" in asdict(recipe) else {}
    return configured(recipe, options, "recipe")


@pytest.fixture(scope="module", params=sorted(GENERATORS))
def fitted(request: pytest.FixtureRequest, toy_windows: Windows) -> FittedCode:
    return _short(GENERATORS[request.param], 60).fit(toy_windows, np.random.default_rng(0))


def test_classes_come_in_the_real_balance_and_look_like_themselves(fitted: FittedCode) -> None:
    samples = fitted(600, np.random.default_rng(1))
    assert np.mean(samples.kind == PEDESTRIAN) == pytest.approx(1 / 3, abs=0.07)
    size = samples.boxes[:, 9, 2:] - samples.boxes[:, 9, :2]
    aspect = np.log(size[:, 0] / size[:, 1])
    assert np.median(aspect[samples.kind == CAR]) > np.median(aspect[samples.kind == PEDESTRIAN]) + 0.1


def test_a_fitted_generator_survives_save_and_load(fitted: FittedCode, tmp_path: Path) -> None:
    fitted.save(tmp_path / "generator.npz")
    with np.load(tmp_path / "generator.npz", allow_pickle=False) as stored:
        assert all(stored[name].dtype != object for name in stored)
    loaded = type(fitted).load(tmp_path / "generator.npz", type(fitted.recipe))
    assert loaded.recipe == fitted.recipe
    rng, again = np.random.default_rng(2), np.random.default_rng(2)
    np.testing.assert_array_equal(loaded(20, rng).boxes, fitted(20, again).boxes)


def test_samples_name_their_maker_and_no_real_drive(fitted: FittedCode, toy_windows: Windows) -> None:
    samples = fitted(5, np.random.default_rng(1))
    assert set(samples.origin) == {fitted.recipe.name}
    assert all(name.startswith(f"{fitted.recipe.name}-") for name in samples.drive)
    assert not set(samples.drive) & set(toy_windows.drive)


def test_critics_of_generators_score_each_window_by_itself(fitted: FittedCode, toy_windows: Windows) -> None:
    if not isinstance(fitted, FittedGan):
        assert not hasattr(fitted, "score")
        return
    alone = np.concatenate([fitted.score(toy_windows.take(np.array([number]))) for number in range(3)])
    np.testing.assert_allclose(alone, fitted.score(toy_windows)[:3], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", sorted(GENERATORS))
def test_windows_masked_before_their_track_ends_are_refused(name: str, toy_windows: Windows) -> None:
    valid = toy_windows.valid.copy()
    valid[7, 4] = False
    with pytest.raises(UserError, match="1 of 240 windows have frames that are masked"):
        _short(GENERATORS[name], 1).fit(replace(toy_windows, valid=valid), np.random.default_rng(0))


@pytest.mark.parametrize("name", sorted(GENERATORS))
def test_a_recipe_refuses_zero_where_something_must_be_there(name: str) -> None:
    recipe = GENERATORS[name]
    whole = [field.name for field in fields(recipe) if isinstance(getattr(recipe, field.name), int)]
    assert "components" in whole
    for field in whole:
        with pytest.raises(ValueError, match=f"{field} must be positive"):
            replace(recipe, **{field: 0})


@pytest.mark.parametrize("name", sorted(GENERATORS))
def test_one_class_of_three_windows_of_other_length_is_enough(name: str, toy_windows: Windows) -> None:
    few = toy_windows.take(np.array([1, 2, 4]))
    few = replace(few, boxes=few.boxes[:, :11], valid=few.valid[:, :11])
    samples = _short(GENERATORS[name], 3).fit(few, np.random.default_rng(0))(4, np.random.default_rng(1))
    assert samples.boxes.shape == (4, 11, 4)
    assert set(samples.kind) == {CAR}
