"""Which code a result depends on."""

from pathlib import Path

import pytest

from pipeline import provenance
from pipeline.provenance import code_digest, modules_of
from pipeline.strategies import TRACK_STRATEGIES


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Modules a -> b -> c, and an unrelated one; ``table`` lists them."""
    folder = tmp_path / "rooms"
    folder.mkdir()
    texts = {
        "__init__": "",
        "a": "from rooms import b\nfrom rooms.table import THINGS\n",
        "b": "def late():\n    from rooms.c import thing\n    import json\n",
        "c": "thing = 1\n",
        "unrelated": "",
        "table": "from rooms import unrelated\nTHINGS = {}\n",
    }
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    provenance._imports.cache_clear()  # the rooms of the last test had the same names
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    monkeypatch.setattr(provenance, "PACKAGES", ("rooms",))
    monkeypatch.setattr(provenance, "TABLES", frozenset({"rooms.table"}))
    return folder


@pytest.mark.parametrize(
    ("edited", "matters"),
    [("a", True), ("b", True), ("c", True), ("__init__", True), ("unrelated", False), ("table", False)],
)
def test_the_digest_follows_imports_but_not_through_tables(package: Path, edited: str, matters: bool) -> None:
    before = code_digest(["rooms.a"])
    path = package / f"{edited}.py"
    path.write_text(path.read_text() + "# edited\n")
    assert (code_digest(["rooms.a"]) != before) is matters


def test_a_composed_recipe_needs_the_modules_of_its_parts() -> None:
    assert modules_of(TRACK_STRATEGIES["flip+gan"]) >= {
        "pipeline.strategies.compose", "pipeline.strategies.flip", "pipeline.strategies.sequence_gan"
    }  # fmt: skip
    assert modules_of(TRACK_STRATEGIES["flip"]) == {"pipeline.strategies.flip"}
    assert modules_of(3) == frozenset()
