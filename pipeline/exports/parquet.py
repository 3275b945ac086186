"""Tracks as one table, in the project's own form (``augment-kitti schema``)."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.exports.as_drives import to_drives
from pipeline.exports.base import Cameras, Contents
from pipeline.samples import Samples
from pipeline.schema import Drive, Track
from pipeline.sources.table_cells import BOX, GROUND
from pipeline.windows import Windows

TABLE = "tracks.parquet"


@dataclass(frozen=True)
class Parquet:
    """``tracks.parquet``: one row a road user and frame, with its place on the ground where that is known."""

    about: str = "one table of boxes, readable again by `augment-kitti run tracks`"
    takes: tuple[type, ...] = (Windows,)

    def write(self, samples: Samples, cameras: Cameras, folder: Path) -> Contents:
        """All drives in one table."""
        assert isinstance(samples, Windows)
        drives, made_from = to_drives(samples, cameras)
        table = pd.concat([_rows(drive, track) for drive in drives for track in drive.tracks], ignore_index=True)
        if table[list(GROUND)].isna().any(axis=None):
            table = table.drop(columns=list(GROUND))
        table.to_parquet(folder / TABLE, index=False)
        return Contents({"tracks": len(samples), "drives": len(drives), "rows": len(table)}, made_from)


def _rows(drive: Drive, track: Track) -> pd.DataFrame:
    width, height = drive.image_size
    return pd.DataFrame({
        "drive": drive.name, "track": track.track_id, "class": track.kind,
        "frame": track.frames, "time_s": track.frames * drive.dt_s,
        **dict(zip(BOX, track.boxes.T, strict=True)),
        **dict(zip(GROUND, track.position_world_m.T[:2], strict=True)),
        "image_width": width, "image_height": height, "valid": track.valid,
    })  # fmt: skip
