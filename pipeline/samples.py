"""What a study needs of its samples, whether they are pieces of tracks or pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Protocol, TypeVar, runtime_checkable

import numpy as np

AnySamples = TypeVar("AnySamples", bound="Samples")


@runtime_checkable
class Samples(Protocol):
    """N samples of one kind, and where each comes from."""

    noun: ClassVar[str]
    """What people call such samples, in the plural."""

    @property
    def drive(self) -> np.ndarray:
        """(n,) name of the drive."""
        ...

    @property
    def index(self) -> np.ndarray:
        """(n,) place in its recording, in frames, by which samples to examine are spaced."""
        ...

    @property
    def origin(self) -> np.ndarray:
        """(n,) "real", or the name of the strategy that made the sample."""
        ...

    def __len__(self) -> int:
        """How many samples."""
        ...

    def take(self: AnySamples, index: np.ndarray) -> AnySamples:
        """The samples at ``index`` (integers, repeats welcome, or a boolean mask)."""
        ...

    def part(self: AnySamples, fraction: float, rng: np.random.Generator) -> AnySamples:
        """A random ``fraction`` of what was recorded, as if there had never been more."""
        ...

    def save(self, path: Path) -> None:
        """Write a file without pickled objects."""
        ...


def of_drives(samples: AnySamples, drives: Sequence[str]) -> AnySamples:
    """The samples recorded in ``drives``."""
    return samples.take(np.isin(samples.drive, np.asarray(drives)))
