"""Rendered pictures as samples: scenes by the number, depth to the horizon, a schedule, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.pictures import Pictures
from pipeline.registry import configured
from pipeline.schema import UserError
from pipeline.strategies.images import IMAGE_STRATEGIES
from pipeline.strategies.images.rendered import Rendered


def test_scenes_have_depth_everywhere_but_in_the_sky(toy_pictures: Pictures) -> None:
    recipe = Rendered(cities=("houston",), drives=2, pictures=3)  # as the contracts ask for: rendered once
    made = recipe.fit(toy_pictures, np.random.default_rng(0))(6, np.random.default_rng(0))
    assert sorted(set(made.drive)) == ["houston-0", "houston-1"]
    assert sorted(made.index) == [0, 0, 1, 1, 2, 2]
    assert np.isfinite(made.depth_m[:, 20:]).mean() > 0.95
    assert np.isnan(made.depth_m[:, 0]).any()
    assert np.nanmedian(made.depth_m[:, -1]) < np.nanmedian(made.depth_m[:, 16])  # the road comes nearer
    assert made.depth_m[np.isfinite(made.depth_m)].min() > 0


def test_as_many_are_made_as_the_set_has_however_few_are_real() -> None:
    assert Rendered(drives=5, pictures=3).amount(10) == 60
    assert Rendered(drives=5, pictures=3).amount(100) == 100


def test_they_are_mixed_in_or_come_first() -> None:
    mixed, first = (IMAGE_STRATEGIES[name].schedule for name in ("rendered", "rendered_first"))
    assert [mixed.part(step, 10) for step in (0, 9)] == [0.5, 0.5]
    assert [first.part(step, 10) for step in (0, 4, 5, 9)] == [1, 1, 1, 0]


def test_several_views_are_mirrored_half_the_time_and_lit_otherwise(toy_pictures: Pictures) -> None:
    plain = Rendered(cities=("houston",), drives=2, pictures=3)
    varied = replace(plain, views=8, light=1.0)
    assert varied.amount(10) == 48
    first, made = (
        recipe.fit(toy_pictures, np.random.default_rng(0))(48, np.random.default_rng(0)) for recipe in (plain, varied)
    )
    mirrored = [_equal(view, other[:, ::-1]) for view, other in zip(made.depth_m, first.depth_m, strict=True)]
    same = [_equal(view, other) for view, other in zip(made.depth_m, first.depth_m, strict=True)]
    assert all(one != other for one, other in zip(mirrored, same, strict=True))
    assert 12 <= sum(mirrored) <= 36
    brightness = made.image[np.array(same)].mean(axis=(1, 2, 3)) / first.image[np.array(same)].mean(axis=(1, 2, 3))
    assert brightness.std() > 0.1
    assert 0.3 < brightness.min() < 1 < brightness.max() < 2.5


def _equal(depth: np.ndarray, other: np.ndarray) -> bool:
    return np.array_equal(depth, other, equal_nan=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"views": 0}, "views must be at least 1"),
        ({"light": 1.5}, "light"),
        ({"cities": ["paris"]}, "cities must be some of new_york"),
        ({"drives": 0}, "needs pictures"),
        ({"until": 0}, "until"),
    ],
)
def test_sets_that_hold_nothing_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        configured(Rendered(), options, "rendered")
