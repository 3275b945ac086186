"""A week of the schedule on a fast clock, and a short interval for real: no run is missed, none is doubled."""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from flows.servers import environment, free_port, posted, prefect_environment, prefect_server
from flows.services import DEPLOYMENT, POOL, _deploy, _make_pool
from flows.workspace import DATA_VARIABLE
from tests.faults.living import processes
from tests.faults.small_study import COMMAND, PATIENCE_S, Bench, Lost, last_line, say

INTERVAL_S = 20
FIRINGS = 6
HEARTBEAT = Path(__file__).with_name("heartbeat.py")


def a_week(bench: Bench, tries: int) -> str:
    """The scheduler looks every twelve hours of a week, twice each time; the installation is killed in mid-week."""
    told = ""
    for _ in range(tries):
        start, port = next_monday(), free_port()
        with environment({DATA_VARIABLE: str(bench.place())}):
            for half in (range(7), range(7, 14)):
                with prefect_server(port, services=False) as server:
                    server.wait_until_healthy("/api/health")
                    api = f"{server.url}/api"
                    _make_pool(api)
                    _deploy(api, prefect_environment(api) | {"PREFECT_PLUGINS_ENABLED": "false"})
                    for number in half:
                        look(api, start + timedelta(hours=12 * number), times=2)
                    made = runs_of_week(api, start)
                    os.killpg(server.process.pid, signal.SIGKILL)
        require_each_once(made, start)
        told = f"{sum(made.values())} runs: 7 nightly, 1 weekly"
    return told


def next_monday() -> datetime:
    """Midnight, UTC."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=7 - today.weekday())


def look(api: str, moment: datetime, times: int) -> None:
    """What Prefect's scheduler does with the deployment when it looks at ``moment``, so many times."""
    (deployment,) = posted(f"{api}/deployments/filter", {"deployments": {"name": {"any_": [DEPLOYMENT]}}})
    for _ in range(times):
        posted(f"{api}/deployments/{deployment['id']}/schedule", {"start_time": moment.isoformat()})


def runs_of_week(api: str, start: datetime) -> "Counter[tuple[str, int | None]]":
    """How often a run was made, by its hour and number of seeds."""
    hours = {"after_": start.isoformat(), "before_": (start + timedelta(days=7)).isoformat()}
    found = posted(f"{api}/flow_runs/filter", {"flow_runs": {"expected_start_time": hours}})
    return Counter((_hour(run["expected_start_time"]), run["parameters"].get("seeds")) for run in found)


def _hour(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat()


def require_each_once(made: "Counter[tuple[str, int | None]]", start: datetime) -> None:
    """A study every night at two, a thorough one on Sunday at four.

    Raises:
        Lost: a run was missed or doubled.
    """
    nights = [((start + timedelta(days=day, hours=2)).isoformat(), None) for day in range(7)]
    wanted = Counter([*nights, ((start + timedelta(days=6, hours=4)).isoformat(), 10)])
    if made != wanted:
        raise Lost(f"missed {sorted(wanted - made, key=str)}, too many {sorted(made - wanted, key=str)}")


def firings(bench: Bench, tries: int) -> str:
    """A run every twenty seconds; all servers and the worker are killed after half of them, and started again."""
    for _ in range(tries):
        data = bench.place()
        log, ports = data / "heartbeats", [str(free_port()), str(free_port())]
        with _serving(data, ports) as api:
            _schedule_heartbeats(api, log)
            _await_lines(log, FIRINGS // 2)
        say(f"{len(_lines(log))} runs before the installation was killed")
        time.sleep(INTERVAL_S)
        with _serving(data, ports):
            _await_lines(log, FIRINGS)
        require_no_gap(_lines(log))
    return f"{FIRINGS} runs, {INTERVAL_S} s apart; the installation killed after {FIRINGS // 2}"


@contextmanager
def _serving(data: Path, ports: Sequence[str]) -> Iterator[str]:
    """The whole installation, killed at the end of the block; yields the address of Prefect's API."""
    impatient = {"PREFECT_WORKER_QUERY_SECONDS": "2", "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "5"}
    words = [COMMAND, "serve", "--background", "--prefect-port", ports[0], "--mlflow-port", ports[1]]
    env = {**os.environ, **impatient, DATA_VARIABLE: str(data)}
    done = subprocess.run(words, env=env, check=False, capture_output=True, text=True)
    if done.returncode:
        raise Lost(f"the installation does not start: {last_line(done.stderr)}")
    try:
        yield f"http://127.0.0.1:{ports[0]}/api"
    finally:
        while alive := processes(data):
            for number in alive:
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            time.sleep(0.2)


def _schedule_heartbeats(api: str, log: Path) -> None:
    flow = posted(f"{api}/flows/", {"name": "heartbeat"})
    anchor = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=5)
    schedule = {"interval": INTERVAL_S, "anchor_date": anchor.isoformat()}
    deployment = {
        "name": "heartbeat", "flow_id": flow["id"], "work_pool_name": POOL, "parameters": {"log": str(log)},
        "path": str(HEARTBEAT.parent), "entrypoint": f"{HEARTBEAT.name}:heartbeat",
        "pull_steps": [{"prefect.deployments.steps.set_working_directory": {"directory": str(HEARTBEAT.parent)}}],
        "schedules": [{"schedule": schedule, "active": True}],
    }  # fmt: skip
    posted(f"{api}/deployments/", deployment)


def _await_lines(log: Path, count: int) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while len(_lines(log)) < count:
        if time.monotonic() > give_up:
            raise Lost(f"{len(_lines(log))} runs instead of {count} after {PATIENCE_S:.0f} s")
        time.sleep(0.2)


def _lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def require_no_gap(times: Sequence[str]) -> None:
    """Every scheduled time from the first to the last, each once.

    Raises:
        Lost: a run was missed or doubled.
    """
    moments = sorted(map(datetime.fromisoformat, times))
    steps = {(after - before).total_seconds() for before, after in pairwise(moments)}
    if steps != {float(INTERVAL_S)}:
        raise Lost(f"seconds between scheduled times: {sorted(steps)} instead of {INTERVAL_S}")
