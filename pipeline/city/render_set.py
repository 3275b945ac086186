"""A whole set of rendered drives on disk: planned, rendered by several processes, resumed where it was stopped.

Below ``root``: ``training`` in KITTI's tracking layout with ``depth``, ``semantic``, ``instance``, ``velodyne`` and
``night`` beside it, and ``raw`` with the same drives in the layout of KITTI raw.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from pipeline.city.drives import record_drive
from pipeline.city.labels import build_drive
from pipeline.city.lidar import scan
from pipeline.city.looks import LOOKS
from pipeline.city.picture_files import write_picture, write_scan
from pipeline.city.pixel_labels import pixel_rows
from pipeline.city.raw_layout import write_raw
from pipeline.city.recording import Recording
from pipeline.city.render import render
from pipeline.city.rig import kitti_calibration
from pipeline.city.stage import Cast
from pipeline.city.styles import STYLES
from pipeline.city.view import resize_calibration
from pipeline.city.world import build_world
from pipeline.kitti_layout import write_tracking
from pipeline.registry import lookup
from pipeline.schema import Calibration, UserError, require

LECTURE_SET = {"new_york": 300, "miami": 250, "houston": 250, "salt_lake_city": 100}
"""Frames by city of the set that inspired this one; ``--city all`` renders as many."""

DRIVE_FRAMES = 50
"""Frames of one drive; a city's last drive may have fewer."""

PLAN = "render.json"


@dataclass(frozen=True)
class RenderSet:
    """What to render; the same values give the same bytes."""

    cities: tuple[tuple[str, int], ...]
    """Names and numbers of frames."""
    size: str = "half"
    looks: tuple[str, ...] = ("day", "night")
    samples: int = 2
    """Rays along each side of a pixel."""
    lidar: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be rendered before anything is.

        Raises:
            UserError: an unknown city, size or look.
            ValueError: no frames, or a number of samples that is not 1, 2 or 3.
        """
        for city, frames in self.cities:
            lookup(STYLES, city, "city")
            require(frames > 0, f"frames must be positive, got {frames} for {city}")
        for look in self.looks:
            lookup(LOOKS, look, "look")
        resize_calibration(kitti_calibration(), self.size)
        require(self.samples in (1, 2, 3), f"samples must be 1, 2 or 3, got {self.samples}")

    def drives(self) -> list[tuple[str, int, int]]:
        """City, number and frames of every drive."""
        plan: list[tuple[str, int, int]] = []
        for city, frames in self.cities:
            for first in range(0, frames, DRIVE_FRAMES):
                plan.append((city, len(plan), min(DRIVE_FRAMES, frames - first)))
        return plan

    @property
    def frames(self) -> int:
        """Frames in all."""
        return sum(frames for _, frames in self.cities)


Progress = Callable[[int, int], None]
"""Called with frames done and frames in all."""


def render_set(
    plan: RenderSet, root: Path, processes: int | None = None, progress: Progress = lambda done, total: None
) -> Path:
    """Render a set below ``root``; frames that an earlier, interrupted call finished are kept.

    Returns:
        The folder in KITTI's tracking layout.

    Raises:
        UserError: ``root`` holds another set already, or cannot be written.
    """
    _claim(plan, root)
    training = root / "training"
    drives = plan.drives()
    missing = [
        (drive, frame) for drive in drives for frame in range(drive[2]) if not _rows_path(root, drive, frame).is_file()
    ]
    done = plan.frames - len(missing)
    progress(done, plan.frames)
    for count in _work(plan, root, _chunks(missing), processes or os.cpu_count() or 1):
        done += count
        progress(done, plan.frames)
    for drive in drives:
        _finish(plan, root, training, drive)
    return training


def _claim(plan: RenderSet, root: Path) -> None:
    """Note down what ``root`` holds; refuse a folder with another set in it."""
    path = root / PLAN
    wanted = json.loads(json.dumps(asdict(plan)))
    try:
        if path.is_file():
            if json.loads(path.read_text()) != wanted:
                raise UserError(f"{root} holds a set rendered with other options: name an empty folder.")
            return
        if root.is_dir() and any(root.iterdir()):
            raise UserError(f"{root} is not empty and holds no rendered set: name an empty folder.")
        root.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(wanted, indent=1) + "\n")
    except OSError as error:
        raise UserError(f"Cannot write to {root}: {error.strerror or error}") from error


def _rows_path(root: Path, drive: tuple[str, int, int], frame: int) -> Path:
    """Label rows of a finished frame; written last, so that it vouches for the frame's other files."""
    return root / ".frames" / f"{drive[1]:04d}" / f"{frame:06d}.npy"


Task = tuple[tuple[str, int, int], list[int]]


def _chunks(missing: Sequence[tuple[tuple[str, int, int], int]], size: int = 25) -> list[Task]:
    """Frames of one drive, some at a time: small enough to share out, large enough to set up a city once."""
    by_drive: dict[tuple[str, int, int], list[int]] = {}
    for drive, frame in missing:
        by_drive.setdefault(drive, []).append(frame)
    return [(drive, frames[at : at + size]) for drive, frames in by_drive.items() for at in range(0, len(frames), size)]


def _work(plan: RenderSet, root: Path, tasks: list[Task], processes: int) -> Iterator[int]:
    """Do all tasks; yields how many frames each finished."""
    if processes == 1 or len(tasks) < 2:
        for task in tasks:
            yield render_frames(plan, root, *task)
        return
    with ProcessPoolExecutor(min(processes, len(tasks)), mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(render_frames, plan, root, *task) for task in tasks]
        try:
            for finished in as_completed(waiting):
                yield finished.result()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def render_frames(plan: RenderSet, root: Path, drive: tuple[str, int, int], frames: Sequence[int]) -> int:
    """Render some frames of one drive; returns how many."""
    city, number, _ = drive
    calibration = resize_calibration(kitti_calibration(), plan.size)
    world = build_world(city, plan.seed)
    recording, cast = _performance(city, plan.seed, *drive[1:])
    for frame in frames:
        rng = np.random.default_rng([plan.seed, number, frame])
        picture = render(world, recording, cast, frame, calibration, rng, plan.samples, plan.looks)
        rows = pixel_rows(recording, cast, frame, calibration, picture)
        write_picture(root / "training", recording.name, frame, picture)
        if plan.lidar:
            points = scan(world, recording, cast, frame, calibration, rng)
            write_scan(root / "training", recording.name, frame, points)
        path = _rows_path(root, drive, frame)
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(".part.npy")
        np.save(aside, rows)
        aside.replace(path)
    return len(frames)


@lru_cache(maxsize=2)
def _performance(city: str, seed: int, number: int, frames: int) -> tuple[Recording, Cast]:
    recording = record_drive(city, seed, number, frames)
    return recording, Cast.dress(recording, build_world(city, seed), seed)


def _finish(plan: RenderSet, root: Path, training: Path, drive: tuple[str, int, int]) -> None:
    """Labels, calibration, poses and the raw layout of a drive whose frames are all there."""
    city, number, frames = drive
    recording = record_drive(city, plan.seed, number, frames)
    calibration: Calibration = resize_calibration(kitti_calibration(), plan.size)
    rows = np.concatenate([np.load(_rows_path(root, drive, frame)) for frame in range(frames)])
    labelled = build_drive(recording, calibration, rows)
    write_tracking(labelled, training)
    write_raw(labelled, training, root / "raw")
