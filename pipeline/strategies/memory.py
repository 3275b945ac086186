"""What was fitted before need not be fitted again: arms of one cell often learn the same generator.

A fit depends on three things alone: the recipe, the real samples, and the state of the source of randomness. Where all
are the same, so is what would come out, and the state it would leave behind. No number depends on what is remembered.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from hashlib import sha256
from time import process_time
from typing import Any

import numpy as np

from models.reporting import Report, silent
from pipeline.strategies.base import Strategy
from pipeline.strategies.facts import Facts

REMEMBERED = 4
"""Fits kept in a process: those of the cell that it works on."""
CHEAP = 1.0
"""What costs no more than this is fitted anew."""


@dataclass(frozen=True, eq=False)
class Fit:
    """All that a fit did."""

    synthesize: Callable[..., Any]
    reports: tuple[tuple[int, Mapping[str, float]], ...]
    state: Mapping[str, Any]
    """Of the source of randomness, afterwards."""
    cpu_s: float


_fits: OrderedDict[str, Fit] = OrderedDict()
_spared_s = 0.0


def cpu_clock() -> float:
    """CPU seconds of this process, as if it had remembered nothing."""
    return process_time() + _spared_s


def fitted(
    strategy: Strategy[Any], real: Any, rng: np.random.Generator, report: Report = silent
) -> Callable[[int, np.random.Generator], Any]:
    """What ``strategy.fit`` returns, reports and draws from ``rng``, from memory if it was asked for not long ago."""
    global _spared_s  # belongs to the process, like the clock it corrects
    if strategy.cost <= CHEAP:
        return strategy.fit(real, rng, report)
    key = _digest((type(strategy).__module__, repr(strategy), real, rng.bit_generator.state))
    if key in _fits:
        fit = _fits[key]
        _fits.move_to_end(key)
        for step, values in fit.reports:
            report(step, values)
        rng.bit_generator.state = fit.state
        _spared_s += fit.cpu_s
        return fit.synthesize
    fit = _fits[key] = _fit(strategy, real, rng, report)
    while len(_fits) > REMEMBERED:
        _fits.popitem(last=False)
    return fit.synthesize


def costly_parts(recipe: object) -> frozenset[str]:
    """Of a recipe and the recipes it is made of, the innermost that are costly, as texts."""
    if isinstance(recipe, tuple):
        return frozenset[str]().union(*map(costly_parts, recipe))
    if not is_dataclass(recipe):
        return frozenset()
    parts = costly_parts(tuple(getattr(recipe, field.name) for field in fields(recipe)))
    costly = isinstance(recipe, Facts) and recipe.cost > CHEAP
    return parts or frozenset([repr(recipe)] if costly else [])


def forget() -> None:
    """Start anew."""
    _fits.clear()


def _fit(strategy: Strategy[Any], real: Any, rng: np.random.Generator, report: Report) -> Fit:
    reports: list[tuple[int, Mapping[str, float]]] = []

    def remember(step: int, values: Mapping[str, float]) -> None:
        reports.append((step, dict(values)))
        report(step, values)

    started = cpu_clock()
    synthesize = strategy.fit(real, rng, remember)
    return Fit(synthesize, tuple(reports), rng.bit_generator.state, cpu_clock() - started)


def _digest(value: object) -> str:
    """SHA-256 of arrays, dataclasses of arrays, and what ``repr`` tells all about."""
    digest = sha256()
    for part in value if isinstance(value, tuple) else (value,):
        if isinstance(part, np.ndarray):
            digest.update(f"{part.dtype}{part.shape}".encode() + np.ascontiguousarray(part).tobytes())
        elif is_dataclass(part):
            digest.update(_digest(tuple(getattr(part, field.name) for field in fields(part))).encode())
        else:
            digest.update(repr(part).encode())
        digest.update(b"\0")
    return digest.hexdigest()
