"""Champions: registered only beyond doubt, replaced only by what beat them, and used without training."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from flows import cli
from flows.arm_store import ArmStore, Job
from flows.championship import Contender, decide
from flows.crowning import crown
from flows.model_registry import GENERATOR, PREDICTOR, champion_of, fetched, named
from flows.studies import planned
from flows.tracking import open_run
from flows.training import examine_arms
from pipeline import store
from pipeline.arms import the_task
from pipeline.schema import UserError
from pipeline.scoring import score_study

SOUND = {"none": 1.0, "copies": 1.0, "noise": 1.1, "scale": 0.95, "flip": 0.7}
RECIPES = {"none": {}, "copies": {}, "noise": {"strength": 1.0}, "scale": {"most": 1.25}, "flip": {}}


def error_table(factors: Mapping[str, float]) -> pd.DataFrame:
    """4 seeds on 6 drives; each drive has its difficulty, each strategy its factor."""
    rng = np.random.default_rng(7)
    rows = [
        {"strategy": strategy, "fraction": 1.0, "fold": 0, "seed": seed, "synthetic_only": False,
         "drive": f"{drive:04d}", "kind": "Car", "border": False, "n": 50,
         "ade_px": (8 + 2 * drive) * factor * (1 + 0.02 * rng.standard_normal()), "iou_10": 0.5, "e1_px": 1.0,
         "step_01_px": 1.0}
        for strategy, factor in factors.items()
        for seed in range(4)
        for drive in range(6)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def finished_study(folder: Path, factors: Mapping[str, float] = SOUND, **known: object) -> Path:
    """What a study leaves, as far as a championship looks at it."""
    folder.mkdir(exist_ok=True)
    errors = error_table(factors)
    errors.to_parquet(folder / "errors.parquet", index=False)
    baseline = error_table({"constant_velocity": 2.0}).query("seed == 0").assign(seed=-1)
    scores = score_study(errors, baseline, rng=np.random.default_rng(0))
    (folder / "scores.json").write_text(scores.to_json())
    facts = {
        "name": "kitti-tracking", "strategies": {name: RECIPES[name] for name in factors}, "data_digest": "d",
        "design": {"task": "prediction"}, "seeds": 4, "fractions": [1.0], "source": "kitti_tracking",
        "splits": [{"train": ["0000", "0003"]}], "command": "augment-kitti run", "code_digest": "c", "stored": "gone",
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps({**facts, **known}))
    return folder


def champion(folder: Path) -> Contender:
    decision = decide(folder, None)
    assert decision.champion is not None
    return decision.champion


def test_the_best_strategy_beyond_doubt_becomes_champion(tmp_path: Path) -> None:
    found = champion(finished_study(tmp_path))
    assert (found.strategy, found.study) == ("flip", "kitti-tracking")
    assert 0 < found.ci_low < found.gain_pct < found.ci_high
    assert Contender.of_tags(found.tags()) == found


@pytest.mark.parametrize(
    ("factors", "reason"),
    [
        ({**SOUND, "flip": 1.0, "scale": 1.0}, "no strategy's interval lies above 0"),
        ({**SOUND, "noise": 0.6}, "not every placebo holds"),
        ({"none": 1.0, "flip": 0.7}, "not every placebo holds"),
    ],
)
def test_doubt_makes_no_champion(tmp_path: Path, factors: Mapping[str, float], reason: str) -> None:
    decision = decide(finished_study(tmp_path, factors), None)
    assert decision.champion is None
    assert reason in decision.why


def test_a_challenger_must_beat_the_champion_in_one_study(tmp_path: Path) -> None:
    old = champion(finished_study(tmp_path / "old", {**SOUND, "flip": 1.0, "scale": 0.8}))
    assert old.strategy == "scale"
    better = decide(finished_study(tmp_path / "better", {**SOUND, "scale": 0.8}), old)
    assert better.champion is not None
    assert better.champion.strategy == "flip"
    assert "which it beats by" in better.why
    equal = decide(finished_study(tmp_path / "equal", {**SOUND, "scale": 0.705}), old)
    assert equal.champion is None
    assert "reaches 0" in equal.why
    apart = decide(finished_study(tmp_path / "apart", {name: SOUND[name] for name in SOUND if name != "scale"}), old)
    assert apart.champion is None
    assert "does not examine the champion's recipe" in apart.why
    other = decide(finished_study(tmp_path / "other", {**SOUND, "scale": 0.8}), replace(old, recipe="another"))
    assert other.champion is None
    again = decide(finished_study(tmp_path / "again", {**SOUND, "flip": 1.0, "scale": 0.8}), old)
    assert again.why == "scale is the champion already."


@pytest.fixture
def crowned(small_kitti: Path, empty_mlflow: Path, workspace: Path, settings: list[str], tmp_path: Path) -> Path:
    """A data folder in whose MLflow the flip of a tiny study is champion; returns the study's folder."""
    workspace.mkdir()
    shutil.copy(empty_mlflow, workspace / "mlflow.db")
    plan = planned("kitti-tracking", small_kitti, 1, None, settings)
    data = store.ingest(plan.source, plan.root, workspace / "interim")
    (split,) = plan.splits([drive.name for drive in store.load(data.path)])
    jobs = [Job.of(arm, plan.design, split, data, keep_samples=False) for arm in plan.arms(1) if arm.strategy == "flip"]
    arms = ArmStore(workspace / "arms")
    examine_arms.fn(jobs, arms)
    folder = finished_study(tmp_path / "study", stored=str(data.path), design=asdict(plan.design))
    run = open_run("kitti-tracking", {})
    assert crown.fn(folder, jobs, arms, run).champion is not None
    assert crown.fn(folder, jobs, arms, run).champion is None
    task, model = the_task(plan.design), arms.model(jobs[0])
    task.from_arrays(model)
    return folder


