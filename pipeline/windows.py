"""History-and-future windows cut from tracks: the samples that track strategies and the prediction task share.

Windows never straddle a gap, a quarantined row or two drives. Splits are by drive, never by frame: all road users of
a drive share its ego motion, so a random split lets a model recognise the drive it is tested on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Float, Int

from pipeline.samples import of_drives as of_drives
from pipeline.scenes import Scenes
from pipeline.schema import KINDS, Drive, Track, UserError, require

PREDICTED_KINDS = ("Car", "Van", "Pedestrian", "Cyclist")
"""Classes that move often enough in KITTI to learn from."""


@dataclass(frozen=True, eq=False)
class Windows:
    """N pieces of tracks of equal length, and where each comes from."""

    noun: ClassVar[str] = "windows"

    boxes: Float[np.ndarray, "n time 4"]
    """Left, top, right, bottom in pixels."""
    valid: Bool[np.ndarray, "n time"]
    """False in frames after the end of a track that is shorter than its window; there its last box stands."""
    kind: Int[np.ndarray, " n"]
    """Index into ``KINDS``."""
    image_size: Float[np.ndarray, "n 2"]
    """Width and height in pixels."""
    drive: np.ndarray
    """(n,) name of the drive."""
    track: Int[np.ndarray, " n"]
    frame: Int[np.ndarray, " n"]
    """First frame of the window."""
    index: Int[np.ndarray, " n"]
    """Number of the window within its track, counted in frames from the track's first usable one."""
    origin: np.ndarray
    """(n,) "real", or the name of the strategy that made the sample."""
    scenes: Scenes | None = None
    """The same windows in 3D, for strategies that move things in the world; None where that is not known."""

    def __post_init__(self) -> None:
        """Check that all arrays speak of the same N windows."""
        require(
            self.boxes.ndim == 3 and self.boxes.shape[2] == 4, f"boxes must be (n, time, 4), got {self.boxes.shape}"
        )
        require(
            self.valid.shape == self.boxes.shape[:2], f"valid must be {self.boxes.shape[:2]}, got {self.valid.shape}"
        )
        for name, values in (self.arrays() | ({} if self.scenes is None else {"scenes": self.scenes})).items():
            require(len(values) == len(self.boxes), f"{name} has {len(values)} entries for {len(self.boxes)} windows")

    def __len__(self) -> int:
        """How many windows."""
        return len(self.boxes)

    def arrays(self) -> dict[str, np.ndarray]:
        """Every field by name, the scenes left out."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name != "scenes"}

    def take(self, index: np.ndarray) -> "Windows":
        """The windows at ``index`` (integers, repeats welcome, or a boolean mask)."""
        taken = {name: values[index] for name, values in self.arrays().items()}
        return replace(self, **taken, scenes=self.scenes and self.scenes.take(index))

    def part(self, fraction: float, rng: np.random.Generator) -> "Windows":
        """The windows of a random ``fraction`` of the tracks."""
        return fraction_of_tracks(self, fraction, rng)

    def made_by(self, strategy: str) -> "Windows":
        """The same windows, marked as the work of ``strategy``."""
        return replace(self, origin=np.full(len(self), strategy))

    def moved_to(self, boxes: Float[np.ndarray, "n time 4"], strategy: str, scenes: Scenes | None = None) -> "Windows":
        """The same windows with other boxes, marked as the work of ``strategy``; scenes hold only if given anew."""
        return replace(self, boxes=boxes, origin=np.full(len(self), strategy), scenes=scenes)

    def save(self, path: Path) -> None:
        """Write a compressed ``.npz`` without pickled objects."""
        scenes = {} if self.scenes is None else self.scenes.arrays()
        arrays = self.arrays() | {f"scenes.{name}": values for name, values in scenes.items()}
        np.savez_compressed(path, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, path: Path) -> "Windows":
        """Read what ``save`` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files if not name.startswith("scenes.")}
            scenes = {name.removeprefix("scenes."): stored[name] for name in stored.files if name not in arrays}
        return cls(**arrays, scenes=Scenes(**scenes) if scenes else None)

    @classmethod
    def concatenate(cls, parts: Sequence["Windows"]) -> "Windows":
        """All windows of ``parts``, in order; at least one part. Scenes survive if every part has them."""
        names = parts[0].arrays()
        scenes = [part.scenes for part in parts if len(part)] or [parts[0].scenes]
        known = [one for one in scenes if one is not None]
        return cls(
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names},
            scenes=Scenes.concatenate(known) if len(known) == len(scenes) else None,
        )


