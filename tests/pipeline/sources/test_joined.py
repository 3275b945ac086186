"""Several data sets as one: names, what is left out, and what is said of a folder that is not there."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.pictures import gather_pictures
from pipeline.schema import UserError
from pipeline.sources import SOURCES
from pipeline.sources.day_night import DayNight
from pipeline.sources.joined import Joined, Part
from pipeline.sources.kitti_object import KittiObject
from pipeline.sources.mini_city import MiniCity
from pipeline.store import ingest, load

LABEL = "Car 0.30 1 -1.57 100 120 200 180 1.5 1.6 4.0 2.0 1.6 20.0 -1.5\n"
HERE = Part("here", KittiObject(), "kitti/training", ("00000[12]",), "augment-kitti download kitti-object fetches it.")
JOINED = Joined((HERE, Part("there", DayNight(), "photos", ("day",))))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three labelled pictures and one photograph of each time of day."""
    paths = [f"kitti/training/image_2/00000{number}.png" for number in (1, 2, 3)] + ["photos/day/1.png"]
    for number, name in enumerate([*paths, "photos/night/1.png"]):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (1242, 375), (20 * number, 0, 0)).save(tmp_path / name)
    (tmp_path / "kitti/training/label_2").mkdir()
    for number in (1, 2, 3):
        (tmp_path / f"kitti/training/label_2/00000{number}.txt").write_text(LABEL)
    return tmp_path


@pytest.fixture
def stored(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where data is ingested to, with the joined data set among the sources."""
    monkeypatch.setitem(SOURCES, "joined", JOINED)
    return root / "store"


def test_drives_are_named_by_their_part_and_only_those_asked_for_are_taken(root: Path, stored: Path) -> None:
    drives = load(ingest("joined", root, stored).path)
    assert [drive.name for drive in drives] == ["here-000001", "here-000002", "there-day"]
    assert {track.drive for drive in drives for track in drive.tracks} == {"here-000001", "here-000002"}
    pictures = gather_pictures(drives, (414, 125), root / "cache")
    assert pictures.image[:, 0, 0, 0].tolist() == [0, 20, 60]
    assert pictures.drive.tolist() == [drive.name for drive in drives]


def test_the_same_data_elsewhere_has_the_same_digest_and_other_data_another(root: Path, stored: Path) -> None:
    first = ingest("joined", root, stored)
    assert ingest("joined", root, stored).cache_hit
    elsewhere = root.rename(root.with_name("elsewhere"))
    moved = ingest("joined", elsewhere, elsewhere / "store")
    assert moved.digest == first.digest
    assert all(frame.image.is_file() for drive in load(moved.path) for frame in drive.frames)
    (elsewhere / "kitti/training/label_2/000001.txt").write_text(2 * LABEL)
    assert ingest("joined", elsewhere, elsewhere / "store").digest != first.digest


def test_other_drives_of_the_same_files_are_other_data(root: Path) -> None:
    more = Joined((replace(HERE, only=("*",)),))
    fewer = Joined((HERE,))
    assert more.gather(root, root / "store") != fewer.gather(root, root / "store")


@pytest.mark.parametrize("missing", ["kitti", "photos"])
def test_a_part_that_is_missing_is_told_with_its_place(root: Path, stored: Path, missing: str) -> None:
    (root / missing).rename(root / "gone")
    with pytest.raises(UserError, match=f"{missing}.* is needed: looked there for") as refusal:
        ingest("joined", root, stored)
    assert ("download kitti-object" in str(refusal.value)) == (missing == "kitti")


def test_nothing_is_rendered_before_all_folders_are_there(root: Path) -> None:
    class Rendered(MiniCity):
        def make(self, folder: Path) -> Path:
            raise AssertionError("made in vain")

    parts = (Part("city", Rendered()), *JOINED.parts)
    (root / "photos").rename(root / "gone")
    with pytest.raises(UserError, match="photos is needed"):
        Joined(parts).gather(root, root / "store")


def test_a_part_without_the_drives_that_are_asked_for_is_refused(root: Path, stored: Path) -> None:
    for number in (1, 2):
        (root / f"kitti/training/label_2/00000{number}.txt").unlink()
    with pytest.raises(UserError, match=r"has none of the drives 00000\[12\]"):
        ingest("joined", root, stored)


def test_no_root_and_a_folder_of_something_else_are_refused(root: Path, stored: Path) -> None:
    with pytest.raises(UserError, match=r"name the folder that holds kitti/training with --root"):
        ingest("joined", None, stored)
    with pytest.raises(UserError, match=r"no readable .places.json"):
        JOINED.read(root)


def test_nothing_that_may_be_looked_at_shows_the_held_out_street(shared_data: Path) -> None:
    """No looked-at frame resembles a held-out one as neighbours resemble each other: none is from that street."""
    parts = {part.name: part for part in SOURCES["city_and_roads"].parts}
    folder = shared_data / parts["kitti"].where / "image_02" / "0002"
    held_out = [folder / f"{number:06d}.png" for number in (0, 1, 30, 31, 60, 61, 89, 90)]
    looked_at = [shared_data / parts["object"].where / "image_2" / f"{name}.png" for name in parts["object"].only]
    raw = shared_data / parts["raw"].where / "2011_09_26" / parts["raw"].only[0] / "image_02" / "data"
    theirs = _coarse([*looked_at, *sorted(raw.glob("*.png"))[::5]])
    ours = _coarse(held_out)
    neighbours = np.abs(ours[1::2] - ours[::2]).mean(axis=1)
    assert np.abs(theirs[:, None] - ours).mean(axis=2).min() > 2 * neighbours.max()


def _coarse(paths: list[Path]) -> np.ndarray:
    return np.stack([np.asarray(Image.open(path).convert("L").resize((32, 10)), float).ravel() for path in paths])
