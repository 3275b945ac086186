"""Drives through the embedded city with pictures: day and night, depth and ids beside the tracks.

Track studies read ``mini_city``, which renders nothing; whoever needs pictures asks for this one.
"""

from dataclasses import dataclass
from pathlib import Path

from pipeline.city.render_set import PLAN, RenderSet, render_set
from pipeline.city.styles import STYLES
from pipeline.schema import Problem
from pipeline.sources.agreement import examine
from pipeline.sources.base import Reading
from pipeline.sources.kitti_tracking import KittiTracking

VERSION = 2
"""Raise it whenever the same fields give other bytes, so that copies made earlier are not used."""


@dataclass(frozen=True)
class RenderedCity:
    """Reader of what ``augment-kitti render`` writes, and maker of a small set where there is none."""

    drives: int = 6
    """Through each city."""
    frames: int = 8
    """Of each drive: neighbours are all but the same picture, so more drives teach more than longer ones."""
    size: str = "half"
    seed: int = 0

    looks_for = "render.json and training/label_02, which augment-kitti render writes"

    def recognises(self, root: Path) -> bool:
        """Whether ``root`` is a rendered set or the ``training`` folder of one."""
        return (_training(root).parent / PLAN).is_file() and any((_training(root) / "label_02").glob("*.txt"))

    def make(self, folder: Path) -> Path:
        """Render this set below ``folder``, or what is missing of it; return the root to read."""
        cities = tuple((city, self.frames) for city in STYLES for _ in range(self.drives))
        plan = RenderSet(cities, self.size, lidar=False, seed=self.seed)  # scans would cost more than the pictures
        name = f"rendered-city-v{VERSION}-seed{self.seed}-{self.drives}x{self.frames}-{self.size}"
        return render_set(plan, folder / name, processes=1)

    def read(self, root: Path) -> Reading:
        """All drives of the set, with every kind of picture it has.

        Raises:
            UserError: ``root`` holds no KITTI tracking data.
        """
        return KittiTracking(name="rendered_city").read(_training(root))

    def examine(self, reading: Reading) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
        """Whether boxes, ids, depth and scans tell of one world: what contradicts it, and the figures."""
        return examine(reading.drives)


def _training(root: Path) -> Path:
    return root / "training" if (root / PLAN).is_file() else root
