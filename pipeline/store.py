"""Ingested drives on disk: content digests so that nothing is read twice, and a manifest so that nothing rots unseen.

A stored data set is a folder named by the digest of its source and of the code that read it. It appears at once and
whole (written aside, then renamed) and is verified against its manifest whenever it is loaded.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from pipeline.json_objects import object_in
from pipeline.provenance import code_digest, modules_of
from pipeline.quarantine import write_quarantine
from pipeline.registry import lookup
from pipeline.schema import BadInput, Drive, Problem, UserError
from pipeline.sources import SOURCES
from pipeline.sources.base import Gathering, Reading, SelfMade, Source, Tally, read_parts
from pipeline.sources.digests import digest_of
from pipeline.stored_drives import read_drives, write_drives

MANIFEST = "manifest.json"
QUARANTINE = "quarantine.csv"


@dataclass(frozen=True)
class Ingested:
    """A data set in the store."""

    path: Path
    digest: str
    """SHA-256 of the source's files."""
    source: str
    drives: int
    tracks: int
    rows: int
    """Labelled rows, regions to ignore included."""
    cache_hit: bool
    problems: tuple[Problem, ...]
    """Defects of the quarantined rows."""
    notes: tuple[str, ...]


def ingest(
    source: str, root: Path | None, store_dir: Path, on_error: Literal["refuse", "quarantine"] = "refuse"
) -> Ingested:
    """Read a data set into the store, unless the same bytes were read by the same code before.

    Args:
        source: Name of a reader in ``SOURCES``.
        root: The data; None for a source that makes its own.
        store_dir: Where stored data sets live.
        on_error: ``refuse`` stops at bad rows; ``quarantine`` leaves them out and writes them to ``quarantine.csv``.

    Raises:
        BadInput: bad rows, and ``on_error`` is ``refuse``; ``problems`` names every one.
        UserError: no such source, no such data, data of another layout, or a store that cannot be written.
    """
    reader = lookup(SOURCES, source, "source")
    root = _root_of(reader, source, root, store_dir)
    digest = digest_of(root)
    path = store_dir / f"{source}-{_key(digest, reader)}"
    manifest = _manifest_if_sound(path, root)
    cache_hit = manifest is not None
    if manifest is None:
        manifest = _write(path, read_parts(reader, root), root, {"source": source, "digest": digest}, on_error)
    problems = tuple(Problem(Path(file), line, reason) for file, line, reason in manifest["problems"])
    _refuse(problems, on_error)
    counts = {name: manifest[name] for name in ("drives", "tracks", "rows")}
    notes = tuple(manifest["notes"])
    return Ingested(path, digest, source, **counts, cache_hit=cache_hit, problems=problems, notes=notes)


def load(path: Path) -> tuple[Drive, ...]:
    """The drives of a stored data set, equal to what was read.

    Raises:
        UserError: the folder is no stored data set, or its files are not what its manifest says.
    """
    manifest = _read_manifest(path)
    if manifest is None or not _is_sound(path, manifest):
        raise UserError(f"{path} is not a sound stored data set: ingest the source again.")
    return read_drives(path, Path(manifest["root"]))


def _key(digest: str, reader: Source) -> str:
    """Digest of the data and of the code that reads and stores it: a changed reader never meets its old results."""
    code = code_digest({__name__, *modules_of(reader)})
    return hashlib.sha256(f"{digest}{code}".encode()).hexdigest()[:16]


def _root_of(reader: Source, source: str, root: Path | None, store_dir: Path) -> Path:
    if isinstance(reader, Gathering):
        return reader.gather(root, store_dir)
    if root is None:
        if not isinstance(reader, SelfMade):
            raise UserError(f'The source "{source}" needs data: name its folder with --root.')
        return reader.make(store_dir)
    if not root.exists():
        raise UserError(f"{root} does not exist.")
    return root


def _refuse(problems: Sequence[Problem], on_error: str) -> None:
    if problems and on_error == "refuse":
        raise BadInput(list(problems))


def _write(path: Path, parts: Iterator[Reading], root: Path, facts: dict[str, Any], on_error: str) -> dict[str, Any]:
    """Write part after part aside and move it all into place in one step; returns the manifest."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".ingest-", dir=path.parent) as aside:
            folder, tally = Path(aside, "data"), Tally()
            folder.mkdir()
            write_drives(tally.passing(parts), folder, root)
            _refuse(tally.problems, on_error)
            write_quarantine(tally.problems, folder / QUARANTINE)
            manifest = facts | _describe(tally, root, folder)
            manifest["seal"] = _seal_of(manifest)
            (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
            _put(folder, path, root)
    except OSError as error:
        raise UserError(f"Cannot write to the store {path.parent}: {error.strerror or error}") from error
    return manifest


def _put(folder: Path, path: Path, root: Path) -> None:
    """Move ``folder`` to ``path``, unless another process has just put the same data there."""
    if _manifest_if_sound(path, root) is None:
        shutil.rmtree(path, ignore_errors=True)
        folder.replace(path)


def _describe(tally: Tally, root: Path, folder: Path) -> dict[str, Any]:
    return {
        "root": str(root),
        "versions": {name: version(name) for name in ("augment-kitti", "numpy", "pyarrow")},
        "drives": tally.drives,
        "tracks": tally.tracks,
        "rows": tally.rows,
        "frames": tally.frames,
        "notes": tally.notes,
        "problems": [[str(problem.file), problem.line, problem.reason] for problem in tally.problems],
        "files": {file.name: _sha256(file) for file in sorted(folder.iterdir())},
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read_manifest(path: Path) -> dict[str, Any] | None:
    """What the manifest says; None where there is none, or not the one that was written."""
    try:
        manifest = object_in((path / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None
    return manifest if manifest.get("seal") == _seal_of(manifest) else None


def _seal_of(manifest: dict[str, Any]) -> str:
    """SHA-256 of all that a manifest says."""
    told = {name: value for name, value in manifest.items() if name != "seal"}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _is_sound(path: Path, manifest: dict[str, Any]) -> bool:
    """Whether every file the manifest names has the content it had."""
    files: dict[str, str] = manifest.get("files", {})
    return "drives.json" in files and all(
        (path / name).is_file() and _sha256(path / name) == digest for name, digest in files.items()
    )


def _manifest_if_sound(path: Path, root: Path) -> dict[str, Any] | None:
    """The manifest of a stored data set that can be used as it is, else None."""
    manifest = _read_manifest(path)
    if manifest is None or not _is_sound(path, manifest):
        return None
    # The same bytes may lie elsewhere by now; only pictures are looked up in their place.
    return manifest if manifest["root"] == str(root) or not manifest["frames"] else None
