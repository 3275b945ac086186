"""The flow from data to report, its cache, and its record. One study is run once; the tests look at what it left."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from flows import augment_kitti as flow_module
from flows import mlflow_runs, recording, tracking
from flows.augment_kitti import arm_store, augment_kitti
from flows.ranking import VIEW_TAG
from flows.results import load_facts, load_samples, load_scores
from flows.training import examine_arms
from pipeline.schema import UserError

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture(scope="module")
def study(
    small_kitti: Path, settings: list[str], empty_mlflow: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SimpleNamespace]:
    """A finished study and its data folder, which stays the data folder of every test in this module."""
    data = tmp_path_factory.mktemp("data")
    shutil.copy(empty_mlflow, data / "mlflow.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUGMENT_KITTI_DATA", str(data))
        arguments = {"study": "kitti-tracking", "root": str(small_kitti), "seeds": 2, "overrides": settings}
        folder = Path(augment_kitti(**arguments, workers=1))
        yield SimpleNamespace(folder=folder, data=data, arguments=arguments)


@pytest.fixture
def arms_run(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the arms that are computed from here on, rather than found in the store."""
    from flows import training

    names: list[str] = []
    real = training.run_arm

    def remember(arm, *rest):
        names.append(arm.name)
        return real(arm, *rest)

    monkeypatch.setattr(training, "run_arm", remember)
    return names


def test_a_study_leaves_a_complete_folder(study: SimpleNamespace) -> None:
    names = {path.name for path in study.folder.iterdir()}
    assert {"report.html", "scores.json", "run.json", "errors.parquet", "curves.parquet", "samples"} <= names
    scores = load_scores(study.folder)
    assert {arm.strategy for arm in scores.arms} == {"none", "copies", "noise", "flip", "policy"}
    assert {arm.seeds for arm in scores.arms} == {2}
    assert {item.name for item in scores.baselines} == {"constant_position", "constant_velocity", "kalman"}
    assert {item.strategy for item in scores.synthetic_only} == {"copies", "noise", "flip"}
    assert all(item.tested_on_synthetic is not None for item in scores.synthetic_only)
    assert set(load_samples(study.folder)) == {"copies", "noise", "flip"}


def test_the_report_takes_the_error_apart(study: SimpleNamespace) -> None:
    anatomy = pd.read_parquet(study.folder / "anatomy.parquet")
    assert {"none", "flip", "model, ego told", "world, ego told", "label noise"} <= set(anatomy["subject"])
    plain = anatomy[(anatomy["subject"] == "none") & (anatomy["by"] == "drives")]
    scores = load_scores(study.folder)
    assert plain["error"].item() == pytest.approx(next(arm.mean for arm in scores.arms if arm.strategy == "none"))
    page = (study.folder / "report.html").read_text()
    assert "What the error consists of" in page
    assert (study.folder / "figures" / "error_left_1.png").exists()


def test_held_out_drives_alone_are_examined(study: SimpleNamespace) -> None:
    assert set(pd.read_parquet(study.folder / "errors.parquet")["drive"]) == {"0002"}
    (split,) = load_facts(study.folder)["splits"]
    assert split == {"train": ["0000", "0003"], "valid": ["0001"], "held_out": ["0002"], "look": []}
    assert all("0002" not in windows.drive for windows in load_samples(study.folder).values())


def test_the_report_says_how_to_repeat_the_study(study: SimpleNamespace) -> None:
    command = load_facts(study.folder)["command"]
    assert command.startswith("augment-kitti run kitti-tracking --root ")
    assert "--seeds 2 --set 'strategies=[none,copies,noise,flip]'" in command


def test_the_same_study_again_computes_nothing_and_says_the_same(study: SimpleNamespace, arms_run: list[str]) -> None:
    before = (study.folder / "scores.json").read_text()
    assert augment_kitti(**study.arguments, workers=1) == str(study.folder)
    assert arms_run == []
    assert timeless(before) == timeless((study.folder / "scores.json").read_text())


