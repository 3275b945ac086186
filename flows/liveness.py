"""Which runs are alive: each holds a lock that the operating system lets go when its process ends, however it ends.

The locked file says where the run is recorded. Whoever can take the lock of a file that is still there has found a run
that was killed, and may close what it left open. Process ids need not be trusted, and a restart confuses nobody.
"""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

from pipeline.json_objects import object_in


@dataclass(frozen=True)
class LiveRun:
    """Where a run is recorded."""

    flow_run_id: str
    study: str | None = None
    mlflow_uri: str | None = None
    mlflow_run_id: str | None = None


class Pulse:
    """The lock of a living run."""

    def __init__(self, stream: IO[str], run: LiveRun) -> None:
        """Hold ``stream``'s lock (taken already) for ``run``."""
        self._stream = stream
        self.run = run
        self._write()

    def recorded_in_mlflow(self, uri: str, run_id: str) -> None:
        """Remember the MLflow run, so that it can be closed if this process is killed."""
        self.run = replace(self.run, mlflow_uri=uri, mlflow_run_id=run_id)
        self._write()

    def _write(self) -> None:
        self._stream.seek(0)
        self._stream.truncate()
        json.dump(asdict(self.run), self._stream)
        self._stream.flush()


@contextmanager
def alive(folder: Path, run: LiveRun) -> Iterator[Pulse]:
    """Show in ``folder`` that ``run`` lives, until the block or the process ends."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run.flow_run_id}.json"
    with path.open("a+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        try:
            yield Pulse(stream, run)
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def dead_runs(folder: Path) -> Iterator[tuple[LiveRun, ...]]:
    """Runs that were killed. Their files are forgotten after the block, unless it raises."""
    found: list[tuple[Path, LiveRun]] = []
    for path in sorted(folder.glob("*.json")):
        run = _dead(path)
        if run is not None:
            found.append((path, run))
    yield tuple(run for _, run in found)
    for path, _ in found:
        path.unlink(missing_ok=True)


def living_runs(folder: Path) -> tuple[LiveRun, ...]:
    """Runs whose process holds its lock."""
    return tuple(
        _read(path.read_text(errors="replace"), path) for path in sorted(folder.glob("*.json")) if _dead(path) is None
    )


def _read(text: str, path: Path) -> LiveRun:
    """What a file says; one that says nothing, or nothing that can be read, stands for a run that had not begun."""
    try:
        told = object_in(text)
    except ValueError:
        told = {}
    places = {name: told.get(name) for name in ("study", "mlflow_uri", "mlflow_run_id")}
    return LiveRun(path.stem, **{name: place for name, place in places.items() if isinstance(place, str)})


def _dead(path: Path) -> LiveRun | None:
    """The run of a lock nobody holds."""
    try:
        with path.open(errors="replace") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return _read(stream.read(), path)
    except (BlockingIOError, FileNotFoundError):
        return None
