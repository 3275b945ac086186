"""Fixtures of the flow's tests: a folder of its own for each, one Prefect server and one MLflow database for all."""

import os
import shutil
from collections.abc import Iterator
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


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_mlflow: Path) -> Path:
    """An empty data folder of the test's own."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(empty_mlflow, folder / "mlflow.db")
    monkeypatch.setenv("AUGMENT_KITTI_DATA", str(folder))
    return folder


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """One Prefect server for all tests that need the engine: it takes ten seconds to start."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=180):
        yield
