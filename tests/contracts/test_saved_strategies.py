"""Every strategy: fitted, saved and loaded, it draws the same samples to the last bit, without training."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipeline.pictures import Pictures
from pipeline.samples import Samples
from pipeline.schema import UserError
from pipeline.search_space import setting_of
from pipeline.strategies.saved import RECIPE, TABLES, WEIGHTS, fit_to_keep, load_fit, save_fit
from pipeline.windows import Windows

SHORT = {"steps": 6, "critic_steps": 1, "batch": 32, "hidden": 16, "drives": 2, "frames": 60, "width": 4, "blocks": 1,
         "halvings": 1, "pictures": 1, "cities": ["houston"]}  # fmt: skip
PASSABLE = {"steps": 40}
"""For what is filtered afterwards: filters must find something to let pass."""

ENTRIES = [(kind, name) for kind, (_, table) in TABLES.items() for name in sorted(table)]


def shortened(recipe: Any) -> dict[str, Any]:
    wanted = PASSABLE if setting_of(recipe, "keep_percent") else SHORT
    return {name: value for name, value in wanted.items() if setting_of(recipe, name) is not None}


def everything(samples: Samples) -> Mapping[str, np.ndarray]:
    scenes = getattr(samples, "scenes", None)
    return samples.arrays() | ({} if scenes is None else scenes.arrays())


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_a_loaded_strategy_draws_what_it_drew_and_is_not_trained(
    kind: str, name: str, street_windows: Windows, toy_pictures: Pictures, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    real = street_windows if kind == "tracks" else toy_pictures
    options = shortened(TABLES[kind][1][name])
    fit = fit_to_keep(kind, name, options, real, np.random.default_rng(3))
    save_fit(fit, tmp_path, {"study": "s"})
    monkeypatch.setattr(torch.Tensor, "backward", lambda *_, **__: pytest.fail("a network was trained"))
    loaded, about = load_fit(tmp_path)
    assert about == {"study": "s"}
    assert loaded.recipe == fit.recipe
    expected, found = (everything(one.draw(20, np.random.default_rng(5))) for one in (fit, loaded))
    assert found.keys() == expected.keys()
    for field, values in expected.items():
        np.testing.assert_array_equal(found[field], values)


@pytest.fixture
def saved(street_windows: Windows, tmp_path: Path) -> Path:
    fit = fit_to_keep("tracks", "vae", {"steps": 2}, street_windows, np.random.default_rng(3))
    save_fit(fit, tmp_path, {})
    return tmp_path


def test_damage_is_named(saved: Path) -> None:
    (saved / WEIGHTS).write_bytes((saved / WEIGHTS).read_bytes()[:-1])
    with pytest.raises(UserError, match=r"damaged: weights\.npz"):
        load_fit(saved)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": "other", "files": {}}', '{"format": 1, "files": {"x": 1}}']
)
def test_what_is_no_saved_strategy_is_refused(saved: Path, text: str) -> None:
    (saved / RECIPE).write_text(text)
    with pytest.raises(UserError, match=r"holds no saved strategy|was not saved by this version"):
        load_fit(saved)


def test_pickled_objects_are_never_read(saved: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return pytest.fail, ("code was run",)

    np.savez(saved / WEIGHTS, **{"0/model/x": np.array([Bomb()], dtype=object)})
    change(saved, lambda facts: facts["files"].update({WEIGHTS: digest(saved / WEIGHTS)}))
    with pytest.raises(UserError, match="cannot be read"):
        load_fit(saved)


def test_other_weights_other_recipes_and_other_samples_are_refused(saved: Path) -> None:
    original = (saved / RECIPE).read_text()
    for change_one, reason in (
        (lambda facts: facts["options"].update(hidden=64), "another version of"),
        (lambda facts: facts.update(trainings=2), "were not asked for"),
        (lambda facts: facts.update(proof="0"), "draws other samples"),
    ):
        (saved / RECIPE).write_text(original)
        change(saved, change_one)
        with pytest.raises(UserError, match=reason):
            load_fit(saved)


def change(folder: Path, how: Any) -> None:
    facts = json.loads((folder / RECIPE).read_text())
    how(facts)
    (folder / RECIPE).write_text(json.dumps(facts))


def digest(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()