def test_a_champion_is_listed_kept_with_a_card_and_used_without_training(
    crowned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["models"]) == 0
    listed = capsys.readouterr().out
    assert listed.count("champion") == 3  # the heading, the generator, the predictor
    for role, files in (
        (GENERATOR, {"recipe.json", "weights.npz", "real.npz"}),
        (PREDICTOR, {"model.npz", "model.json"}),
    ):
        found = champion_of("kitti-tracking", role)
        assert found is not None
        assert found.version == "1"
        with fetched(found) as folder:
            assert {path.name for path in folder.iterdir()} == {"MODEL_CARD.md", *files}
            card = (folder / "MODEL_CARD.md").read_text()
    assert "flip" in card
    assert "KITTI" in card
    monkeypatch.setattr(torch.Tensor, "backward", lambda *_, **__: pytest.fail("a network was trained"))
    words = ["synthesize", "--model", "champion", "--n", "5", "--to", str(tmp_path / "out"), "--format", "parquet"]
    assert cli.main(words) == 0
    assert "champion: loaded in" in capsys.readouterr().out
    provenance = json.loads((tmp_path / "out" / "data_card.json").read_text())
    assert provenance["strategy"] == "flip"
    assert provenance["study"] == "kitti-tracking"
    assert "--model champion" in provenance["command"]
    with pytest.raises(UserError, match='Did you mean "kitti-tracking@champion"'):
        named("kiti-tracking@champion")
    assert cli.main([*words, "--root", "x"]) == 1
    assert cli.main(["synthesize", "--n", "1", "--to", str(tmp_path / "none")]) == 1


def test_without_a_champion_a_user_is_told_so(
    empty_mlflow: Path, workspace: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    workspace.mkdir()
    shutil.copy(empty_mlflow, workspace / "mlflow.db")
    assert cli.main(["models"]) == 0
    assert "Nothing is registered yet" in capsys.readouterr().out
    assert cli.main(["synthesize", "--model", "champion", "--n", "1", "--to", str(tmp_path / "x")]) == 1
    assert "No generator is registered yet" in capsys.readouterr().err
