"""What every entry of the table of image strategies promises."""

from dataclasses import asdict, is_dataclass
from pathlib import Path

import numpy as np
import pytest

from pipeline.pictures import Pictures
from pipeline.registry import configured
from pipeline.strategies import PLACEBOS
from pipeline.strategies.images import IMAGE_STRATEGIES, ImageStrategy

SHORT = {"steps": 2, "width": 4, "blocks": 1, "halvings": 1}
SMALL_CITY = {"cities": ["houston"], "drives": 2, "pictures": 3}
MAKERS = sorted(name for name, recipe in IMAGE_STRATEGIES.items() if recipe.amount(1))


def _fast(name: str) -> ImageStrategy:
    """The recipe with training shortened as far as it has any: quality is tested elsewhere."""
    recipe = IMAGE_STRATEGIES[name]
    if "rendered" in name:
        return configured(recipe, SMALL_CITY, name)
    return configured(recipe, SHORT, name) if name == "cycle_gan" else recipe


def _samples(name: str, pictures: Pictures, seed: int, count: int = 20) -> Pictures:
    rng = np.random.default_rng(seed)
    return _fast(name).fit(pictures, rng)(count, rng)


@pytest.fixture(params=MAKERS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_recipe_is_a_frozen_dataclass_that_can_be_logged(name: str) -> None:
    recipe = IMAGE_STRATEGIES[name]
    assert is_dataclass(recipe)
    assert recipe.__dataclass_params__.frozen
    assert isinstance(asdict(recipe), dict)


def test_same_seed_same_samples_and_other_seed_other_samples(name: str, toy_pictures: Pictures) -> None:
    first, again, other = (_samples(name, toy_pictures, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.image, again.image)
    assert not np.array_equal(first.image, other.image)


def test_samples_are_as_many_as_asked_for_signed_and_labelled_within_the_picture(
    name: str, toy_pictures: Pictures
) -> None:
    samples = _samples(name, toy_pictures, 3)
    assert samples.image.shape == (20, *toy_pictures.image.shape[1:])
    assert samples.image.dtype == np.uint8
    assert set(samples.origin) == {name}
    assert (samples.boxes >= 0).all()
    assert (samples.boxes[..., [0, 2]] <= 63).all()
    assert set(samples.kind.ravel()) <= set(toy_pictures.kind.ravel())


def test_a_sample_is_one_picture_without_a_twin_by_night(name: str, toy_pictures: Pictures) -> None:
    assert _samples(name, toy_pictures, 3).night is None


def test_more_samples_than_real_pictures_and_none_at_all_can_be_made(name: str, toy_pictures: Pictures) -> None:
    few = toy_pictures.take(np.arange(10))
    assert len(_samples(name, few, 6, count=25)) == 25
    assert len(_samples(name, few, 6, count=0)) == 0


def test_real_pictures_are_left_as_they_were(name: str, toy_pictures: Pictures) -> None:
    before = {field: values.copy() for field, values in toy_pictures.arrays().items()}
    _samples(name, toy_pictures, 4)
    for field, values in toy_pictures.arrays().items():
        np.testing.assert_array_equal(values, before[field])


def test_samples_survive_save_and_load(name: str, toy_pictures: Pictures, tmp_path: Path) -> None:
    samples = _samples(name, toy_pictures, 5)
    samples.save(tmp_path / "samples.npz")
    loaded = Pictures.load(tmp_path / "samples.npz").arrays()
    assert loaded.keys() == samples.arrays().keys()
    for field, values in samples.arrays().items():
        np.testing.assert_array_equal(loaded[field], values)


@pytest.mark.parametrize("name", sorted(set(IMAGE_STRATEGIES) - set(MAKERS)))
def test_who_makes_no_sample_changes_how_the_task_learns(name: str, toy_pictures: Pictures) -> None:
    assert IMAGE_STRATEGIES[name].task_options
    assert len(_samples(name, toy_pictures, 0, count=0)) == 0


def test_every_placebo_is_in_the_table() -> None:
    assert set(PLACEBOS) <= set(IMAGE_STRATEGIES)
