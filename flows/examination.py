"""What can be wrong with an installation: one check a function, each with its remedy."""

import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from flows import installation
from flows.credentials import masked
from flows.servers import HOST, MLFLOW_PORT, PREFECT_PORT, TRACKING_VARIABLE, answers, require_free, tracking_uri
from flows.workspace import data_folder, require_writable
from pipeline.schema import UserError

LEAST_FREE = 2_000_000_000
"""Bytes that a study of pictures may need."""
OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Finding:
    """The outcome of one check."""

    what: str
    found: str
    mark: Literal["ok", "note", "WRONG"] = "ok"
    remedy: str = ""

    @property
    def grave(self) -> bool:
        """Whether no study runs before this is mended."""
        return self.mark == "WRONG"


def examine() -> list[Finding]:
    """Every check, in the order in which things are needed."""
    findings = [check() for check in CHECKS]
    return [replace(one, found=masked(one.found), remedy=masked(one.remedy)) for one in findings]


def python() -> Finding:
    """Is Python new enough?"""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= OLDEST_PYTHON:
        return Finding("Python", found)
    return Finding("Python", found, "WRONG", "Install Python 3.11 or newer, delete .venv, and run `make run`.")


def packages() -> Finding:
    """Are all dependencies there, in the versions that work together?"""
    unmet = installation.unmet_requirements()
    if not unmet:
        return Finding("packages", "all there, in versions that work together")
    return Finding("packages", "; ".join(unmet), "WRONG", "pip install -e . -c constraints.txt")


def place() -> Finding:
    """Can the data folder be written?"""
    try:
        require_writable(data_folder())
    except UserError as trouble:
        return Finding("data folder", str(trouble), "WRONG", "Name another one: export AUGMENT_KITTI_DATA=DIR")
    return Finding("data folder", str(data_folder()))


def space() -> Finding:
    """Is there room for a study?"""
    free = installation.disk_free()
    found = f"{free / 1e9:.1f} GB free"
    if free >= LEAST_FREE:
        return Finding("disk", found)
    remedy = f"Delete old reports or all arms ({data_folder() / 'processed' / 'arms'}; they are computed again)."
    return Finding("disk", found, "note", remedy)


def leftovers() -> Finding:
    """Did killed runs leave anything behind?"""
    folders, dead = installation.half_done(), installation.killed()
    if not folders and not dead:
        return Finding("killed runs", "left nothing behind")
    remedy = "The next study closes the records. Nothing reads half-written folders: " + (
        f"rm -r {' '.join(map(str, folders[:3]))}{' ...' if len(folders) > 3 else ''}" if folders else "there are none."
    )
    return Finding("killed runs", f"{dead} records open, {len(folders)} folders half written", "note", remedy)


def clock() -> Finding:
    """Does the clock run on from what was written before?"""
    newest = max((path.stat().st_mtime for path in data_folder().glob("*")), default=0.0)
    ahead = newest - time.time()
    if ahead < 60:
        return Finding("clock", time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()))
    remedy = "Set the clock right: schedules follow it. Results do not depend on it."
    return Finding("clock", f"files are dated {ahead / 60:.0f} minutes ahead of it", "note", remedy)


def prefect() -> Finding:
    """Where do runs go, and does it answer?"""
    named = os.environ.get("PREFECT_API_URL")
    if named:
        if answers(f"{named}/health"):
            return Finding("Prefect", named)
        return Finding("Prefect", f"no answer at {named}", "WRONG", "Start that server, or unset PREFECT_API_URL.")
    running = installation.servers()["Prefect"]
    return Finding("Prefect", running) if running else _port("Prefect", PREFECT_PORT, "--prefect-port")


def mlflow() -> Finding:
    """Where are studies recorded, and can that be reached?"""
    uri = tracking_uri()
    if uri.startswith("http"):
        if answers(f"{uri.rstrip('/')}/health"):
            return Finding("MLflow", uri)
        remedy = (
            f"Studies run and can be recorded later (augment-kitti record). Start it, or unset {TRACKING_VARIABLE}."
        )
        return Finding("MLflow", f"no answer at {uri}", "note", remedy)
    return _database(uri) or _pages_of_mlflow(uri)


def _pages_of_mlflow(uri: str) -> Finding:
    """Its pages, where the record is a file of ours."""
    running = installation.servers()["MLflow"]
    return Finding("MLflow", running or uri) if running else _port("MLflow", MLFLOW_PORT, "--mlflow-port", uri)


def _database(uri: str) -> Finding | None:
    """What ails the SQLite file of the record; None if nothing does, or if there is none yet."""
    path = Path(uri.removeprefix("sqlite:///"))
    if not uri.startswith("sqlite") or not path.exists():
        return None
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            answer = database.execute("pragma quick_check").fetchone()[0]
    except sqlite3.Error as failure:
        answer = str(failure)
    if answer == "ok":
        return None
    remedy = f"mv {path} {path}.broken; then augment-kitti record REPORT for each report that you want back."
    return Finding("MLflow", f"{path} is damaged: {answer}", "WRONG", remedy)


def _port(what: str, port: int, option: str, found: str = "") -> Finding:
    """Not running; could it be started?"""
    found = found or "starts with each study"
    try:
        require_free(port, what, option)
    except UserError as taken:
        return Finding(what, f"{found}; port {port} of its pages is taken", "note", str(taken))
    return Finding(what, f"{found}; its pages: augment-kitti ui (http://{HOST}:{port})")


def temporary() -> Finding:
    """Can processes talk to each other?"""
    try:
        with tempfile.NamedTemporaryFile():
            return Finding("temporary files", tempfile.gettempdir())
    except OSError as failure:
        return Finding("temporary files", str(failure), "WRONG", "export TMPDIR=DIR, a folder that can be written.")


CHECKS: tuple[Callable[[], Finding], ...] = (
    python, packages, place, space, temporary, clock, leftovers, prefect, mlflow,
)  # fmt: skip
"""To add one: write its function, add its name."""
