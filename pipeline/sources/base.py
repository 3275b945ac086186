"""What every reader is, and what it returns."""

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

from PIL import Image

from pipeline.schema import Drive, Problem, UserError

NO_PICTURE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning)
"""What Pillow raises of a file that is no picture, is damaged, or claims a size that no camera has."""

warnings.simplefilter("error", Image.DecompressionBombWarning)  # up to twice its limit, Pillow would only mutter


@dataclass(frozen=True)
class Reading:
    """What a reader made of a folder: every good row as drives, every bad one as a problem."""

    drives: tuple[Drive, ...]
    problems: tuple[Problem, ...] = ()

    @classmethod
    def joined(cls, parts: "Iterable[Reading]") -> "Reading":
        """All parts of a folder as one."""
        tally = Tally()
        return cls(tuple(tally.passing(parts)), tuple(tally.problems))

    @property
    def tracks(self) -> int:
        """How many tracks in all."""
        return self._tally.tracks

    @property
    def rows(self) -> int:
        """How many labelled rows in all, regions to ignore included."""
        return self._tally.rows

    @property
    def notes(self) -> tuple[str, ...]:
        """What the drives' notes say, each once, with the drives it is said of."""
        return self._tally.notes

    @cached_property
    def _tally(self) -> "Tally":
        tally = Tally()
        for _ in tally.passing([self]):
            pass
        return tally


@dataclass
class Tally:
    """What was read so far, added up part by part, so that the drives themselves need not be kept."""

    drives: int = 0
    tracks: int = 0
    rows: int = 0
    """Labelled ones, regions to ignore included."""
    frames: int = 0
    problems: list[Problem] = field(default_factory=list)
    said: dict[str, list[str]] = field(default_factory=dict)
    """Names of drives by what their notes say."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the drives' notes say, each once, with the drives it is said of."""
        return tuple(f"{', '.join(names)}: {note}" for note, names in self.said.items())

    def passing(self, parts: Iterable[Reading]) -> Iterator[Drive]:
        """The drives of all parts, counted as they pass."""
        for part in parts:
            self.problems += part.problems
            for drive in part.drives:
                self._count(drive)
                yield drive

    def _count(self, drive: Drive) -> None:
        self.drives += 1
        self.tracks += len(drive.tracks)
        self.rows += sum(len(track.frames) for track in drive.tracks) + len(drive.ignore_frames)
        self.frames += len(drive.frames)
        for note in drive.notes:
            self.said.setdefault(note, []).append(drive.name)


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


@runtime_checkable
class Streaming(Protocol):
    """A source that can be read drive by drive, so that the data of a fleet need not fit into memory at once."""

    def stream(self, root: Path) -> Iterator[Reading]:
        """What ``read`` returns, in parts."""
        ...


def read_source(source: Source, root: Path) -> Reading:
    """What ``source`` makes of ``root``; a file that the system will not give us is the user's to mend.

    Raises:
        UserError: no such folder, a folder of another layout, or a file that cannot be read.
    """
    return Reading.joined(read_parts(source, root))


def read_parts(source: Source, root: Path) -> Iterator[Reading]:
    """The same part by part, as small as the source can have it.

    Raises:
        UserError: as ``read_source``, when the part is reached.
    """
    if not root.exists():
        raise UserError(f"{root} does not exist.")
    try:
        yield from source.stream(root) if isinstance(source, Streaming) else [source.read(root)]
    except OSError as error:
        raise UserError(f"Cannot read {error.filename or root}: {error.strerror or error}") from error


@runtime_checkable
class SelfMade(Protocol):
    """A source that needs no data of the user: it makes its own and can then be read from where it put it."""

    def make(self, folder: Path) -> Path:
        """Write the data below ``folder`` unless it is there already; return the root to read."""
        ...


@runtime_checkable
class Gathering(Protocol):
    """A source that reads several places, some of which it may make itself, as one."""

    def gather(self, root: Path | None, folder: Path) -> Path:
        """Note below ``folder`` what lies where; return the root to read."""
        ...


@runtime_checkable
class Examining(Protocol):
    """A source whose files say the same thing in several ways, so that they can be held against each other."""

    def examine(self, reading: Reading) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
        """What contradicts itself in a reading, and notes on how well the rest agrees; reads pictures."""
        ...


def renamed(drive: Drive, name: str) -> Drive:
    """The same drive under another name."""
    return replace(
        drive,
        name=name,
        tracks=tuple(replace(track, drive=name) for track in drive.tracks),
        frames=tuple(replace(frame, drive=name) for frame in drive.frames),
    )


def existing(path: Path) -> Path | None:
    """The path, if a file is there."""
    return path if path.is_file() else None
