"""What is installed and running here: what ``augment-kitti status`` shows and ``augment-kitti doctor`` examines."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from flows.credentials import masked
from flows.liveness import LiveRun, living_runs
from flows.servers import answers, running_services, tracking_uri
from flows.workspace import data_folder

PROJECT = "augment-kitti"
FACTS = "run.json"
FOLDERS = ("interim", "processed", "reports", "mlartifacts", "prefect", "logs")
"""Below the data folder, in the order in which a study fills them."""


@dataclass(frozen=True)
class Report:
    """A finished study in the data folder."""

    folder: Path
    study: str
    created: str
    """ISO 8601, UTC."""
    answer: str
    """Its first conclusion, or why it is not valid."""


def servers() -> dict[str, str | None]:
    """Address by name; None for what does not answer."""
    services = running_services()
    prefect = os.environ.get("PREFECT_API_URL") or services.get("prefect")
    prefect = prefect if prefect and answers(prefect if "/api" in prefect else f"{prefect}/api/health") else None
    uri = tracking_uri()
    mlflow = uri if uri.startswith("http") else services.get("mlflow")
    found = {"Prefect": prefect, "MLflow": mlflow if mlflow and answers(mlflow) else None}
    return {name: url and masked(url) for name, url in found.items()}


def running() -> tuple[LiveRun, ...]:
    """Studies under way, of any process."""
    return living_runs(data_folder() / "running")


def killed() -> int:
    """How many killed runs nobody has closed yet; the next study does."""
    return len(list((data_folder() / "running").glob("*.json"))) - len(running())


def reports() -> tuple[Report, ...]:
    """Finished studies, the newest first; a folder that cannot be read is left out."""
    found = [_report(path) for path in (data_folder() / "reports").glob(f"*/{FACTS}")]
    return tuple(sorted((one for one in found if one), key=lambda one: one.created, reverse=True))


def _report(path: Path) -> Report | None:
    try:
        facts = json.loads(path.read_text())
        return Report(path.parent, facts["name"], facts["created"], _answer(path.parent))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _answer(folder: Path) -> str:
    try:
        scores = json.loads((folder / "scores.json").read_text())
    except (OSError, ValueError):  # a tour of lessons has none
        return ""
    words = scores["conclusion"] if scores["valid"] else ["not valid: " + "; ".join(scores["invalid_reasons"])]
    return str(words[0]) if words else ""


def disk_use() -> dict[str, int]:
    """Bytes by folder of the data folder, those that exist."""
    places = {name: data_folder() / name for name in FOLDERS}
    return {name: sum(_sizes(path)) for name, path in places.items() if path.is_dir()}


def disk_free() -> int:
    """Bytes left where the data folder lies, or will lie."""
    place = data_folder()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def half_done() -> tuple[Path, ...]:
    """Folders that a killed process left behind half written; nothing reads them."""
    now_writing = bool(running())
    places = (data_folder() / name for name in ("reports", "processed/arms", "interim"))
    return () if now_writing else tuple(path for place in places for path in place.glob(".*-*") if path.is_dir())


def versions() -> dict[str, str]:
    """Version of this program and of what its numbers depend on."""
    return {name: version(name) for name in (PROJECT, "torch", "numpy", "pandas", "prefect", "mlflow")}


def unmet_requirements() -> list[str]:
    """Dependencies that are missing or outside the range this program was made for, in words."""
    return [text for text in map(_unmet, requires(PROJECT) or []) if text]


def _unmet(line: str) -> str | None:
    wanted = Requirement(line)
    if wanted.marker and not wanted.marker.evaluate({"extra": ""}):
        return None
    try:
        found = version(wanted.name)
    except PackageNotFoundError:
        return f"{wanted.name} is missing"
    fits = wanted.specifier.contains(found, prereleases=True)
    return None if fits else f"{wanted.name} {found} is installed, {wanted.specifier} is needed"


def _sizes(folder: Path) -> Iterator[int]:
    for path in folder.rglob("*"):
        try:
            if path.is_file() and not path.is_symlink():
                yield path.stat().st_size
        except FileNotFoundError:  # somebody works here
            continue
