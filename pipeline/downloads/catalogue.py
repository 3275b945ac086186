"""What can be downloaded from the KITTI data sets, by archive. To add one: add its line."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.schema import UserError

KITTI = "https://s3.eu-central-1.amazonaws.com/avg-kitti"
"""Where the pages of cvlibs.net/datasets/kitti lead to."""


@dataclass(frozen=True)
class Collection:
    """Archives that belong together."""

    about: str
    archives: tuple[str, ...]
    """Paths below ``KITTI``; ``{drive}`` and ``{date}`` stand for each drive that is asked for."""
    pictures: tuple[str, ...] = ()
    """The large ones, fetched only when asked for."""
    by_drive: bool = False
    """Whether archives are named by drive and date."""
    reader: str = ""
    """What the unpacked folder is run with."""


CATALOGUE: dict[str, Collection] = {
    "kitti-tracking": Collection(
        "labels, calibration and ego motion of 21 sequences (about 50 MB; --pictures: 15 GB more)",
        ("data_tracking_label_2.zip", "data_tracking_calib.zip", "data_tracking_oxts.zip"),
        pictures=("data_tracking_image_2.zip",),
        reader="augment-kitti run kitti-tracking --root {to}/training",
    ),
    "kitti-object": Collection(
        "labels and calibration of 7,481 frames (about 30 MB; --pictures: 12 GB more)",
        ("data_object_label_2.zip", "data_object_calib.zip"),
        pictures=("data_object_image_2.zip",),
        reader="augment-kitti check {to}/training",
    ),
    "kitti-raw": Collection(
        "named drives, synchronised and rectified, with tracklets and calibration (0.2 to 4 GB a drive)",
        (
            "raw_data/{date}_calib.zip", "raw_data/{drive}/{drive}_sync.zip", "raw_data/{drive}/{drive}_tracklets.zip",
        ),
        by_drive=True,
        reader="augment-kitti check {to}",
    ),
    "kitti-depth": Collection(
        "depth from accumulated LiDAR scans for the raw drives (14 GB)", ("data_depth_annotated.zip",),
        reader="augment-kitti check {to}",
    ),
    "kitti-stereo": Collection(
        "200 street scenes with disparity and calibration (1.7 GB)",
        ("data_scene_flow.zip", "data_scene_flow_calib.zip"),
        reader="augment-kitti check {to}/training",
    ),
}  # fmt: skip

NOTICE = """\
KITTI is published by the Karlsruhe Institute of Technology and the Toyota Technological Institute at Chicago
(Geiger et al., CVPR 2012 and IJRR 2013, www.cvlibs.net/datasets/kitti) under CC BY-NC-SA 3.0: name the authors,
no commercial use, pass on under the same terms. What is made from it inherits these terms.
"""


def archives(collection: Collection, drives: Sequence[str], *, pictures: bool) -> tuple[str, ...]:
    """Paths below the publisher's address.

    Raises:
        UserError: drives are missing, misspelt, or named where there are none.
    """
    chosen = (*collection.archives, *(collection.pictures if pictures else ()))
    if pictures and not collection.pictures:
        raise UserError("--pictures: this collection has no archives of pictures of its own.")
    if not collection.by_drive:
        if drives:
            raise UserError("--drive: this collection comes whole, not by drive.")
        return chosen
    if not drives:
        raise UserError("Name at least one drive: --drive 2011_09_26_drive_0001")
    paths = [path.format(drive=drive, date=_date(drive)) for drive in drives for path in chosen]
    return tuple(dict.fromkeys(paths))


def _date(drive: str) -> str:
    date, mark, number = drive.partition("_drive_")
    parts = date.split("_")
    if not (mark and number.isdecimal() and len(number) == 4 and len(parts) == 3 and all(map(str.isdecimal, parts))):
        raise UserError(f'"{drive}" is no drive of KITTI; they are called like 2011_09_26_drive_0001.')
    return date
