"""What ``augment-kitti serve`` and ``augment-kitti ui`` keep up: Prefect, MLflow, and a worker for the deployment."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from importlib.metadata import version

from flows.aftermath import close_orphans
from flows.servers import (
    HOST,
    Server,
    prefect_environment,
    prefect_server,
    require_free,
    services_file,
    started,
    tool,
    tracking_uri,
)
from flows.workspace import data_folder, digest_of, digest_of_file, project_folder, write_json
from pipeline.schema import UserError

POOL = "augment-kitti"
DEPLOYMENT = FLOW = "augment-kitti"


@contextmanager
def pages(prefect_port: int, mlflow_port: int, *, services: bool) -> Iterator[tuple[Server, ...]]:
    """Prefect's and MLflow's pages; with ``services``, Prefect's schedules create runs.

    Raises:
        UserError: a port is taken, or a server does not come up.
    """
    require_free(prefect_port, "Prefect", "--prefect-port")
    require_free(mlflow_port, "MLflow", "--mlflow-port")
    with ExitStack() as stack:
        prefect = stack.enter_context(prefect_server(prefect_port, services=services))
        servers = [prefect]
        uri = tracking_uri()
        if not uri.startswith("http"):  # else somebody else keeps the pages up
            servers.append(stack.enter_context(_mlflow_server(uri, mlflow_port)))
        prefect.wait_until_healthy("/api/health")
        for server in servers[1:]:
            server.wait_until_healthy("/health")
        addresses = {"prefect": prefect.url, "mlflow": servers[-1].url if len(servers) > 1 else uri}
        stack.callback(services_file().unlink, missing_ok=True)
        write_json(services_file(), addresses | {"process": os.getpid()})
        yield tuple(servers)


@contextmanager
def _mlflow_server(uri: str, port: int) -> Iterator[Server]:
    command = [sys.executable, "-m", "flows.tracking_server", "--host", HOST, "--port", str(port), "--workers", "1"]
    command += ["--artifacts-destination", (data_folder() / "mlartifacts").as_uri()]
    env = {
        "MLFLOW_BACKEND_STORE_URI": uri,  # not among the words of the command, where everybody could read a password
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # else it starts a dozen processes of 250 MB each
    }
    with started("MLflow server", command, f"http://{HOST}:{port}", env) as server:
        yield server


@contextmanager
def worker(prefect: Server) -> Iterator[Server]:
    """The deployment of ``prefect.yaml`` and a worker that carries out its runs, one at a time."""
    env = prefect_environment(f"{prefect.url}/api") | {"PREFECT_PLUGINS_ENABLED": "false"}
    _make_pool(f"{prefect.url}/api")
    _deploy(f"{prefect.url}/api", env)
    close_orphans(f"{prefect.url}/api", POOL)
    command = [tool("prefect"), "worker", "start", "--pool", POOL, "--limit", "1"]
    with started("Prefect worker", command, prefect.url, env, project_folder()) as process:
        yield process


def _make_pool(api: str) -> None:
    """A pool of processes, if there is none of that name; asked for over HTTP, as Prefect's command takes seconds."""
    body = json.dumps({"name": POOL, "type": "process"}).encode()
    ask = urllib.request.Request(f"{api}/work_pools/", body, {"Content-Type": "application/json"})
    try:
        urllib.request.urlopen(ask, timeout=30).close()
    except urllib.error.HTTPError as refusal:
        refusal.close()
        if refusal.code != HTTPStatus.CONFLICT:
            raise UserError(f"Prefect refuses to make the work pool {POOL}: {refusal}.") from refusal


def _deploy(api: str, env: Mapping[str, str]) -> None:
    """Tell the server what ``prefect.yaml`` says, unless it knows: deploying again drops the runs that are late."""
    place = project_folder()
    paths = (place / "prefect.yaml", place / "flows" / "augment_kitti.py")
    sources = [digest_of_file(path) for path in paths if path.exists()]
    known, present = data_folder() / "prefect" / "deployed", digest_of([*sources, str(place), version("prefect")])
    if known.exists() and known.read_text() == present and answers_well(f"{api}/deployments/name/{FLOW}/{DEPLOYMENT}"):
        return
    done = subprocess.run(
        [tool("prefect"), "--no-prompt", "deploy", "--all"], env={**os.environ, **env}, cwd=place,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise UserError(f"`prefect deploy --all` failed:\n{done.stdout}{done.stderr}".rstrip())
    known.parent.mkdir(parents=True, exist_ok=True)
    known.write_text(present)


def answers_well(url: str) -> bool:
    """Whether there is something at ``url``; an error page does not count."""
    try:
        urllib.request.urlopen(url, timeout=30).close()
    except OSError:
        return False
    return True


def wait_for_the_first_to_end(servers: Sequence[Server]) -> None:
    """Wait until Ctrl-C, or until one of ``servers`` ends by itself.

    Raises:
        UserError: one of them ended; the message names its log.
    """
    while True:
        for server in servers:
            if server.process.poll() is not None:
                raise UserError(f"{server.name} stopped by itself; its last words are in {server.log}.")
        time.sleep(0.5)
