"""Find an entry of a table by name, change a recipe's hyperparameters by name, and help whoever misspelt either."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from difflib import get_close_matches
from typing import Any, TypeVar

from pipeline.schema import UserError

Entry = TypeVar("Entry")


Recipe = TypeVar("Recipe")


def lookup(table: Mapping[str, Entry], name: str, what: str) -> Entry:
    """The entry called ``name``.

    Raises:
        UserError: no such entry; the message suggests the closest name and lists them all.
    """
    if name not in table:
        raise UserError(unknown(name, table, what))
    return table[name]


def unknown(name: str, known: Iterable[str], what: str) -> str:
    """What to tell somebody who asked for a name that does not exist."""
    known = sorted(known)
    close = get_close_matches(name, known, n=1)
    hint = f' Did you mean "{close[0]}"?' if close else ""
    return f'Unknown {what} "{name}".{hint} Known: {", ".join(known)}.'


def configured(recipe: Recipe, options: Mapping[str, Any], what: str) -> Recipe:
    """The recipe with some hyperparameters changed; a name may be that of a nested recipe's field.

    Raises:
        UserError: unknown name, wrong type, or a value that the recipe itself refuses.
    """
    for name, value in options.items():
        recipe = _with(recipe, name, value, what)
    return recipe


def _with(recipe: Recipe, name: str, value: Any, what: str) -> Recipe:
    holders = _holders(recipe)
    if name not in holders:
        raise UserError(unknown(name, holders, f"option of {what}"))
    holder = holders[name]
    try:
        if holder is None:
            return replace(recipe, **{name: _converted(value, getattr(recipe, name), f"{what}.{name}")})  # type: ignore[type-var]
        nested = _configured_part(getattr(recipe, holder), name, value, f"{what}.{holder}")
        return replace(recipe, **{holder: nested})  # type: ignore[type-var]
    except ValueError as refusal:
        raise UserError(f"{what}.{name} = {value!r} is refused: {refusal}") from refusal


def _configured_part(part: Any, name: str, value: Any, what: str) -> Any:
    """A nested recipe, or a tuple of recipes of which every one that has ``name`` is changed."""
    if isinstance(part, tuple):
        return tuple(configured(one, {name: value}, what) if name in _holders(one) else one for one in part)
    return configured(part, {name: value}, what)


def _holders(recipe: Any) -> dict[str, str | None]:
    """Every hyperparameter by name, and the field of ``recipe`` that holds it (None: ``recipe`` itself)."""
    if isinstance(recipe, tuple):
        return {name: None for part in recipe for name in _holders(part)}
    if not is_dataclass(recipe):
        return {}
    nested = {name: field.name for field in fields(recipe) for name in _holders(getattr(recipe, field.name))}
    return nested | {field.name: None for field in fields(recipe)}


def _converted(value: Any, current: Any, name: str) -> Any:
    """``value`` as the type of the value it replaces: whole numbers may stand for floats, lists for tuples."""
    if isinstance(current, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(current, tuple) and isinstance(value, list):
        return tuple(_converted(part, current[0] if current else None, f"every entry of {name}") for part in value)
    if current is not None and type(value) is not type(current):
        raise UserError(f"{name} must be {type(current).__name__}, got {value!r}.")
    return value
