"""Tracks of any data set as one table: the door for everyone whose data is not KITTI's.

``COLUMNS`` is the schema and its documentation; ``schema_text`` prints it.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float

from pipeline.schema import KINDS, KITTI_DT_S, Drive, Problem, UserError
from pipeline.sources.base import Reading
from pipeline.sources.rows import Rows, check, gather_tracks
from pipeline.sources.table_cells import ALWAYS, BOX, GROUND, SIZE, converted, lack_of, numbers_in
from pipeline.sources.table_file import SUFFIXES, header_of, read_table

COLUMNS = {
    "drive": "name of the recording; data are split by drive, never by frame",
    "track": "integer >= 0: one road user within its drive",
    "class": f"one of {', '.join(KINDS)}; one class a track",
    "frame": "integer >= 0, increasing along a track [this or time_s]",
    "time_s": "seconds, evenly spaced within a drive, gaps are fine [this or frame]",
    "left": "box in pixels, 0-based [all four, or none where there is x_m]",
    "top": "",
    "right": "greater than left",
    "bottom": "greater than top",
    "x_m": "position on the ground in metres, in a frame that does not move [both, or none where there is left]",
    "y_m": "",
    "image_width": "pixels, constant within a drive [both or none: then guessed from the boxes]",
    "image_height": "",
    "valid": "true/false or 1/0; false: the row exists, but nothing may be learnt from it [optional]",
}
"""Every column the table may have, and what it means."""


def schema_text() -> str:
    """The schema of a tracks table, as a person wants to read it."""
    columns = "\n".join(f"  {name:<13}{meaning}".rstrip() for name, meaning in COLUMNS.items())
    return (
        "A tracks table is a CSV file (UTF-8, comma, with a header) or a Parquet file, or a folder of such files.\n"
        "One row per road user and frame. An empty cell means unknown. Columns, in any order:\n\n"
        f"{columns}\n\nExample:\n\n"
        "  drive,track,class,frame,left,top,right,bottom,image_width,image_height\n"
        "  monday,7,Car,0,100.0,150.0,180.0,210.0,1280,720\n"
        "  monday,7,Car,1,102.5,150.2,183.1,210.9,1280,720\n"
    )


@dataclass(frozen=True)
class TracksTable:
    """Reader of a table file, or of a folder of them; each drive lives in one file."""

    name: str = "tracks_table"
    """What drives say they come from."""
    looks_for = "*.csv or *.parquet with the columns drive, track and class (see: augment-kitti schema)"

    def recognises(self, root: Path) -> bool:
        """Whether ``root`` is, or holds, a table with the columns that are always needed."""
        return any(set(ALWAYS) <= set(header_of(path)) for path in _tables(root))

    def read(self, root: Path) -> Reading:
        """All drives of all tables.

        Raises:
            UserError: no table in ``root``.
        """
        paths = _tables(root)
        if not paths:
            raise UserError(f"{root} is no tracks table: looked for {self.looks_for}")
        drives: dict[str, Drive] = {}
        problems: list[Problem] = []
        for path in paths:
            table, bad = read_table(path)
            problems += bad
            if bad and table.empty:
                continue
            for drive in self._drives(table, path, problems):
                if drive.name in drives:
                    problems.append(Problem(path, None, f'drive "{drive.name}" is in another table already'))
                drives.setdefault(drive.name, drive)
        problems.sort(key=lambda problem: (problem.file, problem.line or 0))
        return Reading(tuple(drives.values()), tuple(problems))

    def _drives(self, table: pd.DataFrame, path: Path, problems: list[Problem]) -> list[Drive]:
        lack = lack_of(table.columns)
        if lack:
            problems.append(Problem(path, 1, f"{lack}; the columns are {', '.join(map(str, table.columns))}"))
            return []
        table, bad = converted(table, path)
        problems += bad
        return [self._drive(str(name), part, path, problems) for name, part in table.groupby("drive", sort=True)]

    def _drive(self, name: str, table: pd.DataFrame, path: Path, problems: list[Problem]) -> Drive:
        dt_s = _step(table)
        rows, bad = check(_rows(table, dt_s), path)
        problems += bad
        kept = table.loc[rows.line]
        size, notes = _image_size(kept)
        return Drive(
            name=name,
            source=self.name,
            calibration=None,
            ego=None,
            tracks=gather_tracks(rows, name, _ground(kept), np.full(len(kept), np.nan)),
            image_size=size,
            dt_s=dt_s,
            notes=notes,
        )


def _tables(root: Path) -> list[Path]:
    if root.is_file():
        return [root] if root.suffix in SUFFIXES else []
    return sorted(path for path in root.glob("*") if path.suffix in SUFFIXES and path.is_file())


def _step(table: pd.DataFrame) -> float:
    """Seconds between frames: the median step between the times of a drive, 0.1 where no times are given."""
    if "time_s" not in table:
        return KITTI_DT_S
    per_frame = table.groupby("frame")["time_s"].first() if "frame" in table else table["time_s"].drop_duplicates()
    times = per_frame.dropna().sort_values()
    steps = np.diff(times) / (np.diff(times.index) if "frame" in table else 1)
    return float(np.median(steps)) if len(steps) and np.median(steps) > 0 else KITTI_DT_S


def _rows(table: pd.DataFrame, dt_s: float) -> Rows:
    count = len(table)
    unknown = np.full((count, 3), np.nan)
    time = table["frame"] if "frame" in table else np.round((table["time_s"] - table["time_s"].min()) / dt_s)
    return Rows(
        line=table.index.to_numpy(np.int64),
        frame=time.to_numpy(np.int64),
        track=table["track"].to_numpy(np.int64),
        kind=table["class"].to_numpy(np.int64),
        truncated=np.full(count, np.nan),
        occluded=np.full(count, 3),
        boxes=numbers_in(table, BOX),
        size_m=unknown,
        position_cam_m=unknown,
        rotation_y_rad=unknown[:, 0],
        valid=table["valid"].to_numpy(bool),
    )


def _ground(table: pd.DataFrame) -> Float[np.ndarray, "row 3"]:
    """Positions in the world; the ground is the plane z = 0."""
    place = numbers_in(table, GROUND)
    return np.column_stack([place, place[:, 0] * 0])


def _image_size(table: pd.DataFrame) -> tuple[tuple[int, int], tuple[str, ...]]:
    """Width and height (px) as the table gives them, else the reach of its boxes."""
    width, height = numbers_in(table, SIZE)[~np.isnan(numbers_in(table, SIZE)).any(axis=1)].max(axis=0, initial=0)
    if width > 0 and height > 0:
        return (int(width), int(height)), ()
    reach = np.nan_to_num(numbers_in(table, BOX)[:, 2:]).max(axis=0, initial=0)
    size = (int(reach[0]) + 1, int(reach[1]) + 1)
    return size, (f"no image size given: taken to be {size[0]}x{size[1]}, the reach of the boxes",)
