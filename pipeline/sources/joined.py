"""Several data sets read as one, for questions about two worlds: what is learnt in one, does it hold in the other?"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path

from pipeline.json_objects import object_in
from pipeline.schema import Drive, UserError
from pipeline.sources.base import Reading, SelfMade, Source, read_parts, renamed
from pipeline.sources.digests import digest_of

PLAN = "joined.json"
"""The digest of each part, and which of its drives are taken."""
PLACES = ".places.json"
"""Where each part lies: hidden, so that the same data elsewhere has the same digest."""


@dataclass(frozen=True)
class Part:
    """One of the data sets."""

    name: str
    """What its drives' names begin with."""
    source: Source
    where: str = ""
    """Folder below the root that the user names; of no use to a source that makes its own data."""
    only: tuple[str, ...] = ("*",)
    """Names or patterns of the drives that are taken. Data sets overlap: leave out what shows a held-out drive."""
    download: str = ""
    """What fetches it, for whoever lacks it."""

    def found(self, root: Path | None, folder: Path) -> Path:
        """Where it lies; made below ``folder`` if it makes its own.

        Raises:
            UserError: it is not where it should be.
        """
        if isinstance(self.source, SelfMade):
            return self.source.make(folder)
        if root is None:
            raise UserError(f"{self.name} needs data: name the folder that holds {self.where} with --root.")
        if not self.source.recognises(root / self.where):
            how = f" {self.download}" if self.download else ""
            raise UserError(f"{root / self.where} is needed: looked there for {self.source.looks_for}.{how}")
        return root / self.where

    def drives(self, drives: tuple[Drive, ...]) -> tuple[Drive, ...]:
        """Those that are taken, under their new names."""
        taken = (drive for drive in drives if any(fnmatchcase(drive.name, name) for name in self.only))
        return tuple(renamed(drive, f"{self.name}-{drive.name}") for drive in taken)


@dataclass(frozen=True)
class Joined:
    """Reader of all parts: drives keep the names they have there, after the part's."""

    parts: tuple[Part, ...]

    looks_for = f"{PLAN}, which a study of several data sets writes itself"

    def recognises(self, root: Path) -> bool:
        """Whether ``root`` was written by ``gather``."""
        return (root / PLAN).is_file()

    def gather(self, root: Path | None, folder: Path) -> Path:
        """Note below ``folder`` where each part lies and what it holds; return the folder to read.

        Raises:
            UserError: a part is not where it should be.
        """
        given_first = sorted(self.parts, key=lambda part: isinstance(part.source, SelfMade))  # nothing is made in vain
        found = {part.name: part.found(root, folder) for part in given_first}
        texts = {
            PLAN: json.dumps({part.name: [digest_of(found[part.name]), *part.only] for part in self.parts}, indent=1),
            PLACES: json.dumps({name: str(path.absolute()) for name, path in found.items()}, indent=1),
        }
        noted = folder / f"joined-{sha256(''.join(texts.values()).encode()).hexdigest()[:16]}"
        noted.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (noted / name).write_text(text, encoding="utf-8")
        return noted

    def read(self, root: Path) -> Reading:
        """All drives of all parts.

        Raises:
            UserError: ``root`` was not written by ``gather``, or a part has gone.
        """
        return Reading.joined(self.stream(root))

    def stream(self, root: Path) -> Iterator[Reading]:
        """The same, in the parts that the parts give."""
        places = _places(root)
        for part in self.parts:
            count = 0
            for reading in read_parts(part.source, places[part.name]):
                drives = part.drives(reading.drives)
                count += len(drives)
                yield Reading(drives, reading.problems)
            if not count:
                raise UserError(f"{places[part.name]} has none of the drives {', '.join(part.only)}.")


def _places(root: Path) -> Mapping[str, Path]:
    try:
        return {name: Path(str(place)) for name, place in object_in((root / PLACES).read_bytes()).items()}
    except (OSError, ValueError) as failure:
        raise UserError(f"{root} holds no readable {PLACES}, which a study of several data sets writes.") from failure
