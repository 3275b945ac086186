"""Two folders of unpaired pictures, ``day`` and ``night``: the material of image translation (BDD100K, for example)."""

from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from pipeline.schema import Drive, Frame, Problem, UserError
from pipeline.sources.base import NO_PICTURE, Reading, renamed

DOMAINS = ("day", "night")
ENDINGS = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True)
class DayNight:
    """Reader of a folder with ``day`` and ``night`` in it: one drive for each, or several, and no labels."""

    stretch: int | None = None
    """Pictures of one drive, so that some can be held out: ``day-00``, ``day-01``; None: ``day`` is one drive."""

    looks_for = "day/*.jpg and night/*.jpg (or .png)"

    def recognises(self, root: Path) -> bool:
        """Whether both folders hold pictures."""
        return all(_pictures(root / domain) for domain in DOMAINS)

    def read(self, root: Path) -> Reading:
        """All pictures of both domains; those of another size than the first are problems.

        Raises:
            UserError: one of the folders is missing or empty.
        """
        if not self.recognises(root):
            raise UserError(f"{root} has no pictures by day and night: looked for {self.looks_for}")
        problems: list[Problem] = []
        drives = [drive for domain in DOMAINS for drive in self._drives(_read_domain(root / domain, problems))]
        return Reading(tuple(drives), tuple(problems))

    def _drives(self, domain: Drive) -> list[Drive]:
        """The domain as one drive, or in stretches."""
        if self.stretch is None:
            return [domain]
        parts = [domain.frames[start : start + self.stretch] for start in range(0, len(domain.frames), self.stretch)]
        return [renamed(replace(domain, frames=part), f"{domain.name}-{k:02d}") for k, part in enumerate(parts)]


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS) if folder.is_dir() else []


def _read_domain(folder: Path, problems: list[Problem]) -> Drive:
    frames: list[Frame] = []
    expected: tuple[int, int] | None = None
    for index, path in enumerate(_pictures(folder)):
        try:
            with Image.open(path) as picture:
                size = picture.size
        except NO_PICTURE as error:
            problems.append(Problem(path, None, f"no picture: {error}"))
            continue
        expected = expected or size
        if size == expected:
            frames.append(Frame(folder.name, index, path))
        else:
            problems.append(Problem(path, None, f"size {size}, the others have {expected}"))
    return Drive(folder.name, "day_night", None, None, (), expected or (1, 1), frames=tuple(frames))
