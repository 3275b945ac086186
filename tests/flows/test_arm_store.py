"""The cache of finished arms: its key says what matters, and what is damaged is not used."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from flows.arm_store import ArmStore, Job
from flows.training import alike
from pipeline import provenance
from pipeline.arms import ArmResult
from pipeline.design import Arm, Design
from pipeline.schedule import Schedule
from pipeline.splits import Split
from pipeline.store import Ingested
from pipeline.windows import Windows

SPLIT = Split(("a",), ("b",), ("c",))
DATA = Ingested(Path("stored"), "digest", "mini_city", 3, 3, 3, True, (), ())
ARM = Arm("flip", 1.0, 0, 0)


def job(arm: Arm = ARM, design: Design | None = None, split: Split = SPLIT, data: Ingested = DATA) -> Job:
    return Job.of(arm, design or Design(), split, data, keep_samples=True)


@pytest.fixture
def result(toy_windows: Windows) -> ArmResult:
    errors = pd.DataFrame({"strategy": ["flip"], "ade_px": [1.5]})
    curves = pd.DataFrame({"phase": ["train"], "step": [1], "name": ["loss"], "value": [0.5]})
    return ArmResult(errors, errors, toy_windows, {"weight": np.arange(3.0)}, curves, 0.25, 1.5)


def test_the_key_changes_with_everything_the_numbers_depend_on() -> None:
    keys = {
        job().key,
        job(arm=replace(ARM, seed=1)).key,
        job(arm=replace(ARM, schedule=Schedule(0.25))).key,
        job(design=Design(history=8)).key,
        job(design=Design(options={"task": {"steps": 5}})).key,
        job(split=Split(("a",), ("c",), ("b",))).key,
        job(data=replace(DATA, digest="other")).key,
    }
    assert len(keys) == 7


def test_the_key_ignores_other_strategies_options_and_where_the_data_lies() -> None:
    assert job(design=Design(options={"gan": {"steps": 5}})).key == job().key
    assert job(data=replace(DATA, path=Path("elsewhere"))).key == job().key


def test_a_saved_arm_comes_back(tmp_path: Path, result: ArmResult) -> None:
    store = ArmStore(tmp_path)
    assert not store.holds(job())
    store.save(job(), result)
    assert store.holds(job())
    pd.testing.assert_frame_equal(store.errors(job()), result.errors)
    assert store.curves(job())[["strategy", "value"]].to_numpy().tolist() == [["flip", 0.5]]
    assert store.model(job())["weight"].tolist() == [0, 1, 2]
    assert store.seconds(job()) == (0.25, 1.5)
    np.testing.assert_array_equal(store.samples(job()).boxes, result.synthetic.boxes)


@pytest.mark.parametrize("name", ["errors.parquet", "model.npz", "synthetic.npz", "arm.json"])
@pytest.mark.parametrize("damage", ["truncated", "changed", "missing"])
def test_a_damaged_arm_is_not_used(tmp_path: Path, result: ArmResult, name: str, damage: str) -> None:
    store = ArmStore(tmp_path)
    store.save(job(), result)
    path = store.path(job()) / name
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(content[:-7] if damage == "truncated" else b"x" + content[1:])
    assert not store.holds(job())


def test_samples_that_are_needed_but_were_not_kept_are_made_again(tmp_path: Path, result: ArmResult) -> None:
    store = ArmStore(tmp_path)
    store.save(replace(job(), keep_samples=False), result)
    assert store.holds(replace(job(), keep_samples=False))
    assert not store.holds(job())
    store.save(job(), result)
    assert store.holds(job())


def test_jobs_that_learn_one_generator_stay_together_and_all_others_apart() -> None:
    arms = [Arm(name, 1.0, 0, seed) for seed in (0, 1) for name in ("none", "flip", "gan", "flip+gan")]
    groups = [{(one.arm.strategy, one.arm.seed) for one in group} for group in alike([job(arm) for arm in arms])]
    together = [{("gan", seed), ("flip+gan", seed)} for seed in (0, 1)]
    assert sorted(map(sorted, groups)) == sorted(
        [[(name, seed)] for name in ("none", "flip") for seed in (0, 1)] + [sorted(pair) for pair in together]
    )


def test_what_an_arm_costs_is_no_part_of_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = job().key
    text = provenance._text
    monkeypatch.setattr(
        provenance,
        "_text",
        lambda module: text(module).replace("    keeps_scenes = True", "    cost = 7.0\n    keeps_scenes = True"),
    )
    assert job().key == before
    monkeypatch.setattr(
        provenance, "_text", lambda module: text(module).replace("    keeps_scenes = True", "    keeps_scenes = False")
    )
    assert job().key != before
