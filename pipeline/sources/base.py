"""What every reader is, and what it returns."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from pipeline.schema import Drive, Problem, UserError


@dataclass(frozen=True)
class Reading:
    """What a reader made of a folder: every good row as drives, every bad one as a problem."""

    drives: tuple[Drive, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def tracks(self) -> int:
        """How many tracks in all."""
        return sum(len(drive.tracks) for drive in self.drives)

    @property
    def rows(self) -> int:
        """How many labelled rows in all, regions to ignore included."""
        labelled = sum(len(track.frames) for drive in self.drives for track in drive.tracks)
        return labelled + sum(len(drive.ignore_frames) for drive in self.drives)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the drives' notes say, each once, with the drives it is said of."""
        said: dict[str, list[str]] = {}
        for drive in self.drives:
            for note in drive.notes:
                said.setdefault(note, []).append(drive.name)
        return tuple(f"{', '.join(names)}: {note}" for note, names in said.items())


@runtime_checkable
class Source(Protocol):
    """A reader of one layout of driving data. It never drops a row without a ``Problem`` that names it."""

    @property
    def looks_for(self) -> str:
        """What this layout is told by, for the message to whoever named another folder."""
        ...

    def recognises(self, root: Path) -> bool:
        """Whether ``root`` looks like this layout; cheap, reads no data."""
        ...

    def read(self, root: Path) -> Reading:
        """All drives below ``root``.

        Raises:
            UserError: ``root`` is not of this layout; the message says what was looked for.
        """
        ...


def read_source(source: Source, root: Path) -> Reading:
    """What ``source`` makes of ``root``; a file that the system will not give us is the user's to mend.

    Raises:
        UserError: no such folder, a folder of another layout, or a file that cannot be read.
    """
    if not root.exists():
        raise UserError(f"{root} does not exist.")
    try:
        return source.read(root)
    except OSError as error:
        raise UserError(f"Cannot read {error.filename or root}: {error.strerror or error}") from error


@runtime_checkable
class SelfMade(Protocol):
    """A source that needs no data of the user: it makes its own and can then be read from where it put it."""

    def make(self, folder: Path) -> Path:
        """Write the data below ``folder`` unless it is there already; return the root to read."""
        ...


@runtime_checkable
class Examining(Protocol):
    """A source whose files say the same thing in several ways, so that they can be held against each other."""

    def examine(self, reading: Reading) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
        """What contradicts itself in a reading, and notes on how well the rest agrees; reads pictures."""
        ...


def existing(path: Path) -> Path | None:
    """The path, if a file is there."""
    return path if path.is_file() else None
