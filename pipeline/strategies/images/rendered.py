"""Pictures with perfect depth from the embedded city: as many scenes as one likes, and none of them real."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from models.reporting import Report, silent
from pipeline.city.drives import record_drive
from pipeline.city.render import Picture, render
from pipeline.city.rig import kitti_calibration
from pipeline.city.stage import Cast
from pipeline.city.styles import STYLES
from pipeline.city.world import build_world
from pipeline.geometry import resize_calibration
from pipeline.pictures import Pictures
from pipeline.schedule import Course, Schedule
from pipeline.schema import Calibration, require
from pipeline.strategies.facts import Facts
from pipeline.strategies.images.base import PictureSynthesizer
from pipeline.strategies.images.flip import mirror
from pipeline.strategies.images.light import relit
from pipeline.strategies.transforms import shuffled

BETWEEN = 12
"""Frames (0.1 s each) from one picture of a drive to the next: neighbours are all but the same picture."""


@dataclass(frozen=True)
class Rendered(Facts):
    """Views of KITTI's camera in the four cities; nothing is learnt from real pictures but their size."""

    cities: tuple[str, ...] = tuple(STYLES)
    drives: int = 24
    """Through each city."""
    pictures: int = 3
    """Of each drive."""
    seed: int = 1000
    """Of the streets and their traffic; far from that of the set which is read as data."""
    course: Course = "mixed"
    """When batches hold them; ``fine_tune``: until ``until``, and then real pictures alone."""
    until: float = 0.5
    views: int = 1
    """Samples of each picture; half of them are mirrored if there are several."""
    light: float = 0.0
    """How much their light varies, from 0 (as rendered) to 1."""
    name: str = "rendered"

    cost = 2.0

    def __post_init__(self) -> None:
        """Refuse unknown cities, an empty one, and what is no schedule."""
        require(set(self.cities) <= set(STYLES), f"cities must be some of {', '.join(STYLES)}, got {self.cities}")
        require(self.size > 0, f"needs pictures, got {self.drives} x {self.pictures} of {len(self.cities)} cities")
        require(self.views > 0 and 0 <= self.light <= 1, "views must be at least 1 and light lie in [0, 1]")
        Schedule(self.share, self.course, self.until)

    @property
    def size(self) -> int:
        """Pictures of the set."""
        return len(self.cities) * self.drives * self.pictures

    @property
    def share(self) -> float:
        """All of the early batches where the later ones are real, else half."""
        return 0.5 if self.course == "mixed" else 1.0

    @property
    def schedule(self) -> Schedule:
        """As ``course`` says."""
        return Schedule(self.share, self.course, self.until)

    def amount(self, wanted: int) -> int:
        """All of it, however few are wanted."""
        return max(wanted, self.size * self.views)

    def fit(self, real: Pictures, rng: np.random.Generator, report: Report = silent) -> PictureSynthesizer:
        """Render the set, once per process."""
        height, width = real.image.shape[1:3]
        city = rendered_pictures(self.cities, self.drives, self.pictures, self.seed, (width, height))
        city = city.made_by(self.name, city.image)

        def synthesize(count: int, rng: np.random.Generator) -> Pictures:
            return self._seen_otherwise(city.take(shuffled(len(city), count, rng)), rng)

        return synthesize

    def _seen_otherwise(self, pictures: Pictures, rng: np.random.Generator) -> Pictures:
        if self.views > 1 and len(pictures):
            turned = rng.random(len(pictures)) < 0.5
            mirrored = mirror(pictures).arrays()
            pictures = replace(
                pictures,
                **{name: _where(turned, mirrored[name], values) for name, values in pictures.arrays().items()
                   if name in ("image", "boxes", "depth_m")},
            )  # fmt: skip
        return relit(pictures, self.light, rng)


def _where(chosen: np.ndarray, values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Samples of ``values`` where ``chosen``, else of ``others``."""
    return np.where(chosen.reshape(-1, *[1] * (values.ndim - 1)), values, others)


@lru_cache(maxsize=2)
def rendered_pictures(
    cities: tuple[str, ...], drives: int, pictures: int, seed: int, size: tuple[int, int]
) -> Pictures:
    """Some pictures of each of some drives through each city, of ``size`` (width, height), with depth and no boxes."""
    calibration = resize_calibration(kitti_calibration(), size)
    names, seen = [], []
    for city in cities:
        for number in range(drives):
            for picture in _views(city, seed, number, pictures, calibration):
                names.append(f"{city}-{number}")
                seen.append(picture)
    depth = np.stack([picture.depth_m for picture in seen])
    count = len(seen)
    return Pictures(
        image=np.stack([picture.colour["day"] for picture in seen]),
        boxes=np.zeros((count, 0, 4), np.float32),
        kind=np.zeros((count, 0), np.int64),
        truncated=np.zeros((count, 0), np.float32),
        occluded=np.zeros((count, 0), np.int64),
        drive=np.array(names),
        index=np.arange(count) % pictures,
        origin=np.full(count, "real"),
        depth_m=np.where(np.isfinite(depth), depth, np.nan).astype(np.float32),
    )


def _views(city: str, seed: int, number: int, pictures: int, calibration: Calibration) -> Iterator[Picture]:
    frames = max(2, 1 + BETWEEN * (pictures - 1))  # of one frame alone no motion is known
    world, recording = build_world(city, seed), record_drive(city, seed, number, frames)
    cast = Cast.dress(recording, world, seed)
    for frame in range(0, len(recording.time_s), BETWEEN):
        yield render(world, recording, cast, frame, calibration, np.random.default_rng([seed, number, frame]))
