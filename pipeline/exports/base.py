"""What a format of exports is, and what it says of what it wrote."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

from pipeline.samples import Samples
from pipeline.schema import Calibration

Cameras: TypeAlias = Mapping[str, Calibration | None]
"""The camera of each real drive, by name; None, or no entry, where it is not known."""


@dataclass(frozen=True)
class Contents:
    """What was written."""

    counts: Mapping[str, int]
    """How many of what: tracks, drives, frames, pictures, boxes."""
    made_from: Mapping[str, str] = field(default_factory=dict)
    """By written drive, the drive whose samples it holds: a real one, or one that a generator has made up."""

    def in_words(self) -> str:
        """How many of what."""
        return ", ".join(
            f"{count} {what if count != 1 else what.removesuffix('s')}" for what, count in self.counts.items()
        )


class Format(Protocol):
    """A layout that others can read."""

    @property
    def about(self) -> str:
        """What is written, in one line."""
        ...

    @property
    def takes(self) -> tuple[type, ...]:
        """The kinds of samples that the layout can hold."""
        ...

    def write(self, samples: Samples, cameras: Cameras, folder: Path) -> Contents:
        """Write samples of a kind that it takes into an empty folder."""
        ...
