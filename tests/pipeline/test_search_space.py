"""What may be searched: every range is one that its recipe accepts, and holds what the recipe says today."""

import pytest

from pipeline.design import STRATEGIES
from pipeline.registry import configured
from pipeline.search_space import Choice, Floats, Whole, search_space, setting_of
from pipeline.strategies.base import Strategy

RECIPES = {f"{kind.__name__} {name}": recipe for kind, table in STRATEGIES.items() for name, recipe in table.items()}


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_takes_both_ends_of_every_range_and_its_own_value_lies_within(name: str) -> None:
    recipe: Strategy = RECIPES[name]
    for option, allowed in search_space(recipe).items():
        ends = allowed.options if isinstance(allowed, Choice) else (allowed.low, allowed.high)
        for value in ends:
            changed = configured(recipe, {option: value}, name)
            assert setting_of(changed, option) == value
        assert allowed.holds(setting_of(recipe, option)), option


@pytest.mark.parametrize(
    ("name", "some"),
    [
        ("Windows gan", {"steps", "learning_rate", "keep_percent", "outside_percent"}),
        ("Windows flip+recombination", {"weights", "faster", "wide"}),
        ("Windows classical", {"probability", "most", "sd_heights"}),
        ("Pictures cycle_gan", {"steps", "rate", "width"}),
    ],
)
def test_ranges_of_the_parts_are_found(name: str, some: set[str]) -> None:
    assert some <= set(search_space(RECIPES[name]))


def test_the_placebos_have_nothing_to_search() -> None:
    assert search_space(RECIPES["Windows copies"]) == search_space(RECIPES["Windows noise"]) == {}


def test_a_range_holds_its_ends_and_nothing_beyond() -> None:
    assert Floats(0.1, 1.0, log=True).holds(0.1)
    assert not Floats(0.1, 1.0).holds(1.0001)
    assert Whole(1, 5).holds(5)
    assert not Whole(1, 5).holds(2.5)
    assert not Choice(("a",)).holds("b")


@pytest.mark.parametrize(("low", "high", "log"), [(1.0, 1.0, False), (2.0, 1.0, False), (0.0, 1.0, True)])
def test_ranges_without_room_are_refused(low: float, high: float, log: bool) -> None:
    with pytest.raises(ValueError, match="range"):
        Floats(low, high, log)
