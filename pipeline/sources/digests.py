"""What names the state of a data set: one digest over all of its files."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

_HASHED_IN_FULL = {".txt", ".xml", ".csv", ".json", ".parquet"}
"""Pictures and scans enter the digest by name and size: reading gigabytes to find nothing changed would be waste."""


def digest_of(root: Path) -> str:
    """SHA-256 over the names and contents of all files of a data set, hidden ones left out."""
    digest = hashlib.sha256()
    for path in _files(root):
        digest.update(f"{path.relative_to(root).as_posix()}\0{path.stat().st_size}\0".encode())
        if path.suffix in _HASHED_IN_FULL:
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    """All files below ``root`` in an order of their own names, whatever order the disk has."""
    if root.is_file():
        yield root
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(names) if not name.startswith("."))
