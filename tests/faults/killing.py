"""Processes that are killed or interrupted at moments nobody chose."""

import os
import signal
from pathlib import Path

from tests.faults.living import processes, wait_until
from tests.faults.small_study import Bench, Lost, arms_in, last_line, say


def _way(number: int) -> tuple[str, bool]:
    """How many processes train, and whether the study brings its own Prefect server: every fourth two, and yes."""
    return ("2", True) if number % 4 == 3 else ("1", False)


def killed(bench: Bench, tries: int) -> str:
    """Kill -9 at any moment; the same command finishes with identical scores and nothing lives on."""
    kept = []
    for number in range(tries):
        data, (workers, own_server) = bench.place(), _way(number)
        with bench.started(data, "--workers", workers, own_server=own_server) as child:
            bench.await_a_moment(data, child, number, tries)
            child.kill()
            child.wait()
        kept.append(len(arms_in(data)))
        bench.goes_on(data, "--workers", workers, own_server=own_server)
        say(f"killed {number + 1} of {tries}: {kept[-1]} arms were done")
    return f"{min(kept)} to {max(kept)} arms were done"


def interrupted(bench: Bench, tries: int) -> str:
    """Ctrl-C at any moment: one line, and the same command goes on."""
    kept, loud = [], 0
    for number in range(tries):
        data, (workers, own_server) = bench.place(), _way(number)
        with bench.started(data, "--workers", workers, own_server=own_server) as child:
            bench.await_a_moment(data, child, number, tries)
            child.send_signal(signal.SIGINT)
            end = bench.ended(child)
        kept.append(len(arms_in(data)))
        loud += "Traceback" in end.err
        bench.goes_on(data, "--workers", workers, own_server=own_server)
        say(f"interrupted {number + 1} of {tries}: exit code {end.code}, {kept[-1]} arms were done")
    return f"{min(kept)} to {max(kept)} arms were done" + (f"; {loud} times a traceback" if loud else "")


def worker_killed(bench: Bench, tries: int) -> str:
    """Kill -9 of a process that trains, which is how the kernel answers a lack of memory."""
    told = ""
    for _ in range(tries):
        data = bench.place()
        with bench.started(data, "--workers", "2") as child:
            if not wait_until(lambda data=data: _workers(data) and arms_in(data), child):
                raise Lost("it ended before a worker could be killed")
            os.kill(bench.rng.choice(_workers(data)), signal.SIGKILL)
            end = bench.ended(child)
        told = "the run went on" if end.code == 0 else f"the run said: {last_line(end.err)}"
        if "Traceback" in end.err:
            raise Lost(f"a traceback: {last_line(end.err)}")
        bench.goes_on(data, "--workers", "2")
    return told


def _workers(data: Path) -> list[int]:
    return [number for number, line in processes(data).items() if "multiprocessing.spawn" in line]


def prefect_killed(bench: Bench, tries: int) -> str:
    """Kill -9 of the Prefect server while arms are trained."""
    told = ""
    for _ in range(tries):
        data = bench.place()
        with bench.started(data, "--workers", "1", own_server=True) as child:
            if not wait_until(lambda data=data: arms_in(data), child):
                raise Lost("it ended before the server could be killed")
            _kill_first(data, "prefect server start")
            end = bench.ended(child)
        told = "the run went on" if end.code == 0 else f"the run said: {last_line(end.err)}"
        bench.goes_on(data, "--workers", "1")
    return told


def _kill_first(data: Path, words: str) -> int:
    """Kill -9 the first process of a data folder whose command line holds ``words``.

    Raises:
        Lost: there is none.
    """
    for number, line in sorted(processes(data).items()):
        if words in line:
            os.kill(number, signal.SIGKILL)
            return number
    raise Lost(f'no process "{words}" to kill')
