"""The local installation as a process of its own: started, found again, and stopped."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from flows.servers import START_TIMEOUT_S, holder_of_services, running_services
from flows.workspace import data_folder
from pipeline.schema import UserError

SERVE = (sys.executable, "-m", "flows.cli", "serve")
STOP_TIMEOUT_S = 60.0
"""Prefect's worker gives a run half a minute to end."""


def start(options: Sequence[str]) -> int:
    """Start ``augment-kitti serve`` with ``options`` in a session of its own, and wait until all of it answers.

    Returns:
        Its process id.

    Raises:
        UserError: it runs already, ended while starting, or does not answer.
    """
    if running_services():
        raise UserError("It runs already: augment-kitti status says where. To end it: augment-kitti stop.")
    log = data_folder() / "logs" / "serve.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [*SERVE, *options], stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT, start_new_session=True
        )
    give_up = time.monotonic() + 2 * START_TIMEOUT_S
    while "Ctrl-C stops" not in log.read_text(errors="replace"):
        if process.poll() is not None:
            raise UserError(_last_words(log))
        if time.monotonic() > give_up:
            process.terminate()
            raise UserError(f"It did not come up in time; see {log}.")
        time.sleep(0.2)
    return process.pid


def stop() -> bool:
    """End it and wait until it has ended; whether there was anything to end.

    Raises:
        UserError: it does not end.
    """
    holder = holder_of_services()
    if holder is None or not _lives(holder):
        return False
    os.kill(holder, signal.SIGTERM)
    give_up = time.monotonic() + STOP_TIMEOUT_S
    while _lives(holder):
        if time.monotonic() > give_up:
            raise UserError(f"Process {holder} does not end; kill -9 {holder} ends it and its servers.")
        time.sleep(0.2)
    return True


def _lives(process: int) -> bool:
    """Whether a process is there and has not ended; one that waits for its parent to take note has."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, PermissionError):
        return False
    status = Path(f"/proc/{process}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def _last_words(log: Path) -> str:
    """What it said last, without its name before it: this is said again with that."""
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1].removeprefix("augment-kitti: ") if lines else f"It ended while starting; see {log}."
