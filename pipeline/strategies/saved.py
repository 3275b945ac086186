"""Fitted strategies on disk: a recipe by name, what it was fitted to, and the weights of its networks. No pickle.

A saved fit holds real samples, as most strategies draw from them: whoever passes it on passes on real data, under the
terms of that data. It is checked when it is loaded: every file by its digest, and the whole by samples that it drew
when it was saved.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.reporting import Report, silent
from models.trained import Weights, WeightsRefused, given, keeping
from pipeline.pictures import Pictures
from pipeline.registry import configured, lookup
from pipeline.samples import Samples
from pipeline.schema import UserError
from pipeline.strategies import TRACK_STRATEGIES
from pipeline.strategies.base import Strategy
from pipeline.strategies.images import IMAGE_STRATEGIES
from pipeline.strategies.memory import forget
from pipeline.windows import Windows

FORMAT = "fitted-strategy-1"
RECIPE, WEIGHTS, REAL = "recipe.json", "weights.npz", "real.npz"
PROOF = 16
"""Samples that must come out again."""

TABLES: Mapping[str, tuple[type[Any], Mapping[str, Strategy[Any]]]] = {
    "tracks": (Windows, TRACK_STRATEGIES),
    "pictures": (Pictures, IMAGE_STRATEGIES),
}
"""By what is made: the type of the samples, and the recipes by name."""

Draw = Callable[[int, np.random.Generator], Any]


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted strategy and all it takes to fit it again without training."""

    kind: str
    """A name in ``TABLES``."""
    name: str
    """Of the strategy."""
    options: Mapping[str, Any]
    """Hyperparameters that differ from the table's."""
    real: Samples
    state: Mapping[str, Any]
    """Of the source of randomness before the fit."""
    weights: Sequence[Weights]
    draw: Draw

    @property
    def recipe(self) -> Strategy[Any]:
        """What was fitted."""
        return configured(lookup(TABLES[self.kind][1], self.name, "strategy"), self.options, self.name)


def fit_to_keep(
    kind: str, name: str, options: Mapping[str, Any], real: Samples, rng: np.random.Generator, report: Report = silent
) -> Fit:
    """Fit a strategy as its ``fit`` would, and remember what it takes to save it.

    Args:
        kind: ``tracks`` or ``pictures``.
        name: A strategy by name.
        options: Hyperparameters that differ from the table's.
        real: What to learn from.
        rng: Moves on as ``fit`` moves it.
        report: Called now and then with the losses.
    """
    state = rng.bit_generator.state
    recipe = configured(lookup(TABLES[kind][1], name, "strategy"), options, name)
    forget()  # what is remembered would not be trained, and its weights not be kept
    with keeping() as weights:
        draw = recipe.fit(real, rng, report)
    return Fit(kind, name, dict(options), real, state, weights, draw)


def save_fit(fit: Fit, folder: Path, about: Mapping[str, Any]) -> None:
    """Write a fit into an empty folder, with whatever a reader should know ``about`` it (JSON-able)."""
    weights = {f"{number}/{name}": value for number, one in enumerate(fit.weights) for name, value in one.items()}
    np.savez_compressed(folder / WEIGHTS, allow_pickle=False, **weights)
    fit.real.save(folder / REAL)
    facts = {
        "format": FORMAT,
        "kind": fit.kind,
        "strategy": fit.name,
        "options": fit.options,
        "recipe": repr(fit.recipe),
        "random_state": fit.state,
        "trainings": len(fit.weights),
        "proof": proof(fit.draw),
        "about": about,
        "files": {name: _digest_of(folder / name) for name in (WEIGHTS, REAL)},
    }
    (folder / RECIPE).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def load_fit(folder: Path) -> tuple[Fit, dict[str, Any]]:
    """A saved fit, ready to draw, and what was said about it. Nothing is trained and nothing unpickled.

    Raises:
        UserError: not a saved fit, damaged, of another version of the recipe, or it draws other samples than it did.
    """
    facts = _facts(folder)
    kind, name, options = facts["kind"], facts["strategy"], facts["options"]
    samples, table = lookup(TABLES, kind, "kind of samples")
    recipe = configured(lookup(table, name, "strategy"), options, name)
    if repr(recipe) != facts["recipe"]:
        raise UserError(f'{folder} holds another version of "{name}": {facts["recipe"]}; here it is {recipe!r}.')
    real, weights = samples.load(folder / REAL), _weights(folder, facts["trainings"])
    rng = np.random.default_rng()
    rng.bit_generator.state = facts["random_state"]
    forget()
    try:
        with given(weights):
            draw = recipe.fit(real, rng)
    except WeightsRefused as refusal:
        raise UserError(f"{folder} does not fit the code that is here: {refusal}.") from refusal
    if proof(draw) != facts["proof"]:
        raise UserError(
            f"{folder} draws other samples here than where it was saved: the code or its libraries differ. Use the "
            "versions that its recipe.json names, or fit the strategy again."
        )
    return Fit(kind, name, options, real, facts["random_state"], weights, draw), dict(facts["about"])


def proof(draw: Draw) -> str:
    """SHA-256 of a few samples."""
    digest = hashlib.sha256()
    for name, values in sorted(draw(PROOF, np.random.default_rng(0)).arrays().items()):
        digest.update(f"{name}{values.dtype}{values.shape}".encode() + np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _facts(folder: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads((folder / RECIPE).read_text(encoding="utf-8"))
        known = facts["format"] == FORMAT
        damaged = [name for name, digest in facts["files"].items() if _digest_of(folder / name) != digest]
        missing = {WEIGHTS, REAL} - set(facts["files"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as failure:
        raise UserError(f"{folder} holds no saved strategy ({RECIPE}: {failure}).") from failure
    if not known or missing:
        raise UserError(f"{folder} was not saved by this version ({FORMAT}).")
    if damaged:
        raise UserError(f"{folder} is damaged: {', '.join(damaged)} differs from what was saved.")
    return facts


def _weights(folder: Path, trainings: int) -> list[Weights]:
    found: list[Weights] = [{} for _ in range(trainings)]
    try:
        with np.load(folder / WEIGHTS, allow_pickle=False) as stored:
            for key in stored:
                number, _, name = key.partition("/")
                found[int(number)][name] = stored[key]
    except (OSError, ValueError, IndexError) as failure:
        raise UserError(f"{folder / WEIGHTS} cannot be read: {failure}") from failure
    return found


def _digest_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
