"""The embedded default: traffic of a small procedural city, written in KITTI's tracking layout and read back."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.city.drives import labelled_drive
from pipeline.kitti_layout import write_tracking
from pipeline.sources.base import Reading
from pipeline.sources.kitti_tracking import KittiTracking

VERSION = 2
"""Raise it whenever the same fields give other bytes, so that copies made earlier are not used."""


@dataclass(frozen=True)
class MiniCity:
    """A source that needs no data: ``make`` writes it once, ``read`` treats it as any KITTI folder."""

    seed: int = 0
    drives: int = 15
    frames: int = 200
    """Frames of each drive, at 10 Hz."""

    looks_for = "mini_city.json, which it writes itself"

    def recognises(self, root: Path) -> bool:
        """Whether ``root`` was written by ``make``."""
        return (root / "mini_city.json").is_file()

    def make(self, folder: Path) -> Path:
        """Write this city below ``folder`` unless it is there already; return the root to read."""
        root = folder / f"mini-city-v{VERSION}-seed{self.seed}-{self.drives}x{self.frames}"
        if not self.recognises(root):
            for number in range(self.drives):
                write_tracking(labelled_drive(self.seed, number, self.frames), root)
            # last, so that an interrupted run is not taken for a finished one
            (root / "mini_city.json").write_text(json.dumps({"version": VERSION, **asdict(self)}) + "\n")
        return root

    def read(self, root: Path) -> Reading:
        """All drives below ``root``.

        Raises:
            UserError: ``root`` holds no KITTI tracking data.
        """
        return KittiTracking(name="mini_city").read(root)
