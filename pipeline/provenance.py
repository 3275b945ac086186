"""Which of our code a result depends on: the modules it needs, found by their import statements, and their digest.

Editing a report then recomputes no arm, and editing one strategy recomputes that strategy's arms alone.
"""

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]

PACKAGES = ("pipeline", "models")
"""Where numbers come from; ``flows`` decides only about order."""

TABLES = frozenset(
    {"pipeline.strategies", "pipeline.strategies.images", "pipeline.tasks", "pipeline.sources", "pipeline.textbook"}
)
"""Modules that list what there is. What was chosen from them counts, not what else they hold."""

COST = re.compile(r"^ +cost = .*\n", re.MULTILINE)
"""How long a strategy takes decides when its arms run, not what comes out."""


def code_digest(modules: Iterable[str]) -> str:
    """SHA-256 over the sources of ``modules`` and of everything of ours that they import, directly or not."""
    needed, waiting = set[str](), list(modules)
    while waiting:
        module = waiting.pop()
        if module not in needed and module not in TABLES:
            needed.add(module)
            waiting.extend(_imports(module))
    digest = hashlib.sha256()
    for module in sorted(needed):
        digest.update(f"{module}\0{COST.sub('', _text(module))}\0".encode())
    return digest.hexdigest()


def modules_of(recipe: object) -> frozenset[str]:
    """The modules of ours that define a recipe and the recipes it is made of."""
    found = {type(recipe).__module__} if type(recipe).__module__.partition(".")[0] in PACKAGES else set[str]()
    parts: Iterable[object] = ()
    if is_dataclass(recipe):
        parts = (getattr(recipe, field.name) for field in fields(recipe))
    elif isinstance(recipe, tuple | list):
        parts = recipe
    return frozenset(found.union(*(modules_of(part) for part in parts)))


@cache
def _imports(module: str) -> frozenset[str]:
    """Modules of ours that ``module`` imports anywhere in its text, and the packages they lie in."""
    names = set(_named(ast.parse(_text(module))))
    parents = {name.rpartition(".")[0] for name in (module, *names)}
    return frozenset(name for name in names | parents if name.partition(".")[0] in PACKAGES and _file(name))


def _named(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)  # may be modules too


def _text(module: str) -> str:
    file = _file(module)
    if file is None:
        raise ValueError(f"{module} is no module of {' or '.join(PACKAGES)}")
    return file.read_text(encoding="utf-8")


def _file(module: str) -> Path | None:
    """Where the text of a module lies; None for names that are no modules of ours."""
    path = ROOT.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)
