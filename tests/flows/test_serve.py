"""The deployment for real: servers, pool, worker, the bare command to its end, and a schedule that makes runs."""

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from flows import servers
from flows.augment_kitti import augment_kitti
from flows.services import DEPLOYMENT, POOL

sys.path.append(str(Path(__file__).parents[2]))

from tests.faults import schedules

ROOT = Path(__file__).parents[2]

BIN = Path(sys.executable).parent


def test_bare_prefect_commands_look_where_serve_listens() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["prefect"]
    assert settings["api"]["url"] == f"http://{servers.HOST}:{servers.PREFECT_PORT}/api"
    assert settings["plugins"]["enabled"] is True


def test_the_deployment_names_the_flow_its_pool_and_parameters_that_exist() -> None:
    (deployment,) = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    assert deployment["name"] == augment_kitti.name == DEPLOYMENT
    assert deployment["work_pool"]["name"] == POOL
    schedules = [schedule.get("parameters", {}) for schedule in deployment["schedules"]]
    for parameters in (deployment["parameters"], *schedules):
        augment_kitti.validate_parameters(parameters)


@contextmanager
def serving(data: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """``augment-kitti serve``, ready for runs; stopped with Ctrl-C at the end."""
    words = [
        str(BIN / "augment-kitti"),
        "serve",
        "--prefect-port",
        str(port),
        "--mlflow-port",
        str(servers.free_port()),
    ]
    impatient = {"PREFECT_WORKER_QUERY_SECONDS": "2", "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "5"}
    env = {**os.environ, **impatient, "AUGMENT_KITTI_DATA": str(data)}
    with subprocess.Popen(
        words, env=env, cwd=data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as child:
        assert child.stdout is not None
        said: list[str] = []
        for line in child.stdout:
            said.append(line)
            if "Ctrl-C stops" in line:
                break
        try:
            assert child.poll() is None, "".join(said)
            yield child
        finally:
            child.send_signal(signal.SIGINT)
            child.wait(60)


@pytest.mark.server
def test_the_bare_deployment_command_runs_a_study_and_the_schedule_makes_runs(
    make_workspace: Callable[[Path], Path],
    tmp_path: Path,
    small_kitti: Path,
    settings: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port, workspace = servers.free_port(), make_workspace(tmp_path / "data")
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{port}/api")
    monkeypatch.delenv("PREFECT_PLUGINS_ENABLED")  # as pyproject.toml says
    monkeypatch.setenv("PREFECT_HOME", str(workspace / "client"))
    quick = {"study": "kitti-tracking", "root": str(small_kitti), "seeds": "1", "workers": "1"}
    words = [str(BIN / "prefect"), "deployment", "run", "augment-kitti", "--watch", "--watch-timeout", "240"]
    words += [word for key, value in quick.items() for word in ("--param", f"{key}={value}")]
    words += ["--param", f"overrides={json.dumps(settings)}"]
    with serving(workspace, port) as child:
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Completed" in done.stdout
        assert scheduled_runs(port) >= 1
        require_a_whole_week(f"http://127.0.0.1:{port}/api")
        assert list((workspace / "reports").glob("kitti-tracking-*/report.html"))
        assert servers.answers(f"http://127.0.0.1:{port}/api/health")
    assert child.returncode == 0
    assert not servers.answers(f"http://127.0.0.1:{port}/api/health")
    assert not (workspace / "serve.json").exists()


def require_a_whole_week(api: str) -> None:
    """The scheduler looks twice a day, beside the server's own: every run of next week is made once."""
    start = schedules.next_monday()
    for number in range(14):
        schedules.look(api, start + timedelta(hours=12 * number), times=1)
    schedules.require_each_once(schedules.runs_of_week(api, start), start)


def scheduled_runs(port: int) -> int:
    """How many nightly runs the server has scheduled; waits for its scheduler."""
    import httpx

    ask = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
    for _ in range(60):
        count = httpx.post(f"http://127.0.0.1:{port}/api/flow_runs/count", json=ask).json()
        if count:
            return int(count)
        time.sleep(0.5)
    return 0
