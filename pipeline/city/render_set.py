"""A whole set of rendered drives on disk: planned, rendered by several processes, resumed where it was stopped.

Below ``root``: ``training`` in KITTI's tracking layout with ``depth``, ``semantic``, ``instance``, ``velodyne`` and
``night`` beside it, and ``raw`` with the same drives in the layout of KITTI raw.
"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
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
from pipeline.city.sharing import CityDrive, share_out
from pipeline.city.stage import Cast
from pipeline.city.styles import STYLES
from pipeline.city.view import resize_calibration
from pipeline.city.world import build_world
from pipeline.kitti_layout import write_tracking
from pipeline.registry import lookup
from pipeline.schema import UserError, require

LECTURE_SET = {"new_york": 300, "miami": 250, "houston": 250, "salt_lake_city": 100}
"""Frames by city of the set that inspired this one; ``--city all`` renders as many."""

DRIVE_FRAMES = 50
"""Frames of one drive; a city's last drive may have fewer, or one more rather than a drive of a single frame."""

PLAN, TRAINING, FINISHED = "render.json", "training", ".frames"


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
            ValueError: fewer than two frames, or a number of samples that is not 1, 2 or 3.
        """
        for city, frames in self.cities:
            lookup(STYLES, city, "city")
            require(frames > 1, f"frames must be at least 2, which show a speed, got {frames} for {city}")
        for look in self.looks:
            lookup(LOOKS, look, "look")
        resize_calibration(kitti_calibration(), self.size)
        require(self.samples in (1, 2, 3), f"samples must be 1, 2 or 3, got {self.samples}")

    def drives(self) -> list[CityDrive]:
        """City, number and frames of every drive."""
        plan: list[CityDrive] = []
        for city, frames in self.cities:
            for first in range(0, frames - 1, DRIVE_FRAMES):
                left = frames - first
                plan.append((city, len(plan), left if left <= DRIVE_FRAMES + 1 else DRIVE_FRAMES))
        return plan

    @property
    def frames(self) -> int:
        """Frames in all."""
        return sum(frames for _, frames in self.cities)


Progress = Callable[[int, int], None]
"""Called with frames done and frames in all."""
Report = Callable[[], None]


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
    drives = plan.drives()
    report = partial(_report, plan, root, progress)
    report()
    processes = min(processes or os.cpu_count() or 1, len(drives))
    if processes == 1:
        for drive in drives:
            render_drive(plan, root, report, drive)
    else:
        share_out(drives, processes, partial(render_drive, plan, root, _silent), report)
    return root / TRAINING


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


def _rows_path(root: Path, drive: CityDrive, frame: int) -> Path:
    """Label rows of a finished frame; written last, so that it vouches for the frame's other files."""
    return root / FINISHED / f"{drive[1]:04d}" / f"{frame:06d}.npy"


def _report(plan: RenderSet, root: Path, progress: Progress) -> None:
    """Tell how many frames are finished on disk, whoever rendered them."""
    progress(sum(1 for _ in (root / FINISHED).glob("*/??????.npy")), plan.frames)


def _silent() -> None:
    """What a process of several reports: nothing; the first one looks at the disk."""


def render_drive(plan: RenderSet, root: Path, report: Report, drive: CityDrive) -> None:
    """Render what is missing of a drive, then write the labels, calibration, poses and raw layout of all of it."""
    paths = [_rows_path(root, drive, frame) for frame in range(drive[2])]
    for frame, path in enumerate(paths):
        if not path.is_file():
            render_frame(plan, root, drive, frame)
            report()
    recording = record_drive(drive[0], plan.seed, *drive[1:])
    calibration = resize_calibration(kitti_calibration(), plan.size)
    labelled = build_drive(recording, calibration, np.concatenate([np.load(path) for path in paths]))
    write_tracking(labelled, root / TRAINING)
    write_raw(labelled, root / TRAINING, root / "raw")


def render_frame(plan: RenderSet, root: Path, drive: CityDrive, frame: int) -> None:
    """Render and write one frame of a drive."""
    city, number, _ = drive
    calibration = resize_calibration(kitti_calibration(), plan.size)
    world = build_world(city, plan.seed)
    recording, cast = _performance(city, plan.seed, *drive[1:])
    rng = np.random.default_rng([plan.seed, number, frame])
    picture = render(world, recording, cast, frame, calibration, rng, plan.samples, plan.looks)
    rows = pixel_rows(recording, cast, frame, calibration, picture)
    write_picture(root / TRAINING, recording.name, frame, picture)
    if plan.lidar:
        write_scan(root / TRAINING, recording.name, frame, scan(world, recording, cast, frame, calibration, rng))
    path = _rows_path(root, drive, frame)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".part.npy")
    np.save(aside, rows)
    aside.replace(path)


@lru_cache(maxsize=2)
def _performance(city: str, seed: int, number: int, frames: int) -> tuple[Recording, Cast]:
    recording = record_drive(city, seed, number, frames)
    return recording, Cast.dress(recording, build_world(city, seed), seed)
