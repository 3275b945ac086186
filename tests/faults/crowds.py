"""Several at once, and settings that no training survives."""

import sqlite3
import subprocess
from contextlib import ExitStack, closing

from tests.faults.small_study import COMMAND, Bench, Lost, last_line

WRITERS = 8


def two_at_once(bench: Bench, tries: int) -> str:
    """The same study twice at once on one data folder and one database; then eight that record at once."""
    recorded = 0
    for _ in range(tries):
        data = bench.place()
        with ExitStack() as stack:
            children = [stack.enter_context(bench.started(data, "--workers", "2", own_server=True)) for _ in range(2)]
            ends = [bench.ended(child) for child in children]
        for end in ends:
            if end.code:
                raise Lost(f"exit code {end.code}: {last_line(end.err)}")
            bench.require_same(end)
        recorded += _record_at_once(bench, str(data), str(ends[0].report))
    return f"both with identical scores; then {WRITERS} recorded {recorded} runs at once"


def _record_at_once(bench: Bench, data: str, report: str) -> int:
    """Eight processes write one database; returns how many runs it gained."""
    before = _runs(data)
    env = {"PATH": "/usr/bin:/bin", "AUGMENT_KITTI_DATA": data, "DO_NOT_TRACK": "1", "HOME": data}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    writers = [subprocess.Popen([COMMAND, "record", report], env=env, **quiet) for _ in range(WRITERS)]
    errors = [writer.communicate()[1] for writer in writers]
    failed = [last_line(error) for writer, error in zip(writers, errors, strict=True) if writer.returncode]
    if failed:
        raise Lost(f"{len(failed)} of {WRITERS} could not record: {failed[0]}")
    strategies = {arm["strategy"] for arm in bench.scores["arms"]} - {"policy"}
    gained, each = _runs(data) - before, 1 + len(strategies)
    if gained != WRITERS * each:
        raise Lost(f"{gained} runs were recorded instead of {WRITERS * each}")
    return gained


def _runs(data: str) -> int:
    with closing(sqlite3.connect(f"{data}/mlflow.db")) as database:
        return int(database.execute("select count(*) from runs").fetchone()[0])


def diverged(bench: Bench, tries: int) -> str:
    """A learning rate of a thousand million: one line that says which arm and what to do."""
    told = ""
    for _ in range(tries):
        end = bench.run(bench.place(), "--set", "task.learning_rate=1e9")
        told = last_line(end.err)
        if end.code != 1 or "Traceback" in end.err or "learning rate" not in told:
            raise Lost(f"exit code {end.code}, and it said: {told}")
    return told
