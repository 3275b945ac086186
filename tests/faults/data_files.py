"""Files of data sets: how to make a sound one of each kind, what reads it, and whether what came out can be true."""

import gzip
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from pipeline.city.drives import labelled_drive
from pipeline.kitti_layout import write_tracking
from pipeline.schema import Drive
from pipeline.sources import SOURCES
from pipeline.sources.base import read_source
from pipeline.windows import cut_windows

LARGEST = 1e9
"""Pixels or metres: nothing on a road is larger or farther."""


def plausible(drives: Sequence[Drive]) -> None:
    """Whether drives can be true; ``AssertionError`` if not."""
    for drive in drives:
        assert all(0 < side <= LARGEST for side in drive.image_size), f"image size {drive.image_size}"
        for track in drive.tracks:
            known = ~np.isnan(track.boxes).all(axis=1)
            assert (np.abs(track.boxes[known]) <= LARGEST).all(), "a box with a side nowhere"
            assert (track.boxes[known, 2:] > track.boxes[known, :2]).all(), "a box inside out"
            assert (track.frames >= 0).all(), "a frame before the first"
            for values in (track.size_m, track.position_cam_m, track.position_world_m):
                assert not (np.abs(values) > LARGEST).any(), "an object beyond the horizon"
    windows = cut_windows(drives, 2)
    assert np.isfinite(windows.boxes).all(), "a window with a box that is no number"


def tracking_file(folder: str) -> Callable[[Path], Path]:
    """A KITTI tracking folder, of which the file in ``folder`` is to be damaged."""

    def make(root: Path) -> Path:
        write_tracking(labelled_drive(0, 0, 12), root)
        return root / folder / "0000.txt"

    return make


def read_tracking(path: Path) -> None:
    """As ``run`` does with ``--on-error quarantine``."""
    plausible(read_source(SOURCES["kitti_tracking"], path.parents[1]).drives)


def raw_date(root: Path) -> Path:
    """A date of KITTI raw with one drive of two frames and one car."""
    date = root / "2011_09_26"
    drive = date / "2011_09_26_drive_0001_sync"
    (drive / "oxts" / "data").mkdir(parents=True)
    unit = "1 0 0 0 1 0 0 0 1"
    camera = "721.5 0 609.6 44.9 0 721.5 172.9 0.2 0 0 1 0.003"
    (date / "calib_cam_to_cam.txt").write_text(f"S_rect_02: 1242 375\nR_rect_00: {unit}\nP_rect_02: {camera}\n")
    (date / "calib_velo_to_cam.txt").write_text("R: 0 -1 0 0 0 -1 1 0 0\nT: 0 -0.08 -0.27\n")
    (date / "calib_imu_to_velo.txt").write_text(f"R: {unit}\nT: -0.81 0.32 -0.8\n")
    for frame in range(2):
        (drive / "oxts" / "data" / f"{frame:010d}.txt").write_text("49 8.4 100 0 0 0 " + "0 " * 23 + "0\n")
    poses = "".join(
        f"<item><tx>{20 + frame}</tx><ty>0</ty><tz>-1.7</tz><rz>0</rz><occlusion>0</occlusion>"
        "<truncation>0</truncation></item>\n"
        for frame in range(2)
    )
    (drive / "tracklet_labels.xml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE boost_serialization>\n<boost_serialization>\n<tracklets>'
        "<count>1</count>\n<item><objectType>Car</objectType><h>1.5</h><w>1.6</w><l>4</l>"
        f"<first_frame>0</first_frame><poses>\n{poses}</poses></item>\n</tracklets>\n</boost_serialization>\n"
    )
    return drive / "tracklet_labels.xml"


def raw_calibration(root: Path) -> Path:
    """The same, but its camera file is to be damaged."""
    return raw_date(root).parents[1] / "calib_cam_to_cam.txt"


def read_raw(root_depth: int) -> Callable[[Path], None]:
    """As ``run`` does; the root lies so many folders above the file."""
    return lambda path: plausible(read_source(SOURCES["kitti_raw"], path.parents[root_depth]).drives)


def the_table() -> pd.DataFrame:
    """A tracks table of two drives."""
    step = np.arange(40)
    frame, track, left = step % 20, step // 20, 100.0 + step
    return pd.DataFrame({
        "drive": np.where(track == 0, "monday", "tuesday"), "track": track, "class": "Car", "frame": frame,
        "time_s": frame * 0.1, "left": left, "top": 150.25, "right": left + 60, "bottom": 190.5,
        "x_m": left / 10, "y_m": 2.5, "image_width": 1242, "image_height": 375, "valid": True,
    })  # fmt: skip


def csv_table(root: Path) -> Path:
    """The table as text."""
    the_table().to_csv(root / "tracks.csv", index=False)
    return root / "tracks.csv"


def parquet_table(root: Path) -> Path:
    """The table as Parquet."""
    the_table().to_parquet(root / "tracks.parquet", index=False)
    return root / "tracks.parquet"


def read_tracks_table(path: Path) -> None:
    """As ``run`` does."""
    plausible(read_source(SOURCES["tracks_table"], path).drives)


def picture(root: Path) -> Path:
    """A small picture."""
    Image.fromarray(np.arange(60 * 20 * 3, dtype=np.uint8).reshape(20, 60, 3)).save(root / "000000.png")
    return root / "000000.png"


def depth_picture(root: Path) -> Path:
    """A small 16-bit picture."""
    Image.fromarray(np.arange(60 * 20, dtype=np.uint16).reshape(20, 60) * 50).save(root / "000000.png")
    return root / "000000.png"


def depth_array(root: Path) -> Path:
    """The same as an array of metres."""
    np.save(root / "000000.npy", np.linspace(1, 80, 1200, dtype=np.float16).reshape(20, 60))
    return root / "000000.npy"


def digits(root: Path) -> Path:
    """MNIST's four files in small; the training images are compressed."""
    for part, count in (("train", 6), ("t10k", 3)):
        images = np.arange(count * 16, dtype=np.uint8).reshape(count, 4, 4)
        for name, array in (("images-idx3", images), ("labels-idx1", np.arange(count, dtype=np.uint8))):
            packed = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
            (root / f"{part}-{name}-ubyte").write_bytes(packed)
    return root / "train-images-idx3-ubyte"


def packed_digits(root: Path) -> Path:
    """The same, compressed."""
    plain = digits(root)
    packed = plain.with_name(f"{plain.name}.gz")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    return packed
