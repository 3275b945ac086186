"""Names: found, misspelt, and used to change a recipe."""

from dataclasses import dataclass, field

import pytest

from pipeline.registry import configured, lookup
from pipeline.schema import UserError


@dataclass(frozen=True)
class Inner:
    steps: int = 10
    rate: float = 0.1

    def __post_init__(self) -> None:
        if self.steps <= 0:
            raise ValueError(f"steps must be positive, got {self.steps}")


@dataclass(frozen=True)
class Outer:
    hidden: int = 64
    training: Inner = field(default_factory=Inner)


def test_an_entry_is_found_by_name() -> None:
    assert lookup({"flip": 1}, "flip", "strategy") == 1


def test_a_misspelt_name_gets_a_suggestion_and_the_list() -> None:
    with pytest.raises(UserError, match=r'Unknown strategy "flpi"\. Did you mean "flip"\? Known: flip, scale\.'):
        lookup({"flip": 1, "scale": 2}, "flpi", "strategy")


def test_a_hyperparameter_of_a_nested_recipe_is_found_by_its_own_name() -> None:
    assert configured(Outer(), {"steps": 3, "hidden": 8, "rate": 1}, "task") == Outer(8, Inner(3, 1.0))


@dataclass(frozen=True)
class Several:
    parts: tuple[object, ...] = (Outer(), Inner(), "no recipe")


def test_a_hyperparameter_of_a_tuple_of_recipes_changes_every_part_that_has_it() -> None:
    assert configured(Several(), {"steps": 3}, "mix").parts == (Outer(64, Inner(3)), Inner(3), "no recipe")
    assert configured(Several(), {"hidden": 8}, "mix").parts == (Outer(8), Inner(), "no recipe")


def test_an_unknown_hyperparameter_gets_a_suggestion() -> None:
    with pytest.raises(UserError, match=r'Unknown option of task "step"\. Did you mean "steps"'):
        configured(Outer(), {"step": 3}, "task")


def test_a_value_of_the_wrong_type_is_named() -> None:
    with pytest.raises(UserError, match=r"task\.training\.steps must be int, got 'many'"):
        configured(Outer(), {"steps": "many"}, "task")


def test_a_value_that_the_recipe_refuses_keeps_its_reason() -> None:
    with pytest.raises(UserError, match="steps must be positive, got 0"):
        configured(Outer(), {"steps": 0}, "task")
