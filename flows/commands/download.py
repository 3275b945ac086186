"""``augment-kitti download COLLECTION --to DIR``: KITTI from its publisher, resumed where it was cut off."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flows.commands import Commands

if TYPE_CHECKING:
    from pipeline.downloads.fetch import Progress

RECEIPT = "downloads.json"
"""Digest of each archive that was fetched and unpacked: what is in it is not fetched again."""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("download", help="fetch KITTI from its publisher and unpack it")
    parser.set_defaults(main=main)
    parser.add_argument("collection", metavar="COLLECTION", help="kitti-tracking, -object, -raw, -depth or -stereo")
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="folder to unpack into")
    parser.add_argument("--pictures", action="store_true", help="the pictures too: many gigabytes")
    parser.add_argument("--drive", action="append", default=[], metavar="D", help="of kitti-raw: which drives")
    parser.add_argument("--from", dest="base", metavar="URL", help="a mirror, instead of the publisher")


def main(arguments: argparse.Namespace) -> int:
    """Fetch and unpack each archive, and say what to do with them."""
    from flows.workspace import require_writable
    from pipeline.downloads.catalogue import CATALOGUE, KITTI, NOTICE, archives
    from pipeline.registry import lookup

    collection = lookup(CATALOGUE, arguments.collection, "collection")
    paths = archives(collection, arguments.drive, pictures=arguments.pictures)
    require_writable(arguments.to)
    sys.stdout.write(NOTICE)
    base = (arguments.base or KITTI).rstrip("/")
    for path in paths:
        sys.stdout.write(f"{Path(path).name}: {_one(f'{base}/{path}', arguments.to)}\n")
        sys.stdout.flush()
    if collection.reader:
        sys.stdout.write(f"Next: {collection.reader.format(to=arguments.to)}\n")
    return 0


def _one(url: str, to: Path) -> str:
    """Fetch and unpack one archive, unless that was done before; in words."""
    from flows.workspace import digest_of_file, write_json
    from pipeline.downloads.fetch import fetch
    from pipeline.downloads.unpack import unpack

    done = _receipt(to)
    if url in done:
        return "is here already"
    archive = to / Path(url).name
    if not archive.exists():
        with _bar(archive.name) as progress:
            fetch(url, archive, progress)
    digest, files = digest_of_file(archive), unpack(archive, to)
    write_json(to / RECEIPT, done | {url: digest})
    archive.unlink()
    return f"{files} files, SHA-256 {digest[:16]}..."


def _receipt(to: Path) -> dict[str, str]:
    """What was fetched before; nothing, if that cannot be read."""
    try:
        done: dict[str, str] = dict(json.loads((to / RECEIPT).read_text()))
    except (OSError, ValueError, TypeError):
        return {}
    return done


@contextmanager
def _bar(name: str) -> "Iterator[Progress]":
    """A progress bar on stderr; yields what is to be told of every chunk."""
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn(name),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
    )
    with progress.Progress(*columns, console=Console(file=sys.stderr), transient=True) as shown:
        task = shown.add_task(name, total=None)
        yield lambda done, whole: shown.update(task, completed=done, total=whole)