def border_mask(boxes: Float[np.ndarray, "*n 4"], image_size: Float[np.ndarray, "*m 2"]) -> Bool[np.ndarray, "*n"]:
    """Which boxes touch the image border (within 1.5 px, the rounding of KITTI's labels)."""
    width, height = image_size[..., 0], image_size[..., 1]
    left, top, right, bottom = np.moveaxis(boxes, -1, 0)
    return (left < 1.5) | (top < 1.5) | (right > width - 2.5) | (bottom > height - 2.5)


def cut_windows(
    drives: Iterable[Drive],
    length: int,
    stride: int = 1,
    kinds: Sequence[str] = PREDICTED_KINDS,
    shortest: int | None = None,
) -> Windows:
    """All windows of ``length`` consecutive frames, a new one every ``stride`` frames of each track.

    With ``shortest``, a window begins wherever so many frames follow, and is masked from where its track ends.

    Raises:
        UserError: no track is long enough; the message gives the longest run of frames found.
    """
    least = length if shortest is None else min(shortest, length)
    parts: list[Windows] = []
    longest = 0
    for drive in drives:
        for track in drive.tracks:
            if track.kind in kinds:
                starts, ends, run = _window_starts(track, least, stride)
                longest = max(longest, run)
                if len(starts):
                    parts.append(_cut(drive, track, starts, ends, length))
    if not parts:
        raise UserError(
            f"No track is long enough for a window of {least} frames: the longest unbroken run of "
            f"{', '.join(kinds)} has {longest} frames."
        )
    windows = Windows.concatenate(parts)
    unknown = windows.scenes is None or not windows.scenes.known.any()
    return replace(windows, scenes=None) if unknown else windows


def _window_starts(
    track: Track, least: int, stride: int
) -> tuple[Int[np.ndarray, " starts"], Int[np.ndarray, " starts"], int]:
    """Rows at which ``least`` gapless, valid ones begin, the last row of each one's run, and the longest run."""
    usable = track.valid & np.isfinite(track.boxes).all(axis=1)
    breaks = np.flatnonzero((np.diff(track.frames) != 1) | ~usable[1:] | ~usable[:-1]) + 1
    starts, ends = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    longest = 0
    for run in np.split(np.arange(len(track.frames)), breaks):
        if len(run) and usable[run[0]]:
            longest = max(longest, len(run))
            starts.append(run[: max(0, len(run) - least + 1) : stride])
            ends.append(np.full(len(starts[-1]), run[-1]))
    return np.concatenate(starts), np.concatenate(ends), longest


def _cut(drive: Drive, track: Track, starts: np.ndarray, ends: np.ndarray, length: int) -> Windows:
    count, wanted = len(starts), starts[:, None] + np.arange(length)
    rows = np.minimum(wanted, ends[:, None])
    return Windows(
        boxes=track.boxes[rows].astype(np.float32),
        valid=wanted == rows,
        kind=np.full(count, KINDS.index(track.kind)),
        image_size=np.tile(np.asarray(drive.image_size, np.float32), (count, 1)),
        drive=np.full(count, track.drive),
        track=np.full(count, track.track_id),
        frame=track.frames[starts],
        index=starts,
        origin=np.full(count, "real"),
        scenes=Scenes.cut(drive, track, rows),
    )


def fraction_of_tracks(windows: Windows, fraction: float, rng: np.random.Generator) -> Windows:
    """The windows of a random ``fraction`` of the tracks (at least one), as if fewer had ever been recorded.

    Raises:
        ValueError: ``fraction`` is not in (0, 1].
    """
    require(0 < fraction <= 1, f"fraction must lie in (0, 1], got {fraction}")
    if fraction == 1:
        return windows
    tracks = np.char.add(np.char.add(windows.drive.astype(str), "/"), windows.track.astype(str))
    names = np.unique(tracks)
    kept = rng.permutation(len(names))[: max(1, round(fraction * len(names)))]
    return windows.take(np.isin(tracks, names[kept]))
