"""What may be searched: ranges of hyperparameters, declared by the recipes that have them.

A recipe declares ``search: ClassVar[Space]``, by the names of its own fields or of those of the recipes it holds. The
search itself lies in ``flows``: here is only what is sensible to try.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, TypeAlias

from pipeline.schema import require


@dataclass(frozen=True)
class Floats:
    """Numbers from ``low`` to ``high``."""

    low: float
    high: float
    log: bool = False
    """Equal ratios are equally likely, rather than equal differences."""

    def __post_init__(self) -> None:
        """Refuse an empty range, and the logarithm of what has none."""
        _require_range(self)

    def holds(self, value: Any) -> bool:
        """Whether ``value`` lies in the range."""
        return isinstance(value, int | float) and self.low <= value <= self.high


@dataclass(frozen=True)
class Whole:
    """Whole numbers from ``low`` to ``high``."""

    low: int
    high: int
    log: bool = False
    """Equal ratios are equally likely, rather than equal differences."""

    def __post_init__(self) -> None:
        """Refuse an empty range, and the logarithm of what has none."""
        _require_range(self)

    def holds(self, value: Any) -> bool:
        """Whether ``value`` lies in the range."""
        return isinstance(value, int) and self.low <= value <= self.high


@dataclass(frozen=True)
class Choice:
    """One of several values."""

    options: tuple[Any, ...]

    def holds(self, value: Any) -> bool:
        """Whether ``value`` is among them."""
        return value in self.options


Range: TypeAlias = Floats | Whole | Choice
Space: TypeAlias = Mapping[str, Range]
"""Ranges by the name of the hyperparameter."""


def search_space(recipe: Any) -> dict[str, Range]:
    """Every range that a recipe and the recipes it is made of declare; the outer one's word counts."""
    parts: tuple[Any, ...] = ()
    if is_dataclass(recipe):
        parts = tuple(getattr(recipe, field.name) for field in fields(recipe))
    elif isinstance(recipe, tuple):
        parts = recipe
    found: dict[str, Range] = {}
    for part in parts:
        found |= search_space(part)
    return found | dict(getattr(recipe, "search", {}))


def setting_of(recipe: Any, name: str) -> Any:
    """The value of a hyperparameter of the recipe or of the recipes it is made of; None if no recipe has it."""
    if isinstance(recipe, tuple):
        return next((value for part in recipe if (value := setting_of(part, name)) is not None), None)
    if not is_dataclass(recipe):
        return None
    if name in {field.name for field in fields(recipe)}:
        return getattr(recipe, name)
    return setting_of(tuple(getattr(recipe, field.name) for field in fields(recipe)), name)


def _require_range(part: Floats | Whole) -> None:
    require(part.low < part.high, f"a range must go up, got {part.low} to {part.high}")
    require(not part.log or part.low > 0, f"a logarithmic range starts above 0, got {part.low}")