def test_a_damaged_and_a_missing_arm_are_computed_again_to_the_same_numbers(
    study: SimpleNamespace, arms_run: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mlflow_runs, "record", lambda folder, opened: None)
    before = pd.read_parquet(study.folder / "errors.parquet")
    folders = {
        json.loads((path / "arm.json").read_text())["arm"]["strategy"]: path for path in arm_store().folder.iterdir()
    }
    (folders["flip"] / "errors.parquet").write_bytes(b"damaged")
    shutil.rmtree(folders["none"])
    augment_kitti(**study.arguments, workers=1)
    assert sorted(name.split("-")[0] for name in arms_run) == ["flip", "none"]
    pd.testing.assert_frame_equal(before, pd.read_parquet(study.folder / "errors.parquet"))


def test_two_processes_find_the_numbers_of_one(
    study: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording.tracking, "trouble", lambda: "not now")
    monkeypatch.setattr(flow_module, "arm_store", lambda: flow_module.ArmStore(tmp_path / "arms"))
    folder = augment_kitti(**study.arguments, workers=2, out=str(tmp_path / "two"))
    assert len(list((tmp_path / "arms").iterdir())) == 13  # two of them only for the anatomy
    pd.testing.assert_frame_equal(
        pd.read_parquet(study.folder / "errors.parquet"), pd.read_parquet(Path(folder) / "errors.parquet")
    )


def test_mlflow_holds_a_parent_and_a_child_for_each_strategy(study: SimpleNamespace) -> None:
    parent, children = recorded_runs(study.data)
    assert {run.data.params["strategy"] for run in children} == {"none", "copies", "noise", "flip"}
    assert {run.info.status for run in (parent, *children)} == {"FINISHED"}
    keys = {frozenset(run.data.metrics) for run in children}
    assert "gain_pct.at_1" in next(iter(keys))
    common = frozenset.intersection(*keys)
    assert {"mean.at_1", "gain_pct.at_1", "fit_s.at_1", "train_s.at_1"} <= common
    assert len({key for run in (parent, *children) for key in run.data.metrics}) < 60
    noise = next(run for run in children if run.data.params["strategy"] == "noise")
    arm = next(arm for arm in load_scores(study.folder).arms if arm.strategy == "noise")
    assert noise.data.metrics["gain_pct.at_1"] == pytest.approx(arm.gain_pct, rel=1e-3)
    assert noise.data.tags["verdict"] == "placebo"
    assert "valid" in parent.data.metrics
    assert parent.data.tags["winner"]
    (experiment,) = {run.info.experiment_id for run in (parent, *children)}
    view = json.loads(tracking.connected().get_experiment(experiment).tags[VIEW_TAG])
    assert parent.info.run_id in view["searchFilter"]
    assert view["orderByKey"].split("`")[1] in common
    assert any(key.startswith("noise.") for key in noise.data.params)


def test_mlflow_knows_the_data_by_digest(study: SimpleNamespace) -> None:
    parent, children = recorded_runs(study.data)
    facts = load_facts(study.folder)
    (real,) = parent.inputs.dataset_inputs
    assert (real.dataset.name, real.dataset.digest) == ("kitti_tracking", facts["data_digest"][:36])
    flip = next(run for run in children if run.data.params["strategy"] == "flip")
    digests = {item.tags[0].value: item.dataset.digest for item in flip.inputs.dataset_inputs}
    assert digests == {"train": facts["data_digest"][:36], "synthetic": facts["samples"]["flip"][:36]}


def test_mlflow_and_prefect_link_to_each_other(study: SimpleNamespace) -> None:
    from prefect.client.orchestration import get_client

    parent, _ = recorded_runs(study.data)
    assert "| strategy |" in parent.data.tags["mlflow.note.content"]
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(parent.data.tags["prefect.flow_run_id"])
        assert run.name == parent.data.tags["prefect.flow_run_name"]
        artifacts = {artifact.key: artifact for artifact in client.read_artifacts()}
    assert "/#/experiments/" in artifacts["mlflow-run"].data
    assert artifacts["arms"].data == 100
    assert "| strategy |" in artifacts["answer"].data


