"""MLflow's and Prefect's records in a real PostgreSQL server, where one is installed."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows import servers, tracking

INSTALLED = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
"""Where Debian's packages put the server."""


def _account() -> str | None:
    """Whom the server runs as: PostgreSQL refuses root."""
    if os.getuid():
        return pwd.getpwuid(os.getuid()).pw_name
    return next((name for name in ("postgres", "nobody") if name in {user.pw_name for user in pwd.getpwall()}), None)


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """HOST:PORT of an empty PostgreSQL server whose superuser is ``augment``, without a password."""
    account = _account()
    if not INSTALLED or account is None:
        pytest.skip("no PostgreSQL server here: apt-get install postgresql")
    pytest.importorskip("psycopg2", reason="pip install 'augment-kitti[postgres]' -c constraints.txt")
    folder, port, tools = tempfile.mkdtemp(prefix="augment-kitti-postgres-"), servers.free_port(), INSTALLED[-1]
    shutil.chown(folder, account)
    as_them = {"user": account, "cwd": folder} if not os.getuid() else {"cwd": folder}
    make = [tools / "initdb", "--pgdata", f"{folder}/data", "--auth", "trust", "--username", "augment", "--no-sync"]
    subprocess.run(make, check=True, capture_output=True, **as_them)
    run = [tools / "postgres", "-D", f"{folder}/data", "-k", folder, "-h", servers.HOST, "-p", f"{port}", "-F"]
    with subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **as_them) as server:
        try:
            _wait_for(tools / "pg_isready", port)
            yield f"{servers.HOST}:{port}"
        finally:
            server.send_signal(signal.SIGINT)  # SIGTERM would wait for MLflow to let go of its connections
            server.wait(30)
            shutil.rmtree(folder)


def _wait_for(is_ready: Path, port: int) -> None:
    for _ in range(300):
        if subprocess.run([is_ready, "-q", "-h", servers.HOST, "-p", f"{port}"], check=False).returncode == 0:
            return
        time.sleep(0.2)
    pytest.fail("PostgreSQL did not answer")


@pytest.mark.server
def test_a_study_is_recorded_in_postgresql(postgres: str, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = f"postgresql+psycopg2://augment@{postgres}/postgres"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert tracking.trouble() is None
    opened = tracking.open_run("mini", {"asked": "by a test"})
    assert tracking.close_run(uri, opened.run_id, "FINISHED")
    client = tracking.connected()
    run = client.get_run(opened.run_id)
    assert (run.info.status, run.data.tags["asked"]) == ("FINISHED", "by a test")
    place = client.get_experiment(opened.experiment_id).artifact_location
    assert place.startswith((workspace / "mlartifacts").as_uri())  # not below whatever folder one is in


A_FLOW = """
from flows.servers import prefect_api

with prefect_api() as wait:
    from prefect import flow

    wait()

    @flow(flow_run_name="asked by a test")
    def tiny() -> int:
        return 42

    print(tiny())
"""


@pytest.mark.server
def test_a_flow_run_is_recorded_in_postgresql_by_the_environment_alone(postgres: str, workspace: Path) -> None:
    psycopg2 = pytest.importorskip("psycopg2")
    pytest.importorskip("asyncpg")
    _sql(psycopg2, f"postgresql://augment@{postgres}/postgres", "create database prefect")
    database = {servers.DATABASE_VARIABLE: f"postgresql+asyncpg://augment@{postgres}/prefect"}
    said = subprocess.run(
        [sys.executable, "-c", A_FLOW], env={**os.environ, **database}, capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stdout) == (0, "42\n"), said.stderr
    asked = "select state_type::text from flow_run where name = 'asked by a test'"
    assert _sql(psycopg2, f"postgresql://augment@{postgres}/prefect", asked) == [("COMPLETED",)]
    assert not (workspace / "prefect" / "prefect.db").exists()


def _sql(driver: Any, address: str, command: str) -> list[tuple[str, ...]]:
    connection = driver.connect(address)
    connection.autocommit = True  # a database is made outside of any transaction
    with connection.cursor() as cursor:
        cursor.execute(command)
        rows: list[tuple[str, ...]] = cursor.fetchall() if cursor.description else []
    connection.close()
    return rows
