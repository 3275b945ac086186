"""The KITTI object benchmark (Geiger et al., CVPR 2012): ``label_2``, ``calib``, ``image_2``, optional ``velodyne``."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.schema import Calibration, Drive, Frame, Problem, UserError
from pipeline.sources.base import NO_PICTURE, Reading, existing
from pipeline.sources.calibration_file import USUAL_SIZE, read_calibration
from pipeline.sources.rows import gather_tracks, place_in_world
from pipeline.sources.tracking_labels import read_object_labels


@dataclass(frozen=True)
class KittiObject:
    """Reader of a folder such as KITTI's ``training``: every picture is a drive of one frame.

    Neighbouring pictures come from one recording; whoever splits them needs the mapping to raw drives.
    """

    looks_for = "label_2/*.txt, with calib/*.txt and image_2/*.png beside it"

    def recognises(self, root: Path) -> bool:
        """Whether ``root`` holds ``label_2/*.txt``."""
        return any((root / "label_2").glob("*.txt"))

    def read(self, root: Path) -> Reading:
        """All labelled pictures of ``root``.

        Raises:
            UserError: there is no ``label_2`` with text files in ``root``.
        """
        if not self.recognises(root):
            raise UserError(f"{root} is no KITTI object data: looked for {self.looks_for}")
        drives: list[Drive] = []
        problems: list[Problem] = []
        for label in sorted((root / "label_2").glob("*.txt")):
            drives.append(_read_picture(root, label, problems))
        return Reading(tuple(drives), tuple(problems))


def _read_picture(root: Path, label: Path, problems: list[Problem]) -> Drive:
    rows, bad = read_object_labels(label)
    problems += bad
    calibration, notes = None, tuple[str, ...]()
    calib = root / "calib" / label.name
    if calib.is_file():
        calibration, found = read_calibration(calib)
        problems += found
    elif not calib.parent.is_dir():
        notes = ("no calib folder: no positions in the world",)
    else:
        problems.append(Problem(calib, None, f"missing, though {label.parent.name}/{label.name} exists"))
    image = existing(root / "image_2" / f"{label.stem}.png")
    size = _size(image, calibration, problems)
    if calibration is not None:
        calibration = Calibration(calibration.P2, calibration.T_cam_velo, calibration.T_velo_imu, size)
    scan = existing(root / "velodyne" / f"{label.stem}.bin") or existing(
        root / "velodyne_reduced" / f"{label.stem}.bin"
    )
    return Drive(
        name=label.stem,
        source="kitti_object",
        calibration=calibration,
        ego=None,
        tracks=gather_tracks(rows, label.stem, *place_in_world(rows, calibration, None)),
        image_size=size,
        frames=(Frame(label.stem, 0, image, scan),),
        ignore_frames=np.zeros((rows.kind < 0).sum(), np.int64),
        ignore_boxes=rows.boxes[rows.kind < 0],
        notes=notes,
    )


def _size(image: Path | None, calibration: Calibration | None, problems: list[Problem]) -> tuple[int, int]:
    """Width and height (px) of the picture, or what its calibration suggests."""
    if image is not None:
        try:
            with Image.open(image) as picture:
                return picture.size
        except NO_PICTURE as error:
            problems.append(Problem(image, None, f"no picture: {error}"))
    return USUAL_SIZE if calibration is None else calibration.image_size
