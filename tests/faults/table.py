"""Everything that can go wrong around a study, made to go wrong: does the same command finish with the same scores?

    python tests/faults/table.py [--short] [--only NAME] [--seed N] [--markdown FILE]

Prints a table; the exit code is 1 if any fault was not survived. One fault a function: its name, what it does, and how
often it is tried in the long and in the short form.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from pipeline.schema import UserError
from tests.faults import crowds, disks, killing, schedules, servers_gone
from tests.faults.small_study import Bench, Lost, Skipped


@dataclass(frozen=True)
class Fault:
    """One way to disturb a study."""

    make: Callable[[Bench, int], str]
    """Disturbs so many studies and returns a remark.

    Raises:
        Lost: one did not survive it.
        Skipped: it cannot be made here.
    """
    tries: int
    short: int = 1


FAULTS: dict[str, Fault] = {
    "kill -9 at a random moment": Fault(killing.killed, 20, 2),
    "Ctrl-C at a random moment": Fault(killing.interrupted, 4),
    "kill -9 of a worker (lack of memory)": Fault(killing.worker_killed, 2),
    "kill -9 of the Prefect server": Fault(killing.prefect_killed, 1),
    "kill -9 of the MLflow server": Fault(servers_gone.mlflow_killed, 1),
    "kill -9 of PostgreSQL below Prefect": Fault(servers_gone.postgres_killed, 1),
    "disk full": Fault(disks.disk_full, 2),
    "disk read-only": Fault(disks.read_only, 1),
    "a byte of stored results changed": Fault(disks.results_damaged, 3),
    "clock jumps": Fault(disks.clock_jumps, 2),
    "two studies at once": Fault(crowds.two_at_once, 1),
    "training diverges": Fault(crowds.diverged, 1),
    "a week of the schedule, on a fast clock": Fault(schedules.a_week, 1),
    "scheduled runs, for real": Fault(schedules.firings, 1),
}
"""To add one: write its function, add its line."""


@dataclass(frozen=True)
class Row:
    """How a fault went."""

    fault: str
    tries: int
    survived: str
    seconds: float
    remark: str


def tried(name: str, bench: Bench, tries: int) -> Row:
    """Make one fault happen."""
    started = time.monotonic()
    try:
        survived, remark = "yes", FAULTS[name].make(bench, tries)
    except (Lost, UserError) as loss:  # a server of the script's own that does not come up is no success either
        survived, remark = "NO", str(loss)
    except Skipped as reason:
        survived, remark = "skipped", str(reason)
    return Row(name, tries, survived, time.monotonic() - started, remark)


def markdown(rows: Sequence[Row]) -> str:
    """The table for people."""
    lines = ["| fault | tries | survived | seconds | remark |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| {row.fault} | {row.tries} | {row.survived} | {row.seconds:.0f} | {row.remark} |" for row in rows]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Make all faults happen; 1 if any was not survived."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="each fault once, the kill twice")
    parser.add_argument("--only", choices=FAULTS, action="append", metavar="NAME", help=f"one of: {', '.join(FAULTS)}")
    parser.add_argument("--tries", type=int, metavar="N", help="instead of the table's")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table there too")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True))
        bench, rows = Bench(Path(folder), random.Random(arguments.seed)), []
        stack.enter_context(bench.server())
        bench.prepare()
        sys.stdout.write(
            f"An undisturbed run takes {bench.seconds:.0f} s, {bench.cpu_s:.0f} s of them on a processor.\n"
        )
        sys.stdout.flush()
        for name in arguments.only or FAULTS:
            fault = FAULTS[name]
            rows.append(tried(name, bench, arguments.tries or (fault.short if arguments.short else fault.tries)))
            sys.stdout.write(markdown(rows[-1:]).splitlines()[-1] + "\n")
            sys.stdout.flush()
    if arguments.markdown:
        arguments.markdown.write_text(markdown(rows), encoding="utf-8")
    return int(any(row.survived == "NO" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
