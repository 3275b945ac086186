"""Where a study's files lie, and how they are written so that a crash leaves none half done."""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import flows
import models
import pipeline
from pipeline.json_objects import object_in
from pipeline.schema import UserError

DATA_VARIABLE = "AUGMENT_KITTI_DATA"
"""Environment variable that moves everything written to another folder."""


def data_folder() -> Path:
    """The folder for everything written: as the environment says, else ``data`` in the project."""
    named = os.environ.get(DATA_VARIABLE)
    return Path(named).expanduser().absolute() if named else project_folder() / "data"


def project_folder() -> Path:
    """The checkout this code was installed from; the current folder if it was installed as a copy."""
    checkout = Path(flows.__file__).resolve().parents[1]
    return checkout if (checkout / "pyproject.toml").exists() else Path.cwd()


def digest_of(value: Any) -> str:
    """SHA-256 of a JSON-able value, independent of the order of keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@cache
def code_digest() -> str:
    """SHA-256 over all sources of ``pipeline`` and ``models``: names the state of the code in a study's record."""
    sources: dict[str, str] = {}
    for package in (pipeline, models):
        folder = Path(str(package.__file__)).parent
        for source in sorted(folder.rglob("*.py")):
            sources[f"{folder.name}/{source.relative_to(folder).as_posix()}"] = digest_of_file(source)
    return digest_of(sources)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill, which takes the place of ``path`` in one step once it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        yield part
        part.chmod(0o755)  # mkdtemp's 0700 would hide a report from others
        if path.exists():
            path.rename(part.with_name(f"{part.name}-old"))
        part.rename(path)
        shutil.rmtree(part.with_name(f"{part.name}-old"), ignore_errors=True)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def seal(folder: Path, manifest: str, facts: Mapping[str, Any]) -> None:
    """Write ``facts``, the digest of every file in ``folder``, and that of both to ``manifest`` in it."""
    files = {path.name: digest_of_file(path) for path in sorted(folder.iterdir())}
    told = {**facts, "files": files}
    write_json(folder / manifest, {**told, "seal": digest_of(told)})


def is_intact(folder: Path, manifest: str) -> bool:
    """Whether ``folder`` was sealed, and the manifest and every file in it are as they were then."""
    return sealed_facts(folder, manifest) is not None


def sealed_facts(folder: Path, manifest: str) -> dict[str, Any] | None:
    """What ``seal`` wrote; None where anything in ``folder`` is missing or has changed since."""
    try:
        told = object_in((folder / manifest).read_bytes())
        if told.pop("seal", None) != digest_of(told):
            return None
        files: Mapping[str, str] = told["files"]
        whole = all(digest_of_file(folder / name) == digest for name, digest in files.items())
    except (OSError, ValueError, KeyError):
        return None
    return told if whole else None


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write JSON in one step: readers see the old file or the new one."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n")
    part.replace(path)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time; whoever dies inside lets the next one in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def require_writable(folder: Path) -> None:
    """Make ``folder`` and write a probe into it.

    Raises:
        UserError: it cannot be written; the message says why.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".probe-") as probe:
            probe.write(b"\0" * 4096)
    except OSError as failure:
        raise UserError(f"Cannot write to {folder}: {failure.strerror or failure}.") from failure
