"""The search for settings: judged on validation drives alone, continued after a kill, repeated for nothing."""

import fcntl
import json
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

import optuna
import pandas as pd
import pytest
from optuna.trial import TrialState

from flows import cli, search_trials
from flows.arm_store import ArmStore, Job
from flows.results import load_facts
from flows.search import SHARE, Search, with_settings
from flows.search_results import best_settings, best_trial, write_results
from flows.search_trials import finished, settings_of, try_settings
from flows.studies import planned
from flows.training import examine_arms
from flows.tuning import tuned
from pipeline import store
from pipeline.schema import UserError

SPLIT = ("history=4", "future=4", "task.steps=3", 'valid=["0001"]', 'held_out=["0002"]')


def a_search(root: Path, folder: Path, strategy: str = "jitter", given: Sequence[str] = (), seeds: int = 2) -> Search:
    settings = (f"strategies=[none,{strategy}]", *SPLIT, *given)
    plan = planned("kitti-tracking", root, seeds, None, settings)
    data = store.ingest(plan.source, plan.root, folder / "interim")
    (split,) = plan.splits([drive.name for drive in store.load(data.path)])
    return Search.of(plan, strategy, data, split, seeds, 1.0, settings)


def carried_out(search: Search, folder: Path, trials: int) -> optuna.Study:
    arms = ArmStore(folder / "arms")
    for job in search.plain:
        if not arms.holds(job):
            examine_arms.fn([job], arms)
    return try_settings(search, arms, folder / "search", trials, workers=1)


def gains(study: optuna.Study) -> list[dict[int, float]]:
    return [trial.intermediate_values for trial in study.trials]


