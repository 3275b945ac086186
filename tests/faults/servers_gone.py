"""Servers that other people keep, and that are gone in the middle of a study."""

import json
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.servers import Server, free_port, started, tool
from tests.faults.living import wait_until
from tests.faults.small_study import Bench, Lost, Skipped, arms_in, last_line

HOST = "127.0.0.1"
PASSWORD = "s3cret-of-ann"


def mlflow_killed(bench: Bench, tries: int) -> str:
    """The tracking server is killed once the study's run is open there: a warning, and the report all the same."""
    told = ""
    for _ in range(tries):
        data = bench.place()
        with _mlflow(data) as server, bench.started(data, MLFLOW_TRACKING_URI=server.url) as child:
            if not wait_until(lambda data=data: _recorded(data) and arms_in(data), child):
                raise Lost("it ended before the server could be killed")
            os.killpg(server.process.pid, signal.SIGKILL)
            end = bench.ended(child)
        if end.code != 0 or "warning: " not in end.err:
            raise Lost(f"exit code {end.code}, no warning: {last_line(end.err)}")
        bench.require_same(end)
        _require_no_password(data, end.out + end.err)
        told = "a warning says how to record it later, the password of the server is nowhere"
        bench.goes_on(data)
    return told


def _require_no_password(data: Path, said: str) -> None:
    holders = [path for path in data.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()]
    if holders or PASSWORD in said:
        raise Lost(f"the password of the server is in {holders[0].relative_to(data) if holders else 'what was said'}")


@contextmanager
def _mlflow(data: Path) -> Iterator[Server]:
    """A tracking server on the data folder's database."""
    port = free_port()
    command = [tool("mlflow"), "server", "--host", HOST, "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{data / 'mlflow.db'}", "--artifacts-destination", str(data / "kept")]
    with _logging_to(data), started("MLflow server", command, f"http://{HOST}:{port}", {}) as server:
        server.wait_until_healthy("/health")
        yield server


def _recorded(data: Path) -> bool:
    """Whether the study's run is open in MLflow."""
    try:
        return any(json.loads(path.read_text())["mlflow_run_id"] for path in (data / "running").glob("*.json"))
    except ValueError:
        return False


def postgres_killed(bench: Bench, tries: int) -> str:
    """The database below a shared Prefect server is killed, and started again after the run has ended."""
    bin_folder = _postgres_tools()
    told = ""
    for number in range(tries):
        cluster = bench.folder / f"postgres-{number}"
        with _postgres(bin_folder, cluster) as start:
            first, port = start(), free_port()
            database = f"postgresql+asyncpg://prefect@{HOST}:{first[1]}/postgres"
            data = bench.place()
            with _prefect(data, port, database) as server:
                url = f"{server.url}/api"
                with bench.started(data, PREFECT_API_URL=url) as child:
                    if not wait_until(lambda data=data: arms_in(data), child):
                        raise Lost(f"it ended before the database could be killed: {last_line(bench.ended(child).err)}")
                    first[0].kill()
                    first[0].wait()
                    start(first[1])
                    end = bench.ended(child)
                told = "the run went on" if end.code == 0 else f"the run said: {last_line(end.err)}"
                bench.require_same(bench.finished(data, PREFECT_API_URL=url))
    return told


def _postgres_tools() -> Path:
    """Where PostgreSQL's programs are.

    Raises:
        Skipped: nowhere, or they cannot be run: as root they refuse.
    """
    found = shutil.which("initdb") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)
    if found is None:
        raise Skipped("PostgreSQL is not installed")
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        raise Skipped("PostgreSQL does not run as root")
    return Path(found).resolve().parent


def _as_nobody(folder: Path) -> list[str]:
    """What root puts before a PostgreSQL command; ``folder`` becomes that user's."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("nobody")
    shutil.chown(folder, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


@contextmanager
def _postgres(bin_folder: Path, cluster: Path) -> "Iterator[object]":
    """An empty cluster; yields what starts a server on it and returns the process and its port."""
    cluster.mkdir()
    cluster.parent.chmod(0o711)  # whoever runs the server must get through to the cluster
    before, running = _as_nobody(cluster), []
    make = [*before, str(bin_folder / "initdb"), "-D", str(cluster), "-U", "prefect", "-A", "trust", "--no-sync"]
    made = subprocess.run(make, capture_output=True, text=True, check=False, cwd="/")
    if made.returncode:
        raise Skipped(f"PostgreSQL makes no cluster: {last_line(made.stderr)}")

    def start(port: int | None = None) -> tuple[subprocess.Popen[bytes], int]:
        (cluster / "postmaster.pid").unlink(missing_ok=True)
        port = port or free_port()
        options = ["-D", str(cluster), "-h", HOST, "-p", str(port), "-k", "", "-c", "max_connections=50"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen([*before, str(bin_folder / "postgres"), *options], cwd="/", **quiet)
        running.append(process)
        while subprocess.run([str(bin_folder / "pg_isready"), "-h", HOST, "-p", str(port)], **quiet).returncode:
            if process.poll() is not None:
                raise Skipped("PostgreSQL does not start")
        return process, port

    try:
        yield start
    finally:
        for process in running:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(30)


@contextmanager
def _prefect(data: Path, port: int, database: str) -> Iterator[Server]:
    """A Prefect server of somebody else's on PostgreSQL."""
    env = {"PREFECT_HOME": str(data / "prefect"), "PREFECT_API_DATABASE_CONNECTION_URL": database}
    command = [tool("prefect"), "server", "start", "--host", HOST, "--port", str(port), "--no-services"]
    quiet = {"PREFECT_PLUGINS_ENABLED": "false", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    with _logging_to(data), started("Prefect on PostgreSQL", command, f"http://{HOST}:{port}", env | quiet) as server:
        server.wait_until_healthy("/api/health")
        yield server


@contextmanager
def _logging_to(data: Path) -> Iterator[None]:
    """Servers that this process starts write their logs below ``data``."""
    before = os.environ.get("AUGMENT_KITTI_DATA")
    os.environ["AUGMENT_KITTI_DATA"] = str(data.with_name(f"{data.name}-servers"))
    try:
        yield
    finally:
        if before is None:
            del os.environ["AUGMENT_KITTI_DATA"]
        else:
            os.environ["AUGMENT_KITTI_DATA"] = before
