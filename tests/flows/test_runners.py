"""The same arms from Dask and from Ray (processes: see test_augment_kitti), to the last bit those of one process."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from prefect import flow

from flows import runners, training
from flows.arm_store import ArmStore, Job
from flows.augment_kitti import plan_arms
from flows.runners import engine, running
from flows.studies import planned
from flows.training import train_arms
from pipeline import store
from pipeline.schema import UserError

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture(scope="module")
def jobs(small_kitti: Path, settings: list[str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Job, ...]:
    plan = planned("kitti-tracking", small_kitti, 1, None, settings)
    data = store.ingest(plan.source, plan.root, tmp_path_factory.mktemp("interim"))
    return plan_arms(plan, plan.splits([drive.name for drive in store.load(data.path)]), data)


@flow(name="train")
def _train(jobs: tuple[Job, ...], arms: ArmStore, workers: int, runner: str) -> None:
    train_arms(jobs, arms, workers, runner=runner)


@pytest.fixture(scope="module")
def alone(jobs: tuple[Job, ...], prefect_server: None, tmp_path_factory: pytest.TempPathFactory) -> ArmStore:
    """The arms as one process makes them."""
    arms = ArmStore(tmp_path_factory.mktemp("alone"))
    _train(jobs, arms, 1, "process")
    return arms


@pytest.mark.slow
@pytest.mark.parametrize(
    ("runner", "needs"), [("process", "prefect"), ("dask", "prefect_dask"), ("ray", "prefect_ray")]
)
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the engines' own sockets
def test_every_engine_gives_the_same_bits(
    runner: str, needs: str, jobs: tuple[Job, ...], alone: ArmStore, tmp_path: Path
) -> None:
    pytest.importorskip(needs, reason=f"{needs} is an extra: see pyproject.toml")
    arms = ArmStore(tmp_path / "arms")
    _train(jobs, arms, 2, runner)
    for job in jobs:
        assert arms.holds(job)
        pd.testing.assert_frame_equal(arms.errors(job), alone.errors(job), check_exact=True)
        ours, theirs = arms.model(job), alone.model(job)
        assert ours.keys() == theirs.keys()
        for name, values in ours.items():
            np.testing.assert_array_equal(values, theirs[name])


def test_workers_that_keep_their_results_to_themselves_are_found_out(
    jobs: tuple[Job, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "work_off", lambda *words: None)
    with pytest.raises(UserError, match="do not share"):
        train_arms(jobs, ArmStore(tmp_path), 2, runner="dask:tcp://elsewhere:8786")


def test_seeds_are_finished_one_after_the_other(
    jobs: tuple[Job, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = tuple(replace(job, arm=replace(job.arm, seed=1), key=f"{job.key}-1") for job in jobs)
    turns: list[int] = []
    monkeypatch.setattr(training, "work_off", lambda _, work, *rest: turns.extend(w[0][0].seed for w in work))
    train_arms((*later, *jobs), ArmStore(tmp_path), 2)
    assert turns == sorted(turns)
    assert set(turns) == {0, 1}


@pytest.mark.parametrize("name", ["dusk", "", "process2:x"])
def test_an_unknown_engine_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="Known: process, dask, ray"):
        engine(name)


def test_an_engine_that_is_not_installed_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(runners, "import_module", missing)
    with pytest.raises(UserError, match=r"pip install 'augment-kitti\[ray\]'"), running("ray", 2, print):
        pass


def test_processes_have_no_address() -> None:
    with pytest.raises(UserError, match="no address"), running("process:tcp://x", 2, print):
        pass


def test_a_cluster_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nobody:
        def __enter__(self) -> None:
            raise TimeoutError("nobody at tcp://x")

        def __exit__(self, *why: object) -> None:
            raise AssertionError("was never entered")

    made: Callable[..., object] = lambda *words: Nobody()  # noqa: E731
    monkeypatch.setitem(runners.RUNNERS, "dask", made)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="nobody at tcp://x"), running("dask:tcp://x", 2, print):
        pass


def test_jobs_are_small_enough_to_travel(jobs: tuple[Job, ...]) -> None:
    import pickle

    assert len(pickle.dumps(jobs[0])) < 4000
    assert pickle.loads(pickle.dumps(jobs[0])) == replace(jobs[0])