@pytest.fixture(scope="module")
def found(small_kitti: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Search, optuna.Study, Path]:
    """Three trials of two seeds."""
    folder = tmp_path_factory.mktemp("found")
    search = a_search(small_kitti, folder)
    return search, carried_out(search, folder, 3), folder


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the arms that are trained from here on, rather than found in the store."""
    names: list[str] = []
    real = examine_arms.fn

    def remember(jobs: Sequence[Job], arms: ArmStore) -> list[float]:
        names.extend(job.arm.name for job in jobs)
        return real(jobs, arms)

    monkeypatch.setattr(search_trials.examine_arms, "fn", remember)
    return names


def test_the_first_trial_is_the_study_as_it_is_and_later_ones_differ(
    found: tuple[Search, optuna.Study, Path],
) -> None:
    search, study, _ = found
    tried = [settings_of(trial, search.space()) for trial in study.trials]
    assert tried[0] == {SHARE: 0.5, "sd_heights": 0.005}
    assert len({json.dumps(settings) for settings in tried}) == 3
    assert all(search.space()[name].holds(value) for settings in tried for name, value in settings.items())


def test_nothing_changes_when_the_held_out_drives_do(
    found: tuple[Search, optuna.Study, Path], small_kitti: Path, tmp_path: Path
) -> None:
    search, study, folder = found
    shutil.copytree(small_kitti, tmp_path / "training")
    labels = tmp_path / "training" / "label_02" / "0002.txt"
    lines = labels.read_text().splitlines(keepends=True)
    labels.write_text("".join(lines[: len(lines) // 2]))
    other = a_search(tmp_path / "training", tmp_path)
    assert other.data.digest != search.data.digest
    assert gains(carried_out(other, tmp_path, 3)) == gains(study)
    for errors in (folder / "arms").glob("*/errors.parquet"):
        assert set(pd.read_parquet(errors)["drive"]) == {"0001"}


def test_the_same_search_again_trains_nothing(found: tuple[Search, optuna.Study, Path], trained: list[str]) -> None:
    search, study, folder = found
    assert gains(carried_out(search, folder, 3)) == gains(study)
    assert trained == []


def test_what_a_dead_process_was_trying_is_tried_again_and_the_rest_is_as_if_it_had_lived(
    found: tuple[Search, optuna.Study, Path], small_kitti: Path, tmp_path: Path
) -> None:
    _, undisturbed, _ = found
    search = a_search(small_kitti, tmp_path)
    study = carried_out(search, tmp_path, 1)
    study.enqueue_trial(undisturbed.trials[1].params)
    study.ask(fixed_distributions=undisturbed.trials[1].distributions)
    again = carried_out(search, tmp_path, 3)
    assert [trial.state for trial in again.trials][1] is TrialState.FAIL
    assert [trial.values for trial in finished(again)] == [trial.values for trial in undisturbed.trials]


def test_settings_that_somebody_has_set_are_not_searched(small_kitti: Path, tmp_path: Path) -> None:
    search = a_search(small_kitti, tmp_path, given=("jitter.sd_heights=0.01",))
    assert set(search.space()) == {SHARE}


def test_the_command_examines_what_was_found(found: tuple[Search, optuna.Study, Path]) -> None:
    search, study, _ = found
    best = best_settings(search, study)
    words = cli.parser().parse_args(shlex.split(search.command(best))[1:])
    plan = planned(words.study, words.root, 2, None, words.overrides)
    assert plan.schedule("jitter").share == best[SHARE]
    assert plan.design.options["jitter"] == {"sd_heights": best["sd_heights"]}
    (split,) = plan.splits(["0000", "0001", "0002", "0003"])
    assert split.held_out == ("0002",)


def test_of_rotating_folds_only_drives_that_no_trial_saw_are_examined(small_kitti: Path, tmp_path: Path) -> None:
    search = a_search(small_kitti, tmp_path)
    rotating = planned("mini", None, 1)
    split = rotating.splits(["0000", "0001", "0002"])[0]
    command = Search.of(rotating, "jitter", search.data, split, 1, 1.0).command({})
    words = cli.parser().parse_args(shlex.split(command)[1:])
    assert planned("mini", None, 1, None, words.overrides).splits(["0000", "0001", "0002"]) == (split,)


def test_settings_that_a_recipe_refuses_are_told_with_the_reason(small_kitti: Path, tmp_path: Path) -> None:
    search = a_search(small_kitti, tmp_path, "time_warp", seeds=1)  # 1.5 frames are too many for windows of 8
    study = carried_out(search, tmp_path, 1)
    assert best_trial(study) is None
    write_results(tmp_path / "page", search, study, "augment-kitti tune")
    (trial,) = load_facts(tmp_path / "page")["search"]["trials"]
    assert "too large for 8 frames" in trial["outcome"]
    assert "No trial was finished" in (tmp_path / "page" / "report.html").read_text()


def test_two_processes_do_not_carry_out_one_search(found: tuple[Search, optuna.Study, Path]) -> None:
    search, _, folder = found
    with (folder / "search" / "search.lock").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="Another process is at this search"):
            carried_out(search, folder, 3)


@pytest.mark.parametrize(
    ("strategy", "reason"),
    [("none", "nothing to tune"), ("jiter", 'Did you mean "jitter"'), ("gan", "Unknown strategy")],
)
def test_what_cannot_be_searched_is_named(found: tuple[Search, optuna.Study, Path], strategy: str, reason: str) -> None:
    search = found[0]
    with pytest.raises(UserError, match=reason):
        Search.of(search.plan, strategy, search.data, search.split, 1, 1.0)


def test_a_share_that_is_none_and_trials_of_rotating_folds_are_refused() -> None:
    with pytest.raises(UserError, match=r"jitter.share must lie between 0 and 1, got 1"):
        planned("mini", None, 1, None, ["jitter.share=1"])
    with pytest.raises(UserError, match="rotating folds"):
        planned("mini", None, 1, None, ['tune={"jitter": 2}'])


@pytest.mark.usefixtures("prefect_server")
def test_a_study_that_asks_for_it_is_tuned_before_it_is_examined(
    found: tuple[Search, optuna.Study, Path], workspace: Path
) -> None:
    search, study, folder = found
    plan = planned(
        "kitti-tracking", search.plan.root, 2, None, [*search.given, "fractions=[1.0]", 'tune={"jitter": 3}']
    )
    better = tuned(plan, search.data, search.split, ArmStore(folder / "arms"), workers=1)
    assert better == with_settings(plan, "jitter", best_settings(search, study))


@pytest.mark.usefixtures("prefect_server")
def test_the_flow_leaves_a_page_and_a_run_for_each_trial(
    small_kitti: Path, empty_mlflow: Path, workspace: Path
) -> None:
    import mlflow

    from flows.tune_flow import tune

    workspace.mkdir()
    shutil.copy(empty_mlflow, workspace / "mlflow.db")
    overrides = ["strategies=[none,jitter]", *SPLIT]
    folder = Path(tune("kitti-tracking", "jitter", str(small_kitti), trials=2, workers=1, seeds=1, overrides=overrides))
    assert {path.name for path in folder.iterdir()} == {"report.html", "run.json", "trials.csv", "figures"}
    assert len(pd.read_csv(folder / "trials.csv")) == 2
    uri = f"sqlite:///{workspace / 'mlflow.db'}"
    client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
    experiment = client.get_experiment_by_name("augment-kitti kitti-tracking")
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert set(runs) == {"tune jitter", "trial 0", "trial 1"}
    best = runs["tune jitter"].data.metrics["valid_gain_pct"]
    assert best == max(runs[f"trial {number}"].data.metrics["valid_gain_pct"] for number in range(2))
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
