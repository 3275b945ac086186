"""Pictures decoded once: all frames of some drives as one memory map of bytes, with a manifest that vouches for it.

A training item is then a slice, a hundred times cheaper than a PNG. Boxes are scaled along here, intrinsics by
``geometry.resize_calibration``.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from pipeline.json_objects import object_in
from pipeline.schema import Drive, Frame, UserError
from pipeline.sources.base import NO_PICTURE

RESIZE_FILTER = "bicubic, antialiased (Pillow); the middle of pictures of another shape"
"""Named in the manifest: the filter changes what a Frechet distance says."""
ANOTHER_SHAPE = 1.1
"""Up to this ratio of width to height, over the wanted one, a picture is stretched a little; beyond, it is cut."""
MANIFEST, PIXELS = "manifest.json", "pixels.uint8"


@dataclass(frozen=True, eq=False)
class FrameCache:
    """Frames of one size, in order."""

    pixels: UInt8[np.ndarray, "frame height width 3"]
    """A read-only memory map."""
    drive: tuple[str, ...]
    index: tuple[int, ...]

    def __len__(self) -> int:
        """How many frames."""
        return len(self.drive)


Picture = Literal["image", "night"]
"""Which picture of a frame."""


def cache_frames(
    drives: Sequence[Drive], size: tuple[int, int], folder: Path, picture: Picture = "image"
) -> FrameCache:
    """Decode all pictures of ``drives`` at width x height, unless ``folder`` holds them already.

    Frames that lack the ``picture`` are left out; those that have both pair up by drive and index.

    Raises:
        UserError: no drive has pictures, one cannot be decoded, or ``folder`` cannot be written.
    """
    found = [(frame, getattr(frame, picture)) for drive in drives for frame in drive.frames]
    frames = [frame for frame, path in found if path is not None]
    paths: list[Path] = [path for _, path in found if path is not None]
    if not frames:
        raise UserError(f"No pictures to cache: the drives have no {picture}.")
    manifest = {
        "size": list(size),
        "filter": RESIZE_FILTER,
        "picture": picture,
        "digest": _digest(frames, paths),
        "frames": [[frame.drive, frame.index] for frame in frames],
    }
    if not _is_whole(folder, manifest, size):
        _decode(paths, size, folder)
        # last, so that an interrupted decode is not taken for a finished one
        (folder / MANIFEST).write_text(json.dumps(manifest) + "\n")
    pixels = np.memmap(folder / PIXELS, np.uint8, "r", shape=(len(frames), size[1], size[0], 3))
    return FrameCache(pixels, tuple(frame.drive for frame in frames), tuple(frame.index for frame in frames))


def _digest(frames: Sequence[Frame], paths: Sequence[Path]) -> str:
    """Names, sizes and times of the picture files; to read them all would cost what the cache saves."""
    digest = hashlib.sha256()
    for frame, path in zip(frames, paths, strict=True):
        facts = path.stat()
        digest.update(f"{frame.drive}/{frame.index}/{facts.st_size}/{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _is_whole(folder: Path, manifest: Mapping[str, object], size: tuple[int, int]) -> bool:
    try:
        found = object_in((folder / MANIFEST).read_text())
        bytes_there = (folder / PIXELS).stat().st_size
    except (OSError, ValueError):
        return False
    return bool(found == manifest and bytes_there == len(found["frames"]) * size[0] * size[1] * 3)


def _decode(paths: Sequence[Path], size: tuple[int, int], folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MANIFEST).unlink(missing_ok=True)
        with (folder / PIXELS).open("wb") as stream:
            for path in paths:
                stream.write(decode(path, size).tobytes())
    except OSError as error:
        raise UserError(f"Cannot cache frames in {folder}: {error}") from error


def decode(path: Path, size: tuple[int, int]) -> UInt8[np.ndarray, "height width 3"]:
    """A picture as bytes at width x height; resized with a filter that does not alias. Grey ones get three channels.

    Raises:
        UserError: the file is no picture, or cut short.
    """
    try:
        with Image.open(path) as picture:
            image = _eight_bits(picture).convert("RGB")
    except NO_PICTURE as error:
        raise UserError(f"{path}: no picture: {error}") from error
    if image.size == size:
        return np.asarray(image)
    return np.asarray(image.resize(size, Image.Resampling.BICUBIC, box=region_of(image.size, size)))


def region_of(size: tuple[int, int], to: tuple[int, int]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of what is shown of a picture of ``size`` in one of size ``to``.

    All of it, as long as the shapes differ by no more than a lens or a margin; else the middle: squashed cars would
    be no cars.
    """
    width, height = size
    ratio = (width / height) / (to[0] / to[1])
    if 1 / ANOTHER_SHAPE <= ratio <= ANOTHER_SHAPE:
        return 0.0, 0.0, float(width), float(height)
    shown = (width / ratio, height) if ratio > 1 else (width, height * ratio)
    left, top = (width - shown[0]) / 2, (height - shown[1]) / 2
    return left, top, left + shown[0], top + shown[1]


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Pillow clips 16 bits to 255 where they must be divided."""
    if not picture.mode.startswith("I"):
        return picture
    return Image.fromarray((np.asarray(picture) // 256).astype(np.uint8))


def scale_boxes(
    boxes: Float[np.ndarray, "n 4"], size: tuple[int, int], to: tuple[int, int]
) -> Float[np.ndarray, "n 4"]:
    """Boxes of a picture of one size in the same picture at another; pixel centres are whole numbers in both."""
    left, top, right, bottom = region_of(size, to)
    scale = np.array(to, float) / np.array([right - left, bottom - top])
    return (boxes + 0.5 - np.tile([left, top], 2)) * np.tile(scale, 2) - 0.5
