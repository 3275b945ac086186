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
from flows.model_registry import GENERATOR, PREDICTOR, champion_of, fetched, named, register
from flows.predicting import loaded
from flows.studies import planned
from flows.tracking import open_run
from flows.training import examine_arms
from flows.workspace import seal
from pipeline import store
from pipeline.design import the_task
from pipeline.schema import UserError
from pipeline.scoring import score_study
from pipeline.sources import SOURCES
from pipeline.sources.base import read_source
from pipeline.windows import cut_windows

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


def test_a_registered_predictor_foretells_boxes_without_training(
    crowned: Path, small_kitti: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(torch.Tensor, "backward", lambda *_, **__: pytest.fail("a network was trained"))
    every, last = tmp_path / "every.csv", tmp_path / "last.parquet"
    assert cli.main(["predict", "--root", str(small_kitti), "--to", str(every), "--every", "1"]) == 0
    assert cli.main(["predict", "--root", str(small_kitti), "--to", str(last)]) == 0
    predictor = loaded("champion")
    drives = read_source(SOURCES["kitti_tracking"], small_kitti).drives
    windows = cut_windows(drives, 4, kinds=predictor.design.kinds)
    assert f"{len(windows)} forecasts of 4 frames for " in capsys.readouterr().out
    table = pd.read_csv(every, dtype={"drive": str})
    boxes, expected = table[["left", "top", "right", "bottom"]].to_numpy(), predictor.fitted.forecast(windows)
    gone = (expected[..., 2:] <= expected[..., :2]).any(axis=-1, keepdims=True)  # flat at the border of the picture
    assert 0 < gone.mean() < 0.5
    np.testing.assert_allclose(boxes.reshape(expected.shape), np.where(gone, np.nan, expected), atol=0.006)
    assert table["horizon"].tolist() == [1, 2, 3, 4] * len(windows)
    assert table["frame"].tolist() == (windows.frame[:, None] + 3 + np.arange(1, 5)).ravel().tolist()

    seen = table["frame"] - table["horizon"]
    ends = table[seen == seen.groupby([table["drive"], table["track"]]).transform("max")]
    order = ["drive", "track", "frame"]
    found = pd.read_parquet(last).sort_values(order, ignore_index=True)
    pd.testing.assert_frame_equal(found, ends.sort_values(order, ignore_index=True), check_dtype=False)
    found.dropna().to_csv(tmp_path / "again.csv", index=False)
    assert cli.main(["check", str(tmp_path / "again.csv")]) == 0  # forecasts are a tracks table themselves


def made_up_tracks(path: Path, frames: int, dt_s: float) -> str:
    """A car that drives to the right."""
    step = np.arange(frames)
    pd.DataFrame({
        "drive": "monday", "track": 1, "class": "Car", "time_s": dt_s * step, "left": 100.0 + step, "top": 150.0,
        "right": 180.0 + step, "bottom": 200.0, "image_width": 1242, "image_height": 375,
    }).to_csv(path, index=False)  # fmt: skip
    return str(path)


def registered_again(study: str, folder: Path, design: Mapping[str, object], *, harmed: bool = False) -> None:
    """The champion's predictor under another name, with another design."""
    found = champion_of("kitti-tracking", PREDICTOR)
    assert found is not None
    folder.mkdir()
    with fetched(found) as own:
        facts = json.loads((own / "model.json").read_text())
        shutil.copy(own / "model.npz", folder)
    seal(folder, "model.json", {"design": {**facts["design"], **design}, "about": facts["about"]})
    if harmed:
        np.savez(folder / "model.npz", history=np.asarray(4))
    register(folder, study, PREDICTOR, dict(found.tags), "by a test", open_run(study, {}))


def test_a_predictor_says_what_it_cannot_do(crowned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slow, short = made_up_tracks(tmp_path / "slow.csv", 9, 0.5), made_up_tracks(tmp_path / "short.csv", 3, 0.1)
    good, target = made_up_tracks(tmp_path / "good.csv", 9, 0.1), str(tmp_path / "to.csv")
    registered_again("depths", tmp_path / "depths", {"task": "depth"})
    registered_again("plans", tmp_path / "plans", {"task": "prediction_given_ego"})
    registered_again("newer", tmp_path / "newer", {"options": {"task": {"hidden": 3}}})
    registered_again("harmed", tmp_path / "harmed", {}, harmed=True)
    ours = ["--model", "kitti-tracking"]
    for words, reason in (
        ([*ours, "--root", good, "--to", "to.txt"], "must end in .csv or .parquet"),
        ([*ours, "--root", good, "--to", good], "exists already"),
        ([*ours, "--root", "nowhere", "--to", target], "nowhere does not exist"),
        ([*ours, "--root", good, "--to", target, "--every", "0"], "at least 1, got 0"),
        ([*ours, "--root", good, "--to", target, "--source", "kitti_raw"], "good.csv"),
        ([*ours, "--root", slow, "--to", target], "monday has a frame every 0.5 s"),
        ([*ours, "--root", short, "--to", target], "window of 4 frames: the longest unbroken run"),
        (["--root", good, "--to", target], "several champions"),
        (["--model", "depths", "--root", good, "--to", target], 'of the task "depth"'),
        (["--model", "plans", "--root", good, "--to", target], 'of the task "prediction_given_ego"'),
        (["--model", "newer", "--root", good, "--to", target], "does not fit the code that is here"),
        (["--model", "harmed", "--root", good, "--to", target], "is damaged"),
    ):
        assert cli.main(["predict", *words]) == 1, words
        assert reason in capsys.readouterr().err
        assert not Path(target).exists()
    assert cli.main(["predict", *ours, "--root", good, "--to", target]) == 0
    assert "1 forecasts of 4 frames for 1 tracks\n" in capsys.readouterr().out


def test_without_a_champion_a_user_is_told_so(
    empty_mlflow: Path, workspace: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    workspace.mkdir()
    shutil.copy(empty_mlflow, workspace / "mlflow.db")
    assert cli.main(["models"]) == 0
    assert "Nothing is registered yet" in capsys.readouterr().out
    assert cli.main(["synthesize", "--model", "champion", "--n", "1", "--to", str(tmp_path / "x")]) == 1
    assert "No generator is registered yet" in capsys.readouterr().err
