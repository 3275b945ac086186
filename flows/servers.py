"""Servers on 127.0.0.1 that live and die with the command that needs them."""

import ctypes
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flows.credentials import without_user
from flows.workspace import data_folder
from pipeline.schema import UserError

HOST = "127.0.0.1"
PREFECT_PORT = 4200
"""The port in ``[tool.prefect.api]`` of pyproject.toml, so that a bare ``prefect`` command finds the server."""
MLFLOW_PORT = 5000
TRACKING_VARIABLE = "MLFLOW_TRACKING_URI"
DATABASE_VARIABLE = "PREFECT_API_DATABASE_CONNECTION_URL"
START_TIMEOUT_S = 300.0
"""A server that makes its database on a busy machine needs long."""
BUSY_S = 30
"""How long a busy database is waited for."""

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
"""No telemetry: nothing is sent anywhere."""

THRIFTY = {"MALLOC_ARENA_MAX": "2"}
"""One pool of memory for each thread, as glibc would have it, is far more than idle servers need."""


@dataclass
class Server:
    """A running child process and the page it serves."""

    name: str
    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def wait_until_healthy(self, path: str) -> None:
        """Return once ``url + path`` answers.

        Raises:
            UserError: the process ended, or did not answer in time; the message names its log.
        """
        give_up = time.monotonic() + START_TIMEOUT_S
        while not answers(self.url + path):
            if self.process.poll() is not None:
                raise UserError(f"{self.name} stopped while starting; its last words are in {self.log}.")
            if time.monotonic() > give_up:
                raise UserError(f"{self.name} did not answer within {START_TIMEOUT_S:.0f} s; see {self.log}.")
            time.sleep(0.1)

    def stop(self) -> None:
        """End the process and its children: asked politely, asked again, then killed."""
        for sign, patience_s in ((signal.SIGTERM, 8), (signal.SIGTERM, 4), (signal.SIGKILL, 4)):
            if self.process.poll() is not None:
                return
            os.killpg(self.process.pid, sign)
            try:
                self.process.wait(patience_s)
            except subprocess.TimeoutExpired:
                continue


@contextmanager
def started(
    name: str, command: Sequence[str], url: str, env: Mapping[str, str], cwd: Path | None = None
) -> Iterator[Server]:
    """Start ``command`` in a session of its own (Ctrl-C does not reach it) and stop it at the end of the block."""
    log = data_folder() / "logs" / f"{name.lower().replace(' ', '-')}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as sink:
        process = subprocess.Popen(
            list(command), env={**os.environ, **QUIET, **THRIFTY, **env}, cwd=cwd, stdin=subprocess.DEVNULL,
            stdout=sink, stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=_end_with_parent,
        )  # fmt: skip
    server = Server(name, url, process, log)
    try:
        yield server
    finally:
        server.stop()


def _end_with_parent() -> None:
    """Ask Linux to end this process when its parent is gone, so that ``kill -9`` leaves no orphan.

    A shell that starts its command with ``&`` makes it ignore SIGINT, which Prefect's worker stops by: that is undone.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        parent_death_signal = 1  # PR_SET_PDEATHSIG, see prctl(2)
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGTERM)


def tool(name: str) -> str:
    """The path of a command that was installed beside this Python."""
    return str(Path(sys.executable).with_name(name))


def prefect_environment(url: str | None = None) -> dict[str, str]:
    """Settings of the project's own Prefect: its database is the one that the environment names, else a file."""
    home = data_folder() / "prefect"
    database = os.environ.get(DATABASE_VARIABLE) or f"sqlite+aiosqlite:///{home}/prefect.db"
    own = {"PREFECT_HOME": str(home), DATABASE_VARIABLE: database}
    return {**own, **QUIET, **({"PREFECT_API_URL": url} if url else {})}


