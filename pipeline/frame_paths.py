"""The pictures of recorded frames, found by drive and number: for whoever draws on them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from pipeline.schema import Drive

FramePaths: TypeAlias = Mapping[tuple[str, int], Path]
"""Picture of each frame, by drive and number."""


def frame_paths(drives: Iterable[Drive]) -> FramePaths:
    """The pictures that are there; a data set may have been moved since it was read."""
    frames = [frame for drive in drives for frame in drive.frames]
    return {(one.drive, one.index): one.image for one in frames if one.image is not None and one.image.exists()}
