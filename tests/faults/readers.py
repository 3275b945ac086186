"""Every kind of file that the program reads: how to make a sound one, what reads it, and what it may say of a bad one.

A reader here goes as far as a command would, and then checks that what came out can be true: a NaN or an endless box
that nobody complained of is a defect as grave as a traceback.
"""

import gzip
import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import nn

from flows.arm_store import MANIFEST, ArmStore, Job
from flows.liveness import dead_runs
from flows.results import FACTS, SCORES, load_facts, load_samples, load_scores
from flows.studies import STUDIES
from flows.workspace import digest_of_file
from models.adversarial import AdversarialRecipe, Players
from models.checkpoints import load_checkpoint, save_checkpoint
from models.reporting import CheckpointRefused
from pipeline import store
from pipeline.arms import Arm, ArmResult, Design
from pipeline.city.drives import labelled_drive
from pipeline.frames import decode
from pipeline.kitti_layout import write_tracking
from pipeline.schema import Drive, UserError
from pipeline.scoring.scores import Scores
from pipeline.sources import SOURCES
from pipeline.sources.base import read_source
from pipeline.sources.idx import read_digits
from pipeline.sources.kitti_depth import read_depth
from pipeline.splits import Split
from pipeline.windows import Windows, cut_windows
from tests.faults import damage
from tests.faults.damage import Damage

LARGEST = 1e9
"""Pixels or metres: nothing on a road is larger or farther."""


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


def settings(root: Path) -> Path:
    """What people write after ``--set``, one a line."""
    lines = ('strategies=["none", "flip"]', "history=8", "fractions=[0.25, 1]", "task.steps=600", "flip.share=0.4",
             'kinds=["Car"]', "seeds=3", 'valid=["0001"]')  # fmt: skip
    (root / "settings").write_text("\n".join(lines))
    return root / "settings"


def read_settings(path: Path) -> None:
    """As ``run`` does before any work."""
    words = path.read_bytes().decode("utf-8", "replace").split("\n")
    STUDIES["kitti-tracking"].with_overrides(words).check_recipes()


RECIPE = AdversarialRecipe(steps=2, critic_steps=1, batch=4)


def players() -> Players:
    """Two networks of a few weights."""
    generator, critic = nn.Linear(2, 3), nn.Linear(3, 1)
    return Players(generator, critic, RECIPE)


def checkpoint(root: Path) -> Path:
    """A stopped run of a small GAN."""
    save_checkpoint(root / "run.pt", players(), RECIPE, torch.Generator())
    return root / "run.pt"


def read_checkpoint(path: Path) -> None:
    """As a continued run does."""
    found = players()
    load_checkpoint(path, found, RECIPE, torch.Generator())
    assert all(torch.isfinite(weight).all() for weight in found.generator.parameters()), "weights that are no numbers"


def some_windows() -> Windows:
    """Windows of one drive."""
    return cut_windows([labelled_drive(0, 0, 12)], 8)


def report(root: Path) -> Path:
    """What ``run.json`` and ``scores.json`` of a study must hold to be read."""
    windows = some_windows()
    (root / "samples").mkdir()
    windows.made_by("flip").save(root / "samples" / "flip.npz")
    made = {"flip": digest_of_file(root / "samples" / "flip.npz")}
    facts = {
        "samples": made,
        "name": "mini",
        "design": {"task": "prediction"},
        "strategies": {"none": {}, "flip": {}},
        "seeds": 2,
    }
    (root / FACTS).write_text(json.dumps(facts))
    nothing = Scores("ade_px", "px", False, True, (), (), ("Nothing.",), (), (), ())
    (root / SCORES).write_text(nothing.to_json())
    return root / FACTS


def report_scores(root: Path) -> Path:
    """The same, but its scores are to be damaged."""
    return report(root).with_name(SCORES)


def report_samples(root: Path) -> Path:
    """The same, but its samples are to be damaged."""
    return report(root).parent / "samples" / "flip.npz"


def read_report(path: Path) -> None:
    """As ``export`` does."""
    folder = path.parent.parent if path.suffix == ".npz" else path.parent
    load_facts(folder)
    for windows in load_samples(folder).values():
        assert np.isfinite(windows.boxes[windows.valid]).all(), "samples that are no numbers"


def read_scores(path: Path) -> None:
    """As ``compare`` does."""
    assert load_scores(path.parent).to_json()


def finished_arm(root: Path) -> Path:
    """One arm in the store."""
    table = pd.DataFrame({"strategy": ["flip"], "ade_px": [1.5]})
    curves = pd.DataFrame({"phase": ["train"], "step": [1], "name": ["loss"], "value": [0.5]})
    ArmStore(root).save(a_job(root), ArmResult(table, table, some_windows(), {"w": np.ones(3)}, curves, 0.25, 1.5))
    return root / "arm" / MANIFEST


def a_job(root: Path) -> Job:
    """The job of that arm."""
    design = Design(history=4, future=4)
    return Job(Arm("flip", 1.0, 0, 0), design, Split(("a",), ("b",), ("c",)), root, "digest", True, "arm")


def read_arm(path: Path) -> None:
    """As a study does that goes on: a damaged arm is not used, and one that is used can be read."""
    arms, job = ArmStore(path.parents[1]), a_job(path.parents[1])
    if arms.holds(job):
        assert arms.errors(job)["ade_px"].tolist() == [1.5], "other errors than were saved"
        assert all(np.isfinite(arms.seconds(job))), "seconds that are no numbers"
        assert (len(arms.curves(job)), len(arms.valid(job)), len(arms.model(job))) == (1, 1, 1)
        assert len(arms.samples(job))


def stored_set(root: Path) -> Path:
    """An ingested data set; its manifest is to be damaged."""
    write_tracking(labelled_drive(0, 0, 12), root / "kitti")
    return store.ingest("kitti_tracking", root / "kitti", root / "interim").path / store.MANIFEST


def read_stored_set(path: Path) -> None:
    """As the next study does: what is damaged is read again from its source."""
    root = path.parents[2]
    found = store.ingest("kitti_tracking", root / "kitti", root / "interim", "quarantine")
    plausible(store.load(found.path))


def live_run(root: Path) -> Path:
    """What a killed run left."""
    facts = {"flow_run_id": "one", "study": "mini", "mlflow_uri": "sqlite:///x", "mlflow_run_id": "two"}
    (root / "one.json").write_text(json.dumps(facts))
    return root / "one.json"


def read_live_run(path: Path) -> None:
    """As the next study does."""
    with dead_runs(path.parent) as dead:
        assert len(dead) == 1


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
