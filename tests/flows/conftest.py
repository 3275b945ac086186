"""Fixtures of the flow's tests: a folder of its own for each, one Prefect server and one MLflow database for all."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

os.environ |= {  # before Prefect and MLflow are imported
    "DO_NOT_TRACK": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "PREFECT_LOGGING_LEVEL": "ERROR",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    "PREFECT_PLUGINS_ENABLED": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
}
os.environ.pop("PREFECT_API_URL", None)
os.environ.pop("PREFECT_API_DATABASE_CONNECTION_URL", None)
os.environ.pop("MLFLOW_TRACKING_URI", None)

from pipeline.city.drives import labelled_drive
from pipeline.kitti_layout import write_tracking

SETTINGS = (
    "strategies=[none,copies,noise,flip]", "fractions=[1.0]", "tstr_seeds=1", "history=4", "future=4", "task.steps=3",
    'valid=["0001"]', 'held_out=["0002"]',
)  # fmt: skip
"""``kitti-tracking`` cut down to seconds: 2 seeds of 4 strategies, and 3 arms on synthetic samples alone."""


@pytest.fixture(scope="session")
def small_kitti(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four short drives of an embedded city as a KITTI tracking folder."""
    root = tmp_path_factory.mktemp("kitti") / "training"
    for number in range(4):
        write_tracking(labelled_drive(0, number, 40), root)
    return root


@pytest.fixture(scope="session")
def settings() -> list[str]:
    return list(SETTINGS)


@pytest.fixture(scope="session")
def empty_mlflow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of MLflow's tables: making them takes seconds, copying them does not."""
    import mlflow

    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    uri = f"sqlite:///{path}"
    mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri).search_experiments()
    return path


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """One Prefect server for all tests that need the engine: it takes ten seconds to start."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=180):
        yield


@pytest.fixture(scope="session")
def empty_prefect(prefect_server: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of Prefect's tables, copied for the same reason."""
    from prefect.settings import get_current_settings

    url = get_current_settings().server.database.connection_url
    assert url is not None
    path = tmp_path_factory.mktemp("prefect") / "prefect.db"
    used = url.get_secret_value().split("///")[1]
    with closing(sqlite3.connect(used)) as source, closing(sqlite3.connect(path)) as copy:
        source.backup(copy)
        copy.executescript("delete from flow_run; delete from deployment; delete from work_pool")
    return path


@pytest.fixture(scope="session")
def make_workspace(empty_mlflow: Path, empty_prefect: Path) -> Callable[[Path], Path]:
    """Makes an empty data folder whose databases need no set-up."""

    def make(folder: Path) -> Path:
        (folder / "prefect").mkdir(parents=True)
        shutil.copy(empty_mlflow, folder / "mlflow.db")
        shutil.copy(empty_prefect, folder / "prefect" / "prefect.db")
        return folder

    return make


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder of the test's own."""
    folder = tmp_path / "data"
    monkeypatch.setenv("AUGMENT_KITTI_DATA", str(folder))
    return folder
