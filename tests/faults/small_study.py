"""The smallest real study, as a command: run undisturbed once, then disturbed and compared with that."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.servers import environment, free_port, prefect_server
from flows.workspace import DATA_VARIABLE
from pipeline.city.drives import labelled_drive
from pipeline.kitti_layout import write_tracking
from tests.faults.living import Meter, processes, wait_until

COMMAND = str(Path(sys.executable).with_name("augment-kitti"))
SETTINGS = (
    "strategies=[none,copies,noise,flip]", "fractions=[1.0]", "tstr_seeds=0", "history=4", "future=4", "task.steps=40",
    'valid=["0001"]', 'held_out=["0002"]',
)  # fmt: skip
"""``kitti-tracking`` cut down: 2 seeds of 4 strategies, and 2 arms for the anatomy."""

PATIENCE_S = 900.0
"""A run that takes longer hangs."""

OTHERWISE = {"PREFECT_API_URL", "MLFLOW_TRACKING_URI"}
"""Variables that would lead the study out of its folder."""


class Lost(AssertionError):
    """A fault that the study did not survive."""


class Skipped(Exception):
    """A fault that cannot be made on this machine."""


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> Path:
        """The folder named in the last line."""
        return Path(self.out.strip().splitlines()[-1])


@dataclass
class Bench:
    """Data, the scores of an undisturbed run, and data folders to disturb others in."""

    folder: Path
    rng: random.Random
    seconds: float = 0.0
    """Of the undisturbed run."""
    cpu_s: float = 0.0
    """Processor seconds of its processes."""
    scores: Mapping[str, Any] = field(default_factory=dict)
    places: int = 0
    whole: Path = field(default_factory=Path)
    """The data folder of the undisturbed run."""
    api: str = ""
    """A lasting Prefect server, for studies that do not bring their own: starting one is a quarter of a small study."""

    @property
    def root(self) -> Path:
        """The recordings."""
        return self.folder / "kitti" / "training"

    def prepare(self) -> None:
        """Make the data, and the databases by running once; then measure a run that finds them made."""
        for number in range(4):
            write_tracking(labelled_drive(0, number, 40), self.root)
        first, template = self.folder / "first", self.folder / "template"
        self.finished(first, own_server=True)
        (template / "prefect").mkdir(parents=True)
        for name in ("mlflow.db", "prefect/prefect.db"):
            shutil.copy(first / name, template / name)
        self.measure()

    def measure(self) -> None:
        """Run undisturbed, on databases that are made."""
        started, self.whole = time.monotonic(), self.place()
        with self.started(self.whole, "--workers", "1") as child:
            used = Meter(self.whole)
            wait_until(lambda: used.read() < 0, child, every_s=0.2)
            self.scores = scores_of(self.succeeded(child).report)
        self.seconds, self.cpu_s = time.monotonic() - started, used.read()

    def place(self, under: Path | None = None) -> Path:
        """A data folder without results, whose databases need no set-up."""
        self.places += 1
        return Path(shutil.copytree(self.folder / "template", (under or self.folder) / f"data-{self.places}"))

    @contextmanager
    def server(self) -> Iterator[None]:
        """Keep up a Prefect server for the studies of the block."""
        own = {DATA_VARIABLE: str(self.folder / "server")}
        with environment(own), prefect_server(free_port(), services=False) as server:
            server.wait_until_healthy("/api/health")
            self.api = f"{server.url}/api"
            yield

    @contextmanager
    def started(
        self, data: Path, *words: str, own_server: bool = False, **variables: str
    ) -> Iterator[subprocess.Popen[str]]:
        """The command under way, in a session of its own; at the end of the block nothing of it is left."""
        command = [COMMAND, "run", "kitti-tracking", "--root", str(self.root), "--seeds", "2"]
        command += [word for setting in SETTINGS for word in ("--set", setting)]
        places = {DATA_VARIABLE: str(data)} | ({"PREFECT_API_URL": self.api} if self.api and not own_server else {})
        inherited = {name: value for name, value in os.environ.items() if name not in OTHERWISE}
        with subprocess.Popen(
            [*command, *words], env={**inherited, **places, **variables}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        ) as child:  # fmt: skip
            try:
                yield child
            finally:
                if child.poll() is None:
                    child.kill()

    def ended(self, child: "subprocess.Popen[str]") -> Ended:
        """Wait for the end of a command.

        Raises:
            Lost: it hangs.
        """
        try:
            out, err = child.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            raise Lost(f"hangs: not done after {PATIENCE_S:.0f} s") from None
        return Ended(child.returncode, out, err)

    def run(self, data: Path, *words: str, own_server: bool = False, **variables: str) -> Ended:
        """The whole command."""
        with self.started(data, *words, own_server=own_server, **variables) as child:
            return self.ended(child)

    def finished(self, data: Path, *words: str, own_server: bool = False, **variables: str) -> Ended:
        """The whole command, which must succeed."""
        with self.started(data, *words, own_server=own_server, **variables) as child:
            return self.succeeded(child)

    def succeeded(self, child: "subprocess.Popen[str]") -> Ended:
        """Wait for the end of a command, which must be a good one."""
        end = self.ended(child)
        if end.code != 0:
            raise Lost(f"exit code {end.code}: {last_line(end.err)}")
        return end

    def goes_on(self, data: Path, *words: str, own_server: bool = False) -> None:
        """The same command again finishes with the scores of the undisturbed run, and leaves no process."""
        self.require_same(self.finished(data, *words, own_server=own_server))
        left = processes(data)
        if left:
            raise Lost(f"left {len(left)} processes: {next(iter(left.values()))[:80]}")

    def require_same(self, end: Ended) -> None:
        """The scores must be those of the undisturbed run."""
        if scores_of(end.report) != self.scores:
            raise Lost(f"other scores than without the fault, in {end.report}")

    def await_a_moment(self, data: Path, child: "subprocess.Popen[str]", number: int, tries: int) -> None:
        """Wait for a moment that chance chooses in the ``number``-th of ``tries`` equal parts of a run's work."""
        used, moment = Meter(data), self.cpu_s * (number + self.rng.random()) / tries
        wait_until(lambda: used.read() >= moment, child, every_s=0.05)


def scores_of(report: Path) -> dict[str, Any]:
    """``scores.json`` without the time of day and what the clock measured."""
    found: dict[str, Any] = json.loads((report / "scores.json").read_text())
    del found["created"]
    for arm in found["arms"]:
        del arm["fit_s"], arm["train_s"]
    return found


def say(text: str) -> None:
    """Tell whoever waits how far it is."""
    sys.stderr.write(f"  {text}\n")
    sys.stderr.flush()


def last_line(text: str) -> str:
    """What the command said last by itself; else what anybody did."""
    lines = text.strip().splitlines() or ["nothing was said"]
    return ([line for line in lines if line.startswith("augment-kitti: ")] or lines)[-1][:200]


def arms_in(data: Path) -> list[Path]:
    """The manifests of finished arms."""
    return sorted((data / "processed" / "arms").glob("[!.]*/arm.json"))
