"""The KITTI tracking benchmark (Geiger et al., CVPR 2012): ``label_02``, ``calib``, ``oxts``, optional ``image_02``."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.schema import Calibration, Drive, EgoMotion, Frame, Problem, UserError
from pipeline.sources.base import NO_PICTURE, Reading, existing
from pipeline.sources.calibration_file import USUAL_SIZE, read_calibration
from pipeline.sources.oxts import read_oxts
from pipeline.sources.rows import Rows, gather_tracks, place_in_world
from pipeline.sources.tracking_labels import read_labels


@dataclass(frozen=True)
class KittiTracking:
    """Reader of a folder such as KITTI's ``training``: one drive per label file."""

    name: str = "kitti_tracking"
    """What drives say they come from."""
    looks_for = "label_02/*.txt (with calib/*.txt and oxts/*.txt)"

    def recognises(self, root: Path) -> bool:
        """Whether ``root`` holds ``label_02/*.txt``."""
        return any((root / "label_02").glob("*.txt"))

    def read(self, root: Path) -> Reading:
        """All sequences of ``root``.

        Raises:
            UserError: there is no ``label_02`` with text files in ``root``.
        """
        return Reading.joined(self.stream(root))

    def stream(self, root: Path) -> Iterator[Reading]:
        """The same, sequence by sequence."""
        if not self.recognises(root):
            raise UserError(f"{root} is no KITTI tracking data: looked for {self.looks_for}")
        labels = sorted((root / "label_02").glob("*.txt"))
        alone = sorted({path.name for path in (root / "calib").glob("*.txt")} - {path.name for path in labels})
        missing = (Problem(root / "label_02" / name, None, f"missing, though calib/{name} exists") for name in alone)
        yield Reading((), tuple(missing))
        for label in labels:
            drive, problems = self._read_drive(root, label)
            yield Reading((drive,), tuple(problems))

    def _read_drive(self, root: Path, label: Path) -> tuple[Drive, list[Problem]]:
        notes: list[str] = []
        rows, problems = read_labels(label)
        calibration = ego = None
        if path := _companion(root, "calib", label, problems, notes):
            calibration, found = read_calibration(path)
            problems += found
        if path := _companion(root, "oxts", label, problems, notes):
            ego, found = read_oxts(path)
            problems += found
        frames = _frames(root, label.stem)
        size = _size_of_picture(frames, problems) or _likely_size(calibration, rows, notes)
        if calibration is not None:
            calibration = Calibration(calibration.P2, calibration.T_cam_velo, calibration.T_velo_imu, size)
        _note_missing(frames, ego, rows, notes)
        return Drive(
            name=label.stem,
            source=self.name,
            calibration=calibration,
            ego=ego,
            tracks=gather_tracks(rows, label.stem, *place_in_world(rows, calibration, ego)),
            image_size=size,
            frames=frames,
            ignore_frames=rows.frame[rows.kind < 0],
            ignore_boxes=rows.boxes[rows.kind < 0],
            notes=tuple(notes),
        ), problems


def _companion(root: Path, folder: str, label: Path, problems: list[Problem], notes: list[str]) -> Path | None:
    """The file beside a label file; one missing file is a defect, a missing folder another kind of data set."""
    path = root / folder / label.name
    if path.is_file():
        return path
    if (root / folder).is_dir():
        problems.append(Problem(path, None, f"missing, though {label.parent.name}/{label.name} exists"))
    else:
        notes.append(f"no {folder} folder: no positions in the world")
    return None


def _frames(root: Path, name: str) -> tuple[Frame, ...]:
    """The pictures of a sequence, where there are any, with scan, depth and ids where these exist too."""
    images = [path for path in sorted((root / "image_02" / name).glob("[0-9]*.*")) if path.stem.isdecimal()]
    return tuple(
        Frame(
            name,
            int(image.stem),
            image,
            velodyne=existing(root / "velodyne" / name / f"{image.stem}.bin"),
            depth=existing(root / "depth_float16" / name / f"{image.stem}.npy")  # reaches farther than 16 bits do
            or existing(root / "depth" / name / f"{image.stem}.png"),
            night=existing(root / "night" / "image_02" / name / f"{image.stem}.png"),
            semantic=existing(root / "semantic" / name / f"{image.stem}.png"),
            instance=existing(root / "instance" / name / f"{image.stem}.png"),
        )
        for image in images
    )


def _size_of_picture(frames: tuple[Frame, ...], problems: list[Problem]) -> tuple[int, int] | None:
    """Width and height (px) of the first picture, which speaks for all of a drive."""
    for image in (frame.image for frame in frames[:1] if frame.image is not None):
        try:
            with Image.open(image) as picture:
                return picture.size
        except NO_PICTURE as error:
            problems.append(Problem(image, None, f"no picture: {error}"))
    return None


def _likely_size(calibration: Calibration | None, rows: Rows, notes: list[str]) -> tuple[int, int]:
    """Width and height (px) where no picture tells them; never smaller than a box."""
    size = USUAL_SIZE if calibration is None else calibration.image_size
    basis = "KITTI's most frequent one" if calibration is None else "what its calibration suggests"
    notes.append(f"no pictures: image size {size[0]}x{size[1]} is {basis}")
    # KITTI's own boxes end up to a pixel beyond the image here and there (sequence 0019).
    right, bottom = (int(np.where(rows.kind >= 0, rows.boxes[:, side], 0).max(initial=0)) for side in (2, 3))
    if right > size[0] or bottom > size[1]:
        size = max(size[0], right + 1), max(size[1], bottom + 1)
        notes.append(f"boxes reach beyond it: image size taken to be {size[0]}x{size[1]}")
    return size


def _note_missing(frames: tuple[Frame, ...], ego: EgoMotion | None, rows: Rows, notes: list[str]) -> None:
    """Tell how far pictures and poses fall short of the labels."""
    labelled = int(rows.frame.max(initial=-1)) + 1
    if frames and len(frames) < labelled:
        notes.append(f"{len(frames)} pictures for {labelled} labelled frames")
    missing = 0 if ego is None else len(np.unique(rows.frame[~np.isin(rows.frame, ego.frames)]))
    if missing:
        notes.append(f"{missing} labelled frames have no OXTS record: no world positions there")
