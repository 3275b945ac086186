"""Rendered pictures as samples: scenes by the number, depth to the horizon, a schedule, and what is refused."""

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
    assert [first.part(step, 10) for step in (0, 4, 5, 9)] == [1, 1, 0, 0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cities": ["paris"]}, "cities must be some of new_york"),
        ({"drives": 0}, "needs pictures"),
        ({"until": 0}, "until"),
    ],
)
def test_sets_that_hold_nothing_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        configured(Rendered(), options, "rendered")
