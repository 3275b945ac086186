"""Every kind of file that the program reads: how to make a sound one, what reads it, and what it may say of a bad one.

A reader here goes as far as a command would, and then checks that what came out can be true: a NaN or an endless box
that nobody complained of is a defect as grave as a traceback.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from models.reporting import CheckpointRefused
from pipeline.frames import decode
from pipeline.schema import UserError
from pipeline.sources.idx import read_digits
from pipeline.sources.kitti_depth import read_depth
from tests.faults import damage
from tests.faults.damage import Damage
from tests.faults.data_files import (
    csv_table,
    depth_array,
    depth_picture,
    digits,
    packed_digits,
    parquet_table,
    picture,
    raw_calibration,
    raw_date,
    read_raw,
    read_tracking,
    read_tracks_table,
    tracking_file,
)
from tests.faults.own_files import (
    checkpoint,
    finished_arm,
    live_run,
    read_arm,
    read_checkpoint,
    read_live_run,
    read_report,
    read_scores,
    read_settings,
    read_stored_set,
    report,
    report_samples,
    report_scores,
    settings,
    stored_set,
)


@dataclass(frozen=True)
class Input:
    """One kind of file."""

    make: Callable[[Path], Path]
    """Writes a sound file, and what belongs to it, below an empty folder; returns the file to damage."""
    read: Callable[[Path], object]
    """Reads the file as the program does, and checks what came out."""
    damages: tuple[Damage, ...]
    refusals: tuple[type[Exception], ...] = (UserError,)
    """What its reader says it raises."""


INPUTS: dict[str, Input] = {
    "label": Input(tracking_file("label_02"), read_tracking, damage.TEXT),
    "calib": Input(tracking_file("calib"), read_tracking, damage.TEXT),
    "oxts": Input(tracking_file("oxts"), read_tracking, damage.TEXT),
    "tracklets": Input(raw_date, read_raw(2), damage.XML),
    "raw calib": Input(raw_calibration, read_raw(1), damage.TEXT),
    "csv": Input(csv_table, read_tracks_table, damage.TEXT),
    "parquet": Input(parquet_table, read_tracks_table, damage.BYTES),
    "png": Input(picture, lambda path: decode(path, (30, 10)), damage.PNG),
    "depth png": Input(depth_picture, read_depth, damage.PNG, (OSError, ValueError)),
    "depth npy": Input(depth_array, read_depth, damage.BYTES, (OSError, ValueError)),
    "idx": Input(digits, lambda path: read_digits(path.parent), damage.IDX),
    "idx.gz": Input(packed_digits, lambda path: read_digits(path.parent), damage.BYTES),
    "--set": Input(settings, read_settings, damage.TEXT),
    "checkpoint": Input(checkpoint, read_checkpoint, damage.BYTES, (CheckpointRefused,)),
    "run.json": Input(report, read_report, damage.JSON),
    "scores.json": Input(report_scores, read_scores, damage.JSON),
    "samples": Input(report_samples, read_report, damage.BYTES),
    "arm": Input(finished_arm, read_arm, damage.JSON),
    "stored set": Input(stored_set, read_stored_set, damage.JSON),
    "live run": Input(live_run, read_live_run, damage.JSON),
}
"""By what the table calls them. To add one: write its functions, add its line."""
