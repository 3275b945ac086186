"""Disks that are full, cannot be written, changed a byte, or were written by a computer with another clock."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.small_study import Bench, Ended, Lost, Skipped, arms_in, last_line

ROOM_BYTES = (200_000, 6_000_000)
"""What is left on a full disk: too little for anything, too little for the report."""


def disk_full(bench: Bench, tries: int) -> str:
    """A disk that fills up at the start or in the middle: one line; with room again the same command goes on."""
    kept = []
    for number in range(tries):
        with _small_disk(bench.folder / f"disk-{number}") as disk:
            data = bench.place(disk)
            filler = disk / "filler"
            free = shutil.disk_usage(disk).free - ROOM_BYTES[number % len(ROOM_BYTES)]
            with filler.open("wb") as stream:
                for _ in range(free // 100_000):
                    stream.write(b"\1" * 100_000)
            _require_one_line(bench.run(data, own_server=True))
            kept.append(len(arms_in(data)))
            filler.unlink()
            bench.goes_on(data)
    return f"{min(kept)} to {max(kept)} arms were done"


def read_only(bench: Bench, tries: int) -> str:
    """A disk that cannot be written: one line before any work."""
    told = ""
    for number in range(tries):
        with _small_disk(bench.folder / f"read-only-{number}") as disk:
            data = bench.place(disk)
            _mount("-o", "remount,ro", str(disk))
            end = bench.run(data, own_server=True)
            _mount("-o", "remount,rw", str(disk))
            _require_one_line(end)
            told = last_line(end.err)
            bench.goes_on(data)
    return told.replace(str(bench.folder), "...")


def _require_one_line(end: Ended) -> None:
    if end.code != 1 or "Traceback" in end.err:
        raise Lost(f"exit code {end.code}, and it said: {last_line(end.err)}")


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 60 MB.

    Raises:
        Skipped: this user may not mount any.
    """
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", "size=60m", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False, capture_output=True)


def _mount(*words: str) -> None:
    done = subprocess.run(["mount", *words], check=False, capture_output=True, text=True)
    if done.returncode:
        raise Skipped(f"no file system can be mounted: {last_line(done.stderr)}")


def results_damaged(bench: Bench, tries: int) -> str:
    """A byte changes in a file of an arm and in the ingested data: those are made again, all others are kept."""
    data = bench.whole
    for number in range(tries):
        arms = arms_in(data)
        folder = arms[number % len(arms)].parent
        files = sorted(path for path in folder.iterdir() if path.suffix in (".parquet", ".npz", ".json"))
        stored = sorted((data / "interim").glob("kitti_tracking-*/*.*"))
        before = _times(arms)
        for path in (bench.rng.choice(files), bench.rng.choice(stored)):
            _change_a_byte(path, bench.rng.random())
        bench.goes_on(data)
        made_again = [path for path, when in _times(arms).items() if when != before[path]]
        if made_again != [folder / "arm.json"]:
            raise Lost(f"{len(made_again)} arms were made again instead of the damaged one")
    return "the damaged arm alone was made again"


def _change_a_byte(path: Path, place: float) -> None:
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 0x20
    path.write_bytes(content)


def _times(paths: list[Path]) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in paths}


def clock_jumps(bench: Bench, tries: int) -> str:
    """Files from next year, and from 1970: nothing is made again."""
    data = bench.whole
    for number in range(tries):
        when = (time.time() + 370 * 86_400, 1.0)[number % 2]
        for path in data.rglob("*"):
            os.utime(path, (when, when))
        for path in bench.root.rglob("*"):
            os.utime(path, (when, when))
        before = _times(arms_in(data))
        bench.goes_on(data)
        if _times(arms_in(data)) != before:
            raise Lost("arms were made again because of their dates")
    return "no arm was made again"
