"""A run that was killed is found by the lock it no longer holds."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flows.liveness import LiveRun, alive, dead_runs, living_runs

HOLD = """
import sys, time
from pathlib import Path
from flows.liveness import LiveRun, alive
with alive(Path(sys.argv[1]), LiveRun("killed", "mini")) as pulse:
    pulse.recorded_in_mlflow("sqlite:///x", "run")
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_living_run_is_not_found_and_leaves_nothing(tmp_path: Path) -> None:
    with alive(tmp_path, LiveRun("me")), dead_runs(tmp_path) as dead:
        assert dead == ()
    assert list(tmp_path.iterdir()) == []


def test_a_killed_run_is_found_once_with_its_record(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with dead_runs(tmp_path) as dead:
            assert dead == ()
        os.kill(child.pid, signal.SIGKILL)
    with dead_runs(tmp_path) as dead:
        assert dead == (LiveRun("killed", "mini", "sqlite:///x", "run"),)
    with dead_runs(tmp_path) as dead:
        assert dead == ()


def test_a_killed_run_is_remembered_until_it_could_be_closed(tmp_path: Path) -> None:
    (tmp_path / "id.json").write_text("")
    with pytest.raises(RuntimeError), dead_runs(tmp_path):
        raise RuntimeError
    with dead_runs(tmp_path) as dead:
        assert dead == (LiveRun("id"),)


def test_the_living_are_told_from_the_dead(tmp_path: Path) -> None:
    (tmp_path / "dead.json").write_text('{"flow_run_id": "dead"}')
    with alive(tmp_path, LiveRun("me", "mini")):
        assert living_runs(tmp_path) == (LiveRun("me", "mini"),)
    assert living_runs(tmp_path) == ()
