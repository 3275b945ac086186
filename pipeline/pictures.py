"""Labelled pictures of one size: the samples that image strategies and the tasks on images share.

Everything is held in memory as bytes; a set small enough to be learnt from on a CPU fits easily. Splits are by drive,
never by frame: neighbouring frames are all but the same picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from PIL import Image
from torch import Tensor

from models.detector import PADDING, UNLABELLED
from pipeline.frames import Picture, cache_frames, region_of, scale_boxes
from pipeline.schema import KINDS, Drive, Frame, UserError, require
from pipeline.sources.kitti_depth import read_depth


@dataclass(frozen=True, eq=False)
class Pictures:
    """N pictures with the boxes of what they show; the last three fields are None where they are not known."""

    noun: ClassVar[str] = "pictures"

    image: UInt8[np.ndarray, "n height width 3"]
    boxes: Float[np.ndarray, "n object 4"]
    """Left, top, right, bottom in pixels of ``image``."""
    kind: Int[np.ndarray, "n object"]
    """Index into ``KINDS``, ``PADDING`` where a picture has fewer objects, ``UNLABELLED`` for a region."""
    truncated: Float[np.ndarray, "n object"]
    occluded: Int[np.ndarray, "n object"]
    drive: np.ndarray
    """(n,) name of the drive."""
    index: Int[np.ndarray, " n"]
    """Frame of the drive."""
    origin: np.ndarray
    """(n,) "real", or the name of the strategy that made the sample."""
    night: UInt8[np.ndarray, "n height width 3"] | None = None
    """The same view by night."""
    depth_m: Float[np.ndarray, "n height width"] | None = None
    """NaN where unknown."""
    look: UInt8[np.ndarray, "m height width 3"] | None = None
    """Pictures of another domain that whoever learns from these may look at; they are no samples themselves."""

    def __post_init__(self) -> None:
        """Check that all arrays speak of the same N pictures."""
        for name, values in self.arrays().items():
            require(len(values) == len(self.image), f"{name} has {len(values)} entries for {len(self.image)} pictures")

    def __len__(self) -> int:
        """How many pictures."""
        return len(self.image)

    def arrays(self) -> dict[str, np.ndarray]:
        """Every field of the samples that is known, by name."""
        known = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "look"}
        return {name: values for name, values in known.items() if values is not None}

    def take(self, index: np.ndarray) -> "Pictures":
        """The pictures at ``index`` (integers, repeats welcome, or a boolean mask)."""
        return replace(self, **{name: values[index] for name, values in self.arrays().items()})

    def made_by(self, strategy: str, image: UInt8[np.ndarray, "n height width 3"]) -> "Pictures":
        """The same labels on other pictures, which have no twin by night, as the work of ``strategy``."""
        return replace(self, image=image, night=None, look=None, origin=np.full(len(self), strategy))

    def part(self, fraction: float, rng: np.random.Generator) -> "Pictures":
        """A random ``fraction`` of the pictures (at least one), as if fewer had been taken.

        Raises:
            ValueError: ``fraction`` is not in (0, 1].
        """
        require(0 < fraction <= 1, f"fraction must lie in (0, 1], got {fraction}")
        if fraction == 1 or not len(self):
            return self
        return self.take(np.sort(rng.permutation(len(self))[: max(1, round(fraction * len(self)))]))

    def save(self, path: Path) -> None:
        """Write a compressed ``.npz`` without pickled objects."""
        np.savez_compressed(path, allow_pickle=False, **self.arrays())

    @classmethod
    def load(cls, path: Path) -> "Pictures":
        """Read what ``save`` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            return cls(**dict(stored))


def as_tensor(images: UInt8[np.ndarray, "n height width 3"]) -> Float[Tensor, "n 3 height width"]:
    """Bytes as networks want them: from -1 to 1."""
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def gather_pictures(drives: Sequence[Drive], size: tuple[int, int], folder: Path) -> Pictures:
    """All pictures of ``drives`` at width x height with their labels; decoded once, into ``folder``.

    Nights and depths are known if every frame with a picture has them.

    Raises:
        UserError: no drive has pictures, one cannot be decoded, or ``folder`` cannot be written.
    """
    frames = [frame for drive in drives for frame in drive.frames if frame.image is not None]
    labels = [_labels(drive, frame, size) for drive in drives for frame in drive.frames if frame.image is not None]
    most = max((len(kind) for _, kind, *_ in labels), default=0)
    boxes, kind, truncated, occluded = (
        np.stack([_padded(label[column], most, filler) for label in labels]) if labels else np.zeros((0, 0))
        for column, filler in enumerate((0.0, PADDING, np.nan, 3))
    )
    return Pictures(
        image=_decoded(drives, size, folder, "image"),
        boxes=boxes.astype(np.float32),
        kind=kind,
        truncated=truncated.astype(np.float32),
        occluded=occluded,
        drive=np.array([frame.drive for frame in frames]),
        index=np.array([frame.index for frame in frames]),
        origin=np.full(len(frames), "real"),
        night=_decoded(drives, size, folder, "night") if all(frame.night for frame in frames) else None,
        depth_m=_depths(frames, size) if all(frame.depth for frame in frames) else None,
    )


def _decoded(
    drives: Sequence[Drive], size: tuple[int, int], folder: Path, picture: Picture
) -> UInt8[np.ndarray, "n height width 3"]:
    name = f"{picture}-{size[0]}x{size[1]}"
    return np.array(cache_frames(drives, size, folder / name, picture).pixels)


def _depths(frames: Sequence[Frame], size: tuple[int, int]) -> Float[np.ndarray, "n height width"]:
    """Depths at width x height: the nearest pixel's, as between a car and what is behind it lies no depth."""
    found = []
    for frame in frames:
        require(frame.depth is not None, f"frame {frame.index} of {frame.drive} has no depth")
        try:
            depth = Image.fromarray(read_depth(Path(str(frame.depth))))
        except (OSError, ValueError) as error:
            raise UserError(f"{frame.depth}: no depth picture: {error}") from error
        found.append(np.asarray(depth.resize(size, Image.Resampling.NEAREST, box=region_of(depth.size, size))))
    return np.stack(found)


def _labels(drive: Drive, frame: Frame, size: tuple[int, int]) -> tuple[np.ndarray, ...]:
    """Boxes in pixels of the resized picture, classes, truncation and occlusion of all objects of one frame."""
    rows = [(track, row) for track in drive.tracks for row in np.flatnonzero(track.frames == frame.index)]
    rows = [(track, row) for track, row in rows if np.isfinite(track.boxes[row]).all()]
    regions = drive.ignore_boxes[drive.ignore_frames == frame.index]
    boxes = np.concatenate([np.array([track.boxes[row] for track, row in rows]).reshape(-1, 4), regions])
    kind = [KINDS.index(track.kind) if track.valid[row] else UNLABELLED for track, row in rows]
    values = (
        scale_boxes(boxes, drive.image_size, size).clip(-0.5, np.tile(size, 2) - 0.5),
        np.array(kind + [UNLABELLED] * len(regions), np.int64),
        np.array([track.truncated[row] for track, row in rows] + [np.nan] * len(regions)),
        np.array([track.occluded[row] for track, row in rows] + [3] * len(regions), np.int64),
    )
    shown = (values[0][:, 2:] > values[0][:, :2]).all(axis=1)  # not cut off, where the picture had another shape
    return tuple(column[shown] for column in values)


def _padded(values: np.ndarray, length: int, filler: float | int) -> np.ndarray:
    padding = np.full((length - len(values), *values.shape[1:]), filler, values.dtype)
    return np.concatenate([values, padding])