@contextmanager
def prefect_server(port: int, *, services: bool) -> Iterator[Server]:
    """A Prefect server on the project's database; with ``services``, schedules create runs."""
    url = f"http://{HOST}:{port}"
    command = [tool("prefect"), "server", "start", "--host", HOST, "--port", str(port)]
    env = {**prefect_environment(f"{url}/api"), "PREFECT_PLUGINS_ENABLED": "false"}
    with started("Prefect server", command if services else [*command, "--no-services"], url, env) as server:
        yield server


@contextmanager
def prefect_api() -> Iterator[Callable[[], None]]:
    """Point this process at a Prefect server: the user's, the project's if it runs, else one for this block alone.

    To be entered before Prefect is imported. Yields a function that returns once the server answers, so that slow
    imports can go on meanwhile.

    Raises:
        UserError: ``PREFECT_API_URL`` is set and nothing answers there.
    """
    named, running = os.environ.get("PREFECT_API_URL"), running_services().get("prefect")
    if named:
        if not answers(f"{named}/health"):
            raise UserError(f"Prefect does not answer at {named} (PREFECT_API_URL). Unset it to run without a server.")
        with environment(QUIET):
            yield lambda: None
    elif running:
        with environment(prefect_environment(f"{running}/api")):
            yield lambda: None
    else:
        lasting_page = {"PREFECT_UI_URL": f"http://{HOST}:{PREFECT_PORT}"}  # where `augment-kitti ui` shows the run
        with (
            prefect_server(free_port(), services=False) as server,
            environment(prefect_environment(f"{server.url}/api") | lasting_page),
        ):
            try:
                yield lambda: server.wait_until_healthy("/api/health")
            finally:
                _send_last_logs()


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for the time of a block."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _send_last_logs() -> None:
    """Let Prefect send what its loggers still hold, or it tries for a minute to reach a server that is gone."""
    for name in ("prefect.flow_runs", "prefect.task_runs"):
        for handler in logging.getLogger(name).handlers:
            handler.flush()


def running_services() -> dict[str, str]:
    """Addresses of the services that ``augment-kitti serve`` keeps up, if it runs: ``prefect`` and ``mlflow``."""
    try:
        services = json.loads(services_file().read_text())
        addresses = {name: str(services[name]) for name in ("prefect", "mlflow")}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return addresses if answers(addresses["prefect"] + "/api/health") else {}


def holder_of_services() -> int | None:
    """Process id of the ``augment-kitti serve`` or ``ui`` that keeps the services up; None if nothing answers."""
    if not running_services():
        return None
    try:
        return int(json.loads(services_file().read_text())["process"])
    except (OSError, ValueError, KeyError):
        return None


def services_file() -> Path:
    """Where ``augment-kitti serve`` says what it serves."""
    return data_folder() / "serve.json"


def posted(url: str, body: Mapping[str, Any]) -> Any:
    """What Prefect's API at ``url`` answers; as by its own client, it is asked again while its database is busy (503).

    Raises:
        urllib.error.HTTPError: it refuses.
        UserError: it stays busy.
    """
    ask = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    for _ in range(BUSY_S):
        try:
            with urllib.request.urlopen(ask, timeout=60) as answer:
                return json.loads(answer.read() or "null")
        except urllib.error.HTTPError as refusal:
            if refusal.code != HTTPStatus.SERVICE_UNAVAILABLE:
                raise
            time.sleep(1)
    raise UserError(f"Prefect's database has been busy for {BUSY_S} s: {url} does not answer. Try again later.")


def answers(url: str, timeout_s: float = 3.0) -> bool:
    """Whether anything speaks HTTP at ``url``, user and password or not; an error page counts."""
    try:
        urllib.request.urlopen(without_user(url), timeout=timeout_s).close()
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False
    return True


def tracking_uri() -> str:
    """MLflow's server or database to record in: as the environment says, else SQLite in the data folder."""
    return os.environ.get(TRACKING_VARIABLE) or f"sqlite:///{data_folder() / 'mlflow.db'}"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def require_free(port: int, what: str, option: str) -> None:
    """Refuse a port that is taken.

    Raises:
        UserError: something listens there.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as failure:
            raise UserError(f"Port {port} for {what} is taken. Choose another with {option}.") from failure