def test_mlflow_holds_report_table_figures_and_samples(study: SimpleNamespace) -> None:
    parent, children = recorded_runs(study.data)
    client = tracking.connected()
    assert {item.path for item in client.list_artifacts(parent.info.run_id)} >= {"report", "scores_table.json"}
    names = {item.path for item in client.list_artifacts(parent.info.run_id, "report")}
    assert {"report/report.html", "report/scores.json", "report/figures"} <= names
    flip = next(run for run in children if run.data.params["strategy"] == "flip")
    assert [item.path for item in client.list_artifacts(flip.info.run_id, "samples")] == ["samples/flip.npz"]


def test_what_a_killed_run_left_open_is_closed_by_the_next(study: SimpleNamespace, arms_run: list[str]) -> None:
    from prefect.client.orchestration import get_client
    from prefect.states import Running

    left = tracking.open_run("kitti-tracking", {})
    with get_client(sync_client=True) as client:
        killed = client.create_flow_run(augment_kitti, state=Running())
    (study.data / "running").mkdir(exist_ok=True)
    record = {"flow_run_id": str(killed.id), "mlflow_uri": left.uri, "mlflow_run_id": left.run_id}
    (study.data / "running" / f"{killed.id}.json").write_text(json.dumps(record))
    augment_kitti(**study.arguments, workers=1)
    assert tracking.connected().get_run(left.run_id).info.status == "KILLED"
    with get_client(sync_client=True) as client:
        assert client.read_flow_run(killed.id).state.is_crashed()
    assert list((study.data / "running").iterdir()) == []


def test_a_silent_tracker_costs_a_warning_and_not_the_study(
    study: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert augment_kitti(**study.arguments, workers=1) == str(study.folder)
    warnings = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning")]
    assert len(warnings) == 2
    assert "MLflow does not answer at http://127.0.0.1:9" in warnings[0]
    assert warnings[1].endswith(f"augment-kitti record {study.folder}")


def test_a_study_can_be_recorded_later(
    study: SimpleNamespace, tmp_path: Path, empty_mlflow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(empty_mlflow, tmp_path / "later.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'later.db'}")
    opened = mlflow_runs.record(study.folder)
    assert tracking.connected().get_run(opened.run_id).info.status == "FINISHED"
    with sqlite3.connect(tmp_path / "later.db") as database:
        assert database.execute("select count(*) from runs").fetchone() == (5,)


def test_a_failed_arm_is_tried_again_but_a_users_mistake_is_not(
    monkeypatch: pytest.MonkeyPatch, study: SimpleNamespace
) -> None:
    from flows import training

    tries: list[str] = []

    def fail(arm, *rest):
        tries.append(arm.name)
        raise UserError("No track is long enough")

    monkeypatch.setattr(training, "run_arm", fail)
    monkeypatch.setattr(flow_module, "arm_store", lambda: flow_module.ArmStore(study.data / "none"))
    with pytest.raises(UserError, match="long enough"):
        augment_kitti(**study.arguments, workers=1)
    assert len(tries) == 1
    assert examine_arms.retries == 2


def test_a_report_is_never_written_over_other_files(study: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("dear diary")
    with pytest.raises(UserError, match="holds other files"):
        augment_kitti(**study.arguments, out=str(tmp_path))


def load_arm(folder: Path) -> dict[str, object]:
    return json.loads((folder / "arm.json").read_text())["arm"]


def timeless(scores: str) -> dict[str, object]:
    """Scores without the time they were made."""
    content = json.loads(scores)
    del content["created"]
    return content


def recorded_runs(data: Path) -> tuple["Run", list["Run"]]:  # noqa: F821
    """The newest finished parent run, and its children."""
    client = tracking.connected(f"sqlite:///{data / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("augment-kitti kitti-tracking")
    runs = client.search_runs([experiment.experiment_id])
    parents = [run for run in runs if "prefect.flow_run_id" in run.data.tags and run.info.status == "FINISHED"]
    parent = max(parents, key=lambda run: run.info.start_time)
    return parent, [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
