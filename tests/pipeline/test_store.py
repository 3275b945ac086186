import csv
import json
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline import store, stored_drives
from pipeline.schema import BadInput, Drive, UserError
from pipeline.sources import SOURCES
from pipeline.sources.base import Reading, Source
from pipeline.sources.digests import digest_of
from pipeline.sources.kitti_tracking import KittiTracking
from pipeline.store import ingest, load


def assert_same(one: Any, other: Any, where: str = "") -> None:
    """Equal in every field, dtypes included; NaN equals NaN."""
    assert type(one) is type(other), where
    if is_dataclass(one):
        for item in fields(one):
            assert_same(getattr(one, item.name), getattr(other, item.name), f"{where}.{item.name}")
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype, where
        np.testing.assert_array_equal(one, other, where)
    elif isinstance(one, tuple):
        assert len(one) == len(other), where
        for place, (left, right) in enumerate(zip(one, other, strict=True)):
            assert_same(left, right, f"{where}[{place}]")
    else:
        assert one == other, where


def spoil(root: Path, line: int = 3) -> Path:
    """Give one label row (1-based line) of the first drive an unknown class."""
    path = root / "label_02/0000.txt"
    lines = path.read_text().splitlines()
    lines[line - 1] = lines[line - 1].replace("DontCare", "Ghost").replace("Car", "Ghost")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_what_is_loaded_equals_what_was_read(tiny_kitti: Path, tmp_path: Path):
    (tiny_kitti / "image_02/0001").mkdir(parents=True)
    Image.new("RGB", (1242, 375)).save(tiny_kitti / "image_02/0001/000004.png")
    (tiny_kitti / "oxts/0000.txt").write_text("")
    ingested = ingest("kitti_tracking", tiny_kitti, tmp_path / "store")
    assert (ingested.drives, ingested.tracks, ingested.rows) == (2, 6, 102)
    assert_same(load(ingested.path), SOURCES["kitti_tracking"].read(tiny_kitti).drives)


def test_what_is_written_in_batches_equals_what_was_read(
    tiny_kitti: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tiny_kitti / "label_02/0000.txt").write_text("")  # the first batch has no row to tell its columns by
    monkeypatch.setattr(stored_drives, "BATCH_ROWS", 1)
    ingested = ingest("kitti_tracking", tiny_kitti, tmp_path / "store")
    assert_same(load(ingested.path), SOURCES["kitti_tracking"].read(tiny_kitti).drives)


class Fleet(KittiTracking):
    """The same drive under many names; counts how many of them anyone holds on to."""

    held = most = 0

    def stream(self, root: Path) -> Iterator[Reading]:
        (drive,) = next(part for part in super().stream(root) if part.drives).drives
        for number in range(20):
            tracks = tuple(replace(track, drive=f"{number}") for track in drive.tracks)
            yield Reading((self._watched(replace(drive, name=f"{number}", tracks=tracks)),))

    def _watched(self, drive: Drive) -> Drive:
        Fleet.held += 1
        Fleet.most = max(Fleet.most, Fleet.held)
        weakref.finalize(drive, self._let_go)
        return drive

    @staticmethod
    def _let_go() -> None:
        Fleet.held -= 1


def test_a_fleet_is_ingested_drive_by_drive(tiny_kitti: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(SOURCES, "kitti_tracking", Fleet())
    monkeypatch.setattr(stored_drives, "BATCH_ROWS", 100)  # two drives
    ingested = ingest("kitti_tracking", tiny_kitti, tmp_path / "store")
    assert (ingested.drives, ingested.rows) == (20, 20 * 51)
    assert Fleet.most <= 5
    assert len(load(ingested.path)) == 20


def test_drives_without_tracks_calibration_or_ego_are_kept(tiny_kitti: Path, tmp_path: Path):
    for path in [*tiny_kitti.glob("calib/*"), *tiny_kitti.glob("oxts/*"), tiny_kitti / "calib", tiny_kitti / "oxts"]:
        path.rmdir() if path.is_dir() else path.unlink()
    for path in tiny_kitti.glob("label_02/*"):
        path.write_text("")
    ingested = ingest("kitti_tracking", tiny_kitti, tmp_path / "store")
    assert_same(load(ingested.path), SOURCES["kitti_tracking"].read(tiny_kitti).drives)
    assert ingested.rows == 0


def test_the_same_input_twice_is_read_once(tiny_kitti: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first = ingest("kitti_tracking", tiny_kitti, tmp_path / "store")
    monkeypatch.setattr(store, "read_parts", _unwelcome)
    second = ingest("kitti_tracking", tiny_kitti, tmp_path / "store")
    assert (first.cache_hit, second.cache_hit) == (False, True)
    assert second.path == first.path
    assert second.notes == first.notes
    assert (second.drives, second.tracks, second.rows) == (first.drives, first.tracks, first.rows)


def _unwelcome(reader: Source, root: Path) -> Reading:
    raise AssertionError("it was read again")


def test_one_changed_byte_is_another_data_set(tiny_kitti: Path, tmp_path: Path):
    first = ingest("kitti_tracking", tiny_kitti, tmp_path / "store")
    path = tiny_kitti / "label_02/0000.txt"
    path.write_text(path.read_text().replace("150.250000", "150.250001", 1))
    second = ingest("kitti_tracking", tiny_kitti, tmp_path / "store")
    assert not second.cache_hit
    assert second.digest != first.digest
    assert second.path != first.path
    assert len(load(first.path)) == 2


def test_the_digest_knows_names_contents_and_sizes_of_pictures_but_no_hidden_files(tmp_path: Path):
    (tmp_path / "a.txt").write_text("1")
    (tmp_path / "b.png").write_bytes(b"123")
    digests = [digest_of(tmp_path)]
    (tmp_path / ".hidden").write_text("x")
    assert digest_of(tmp_path) == digests[0]
    (tmp_path / "a.txt").write_text("2")
    digests.append(digest_of(tmp_path))
    (tmp_path / "a.txt").rename(tmp_path / "c.txt")
    digests.append(digest_of(tmp_path))
    (tmp_path / "b.png").write_bytes(b"1234")
    digests.append(digest_of(tmp_path))
    assert len(set(digests)) == 4


def test_the_same_labels_elsewhere_are_a_hit_but_pictures_are_looked_up_where_they_are_now(
    tiny_kitti: Path, tmp_path: Path
):
    ingest("kitti_tracking", tiny_kitti, tmp_path / "store")
    moved = tiny_kitti.rename(tmp_path / "moved")
    assert ingest("kitti_tracking", moved, tmp_path / "store").cache_hit
    (moved / "image_02/0000").mkdir(parents=True)
    Image.new("RGB", (1242, 375)).save(moved / "image_02/0000/000000.png")
    ingest("kitti_tracking", moved, tmp_path / "store")
    again = ingest("kitti_tracking", moved.rename(tmp_path / "again"), tmp_path / "store")
    assert not again.cache_hit
    assert load(again.path)[0].frames[0].image == tmp_path / "again/image_02/0000/000000.png"


@pytest.mark.parametrize("name", ["tracks.parquet", "drives.json", "manifest.json"])
@pytest.mark.parametrize("how", ["changed", "cut", "gone"])
def test_a_corrupt_store_is_noticed_and_rebuilt(tiny_kitti: Path, tmp_path: Path, name: str, how: str):
    ingested = ingest("kitti_tracking", tiny_kitti, tmp_path / "store")
    path = ingested.path / name
    whole = path.read_bytes()
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(whole[:60] if how == "cut" else whole[:60] + bytes([whole[60] ^ 255]) + whole[61:])
    with pytest.raises(UserError, match="ingest the source again"):
        load(ingested.path)
    again = ingest("kitti_tracking", tiny_kitti, tmp_path / "store")
    assert not again.cache_hit
    assert len(load(again.path)) == 2


def test_bad_rows_are_refused_and_nothing_is_stored(tiny_kitti: Path, tmp_path: Path):
    path = spoil(tiny_kitti)
    with pytest.raises(BadInput, match='unknown class "Ghost"') as caught:
        ingest("kitti_tracking", tiny_kitti, tmp_path / "store")
    assert [(problem.file, problem.line) for problem in caught.value.problems] == [(path, 3)]
    assert not list(tmp_path.glob("store/*"))


def test_bad_rows_are_quarantined_beside_the_data(tiny_kitti: Path, tmp_path: Path):
    path = spoil(tiny_kitti)
    bad_row = path.read_text().splitlines()[2]
    ingested = ingest("kitti_tracking", tiny_kitti, tmp_path / "store", on_error="quarantine")
    assert ingested.rows == 101
    with (ingested.path / "quarantine.csv").open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["file"], row["line"], row["text"]) == (str(path), "3", bad_row)
    assert "Ghost" in row["reason"]
    assert ingested.problems[0].line == 3


def test_data_stored_in_spite_of_bad_rows_is_still_refused_to_those_who_want_it_clean(tiny_kitti: Path, tmp_path: Path):
    spoil(tiny_kitti)
    ingest("kitti_tracking", tiny_kitti, tmp_path / "store", on_error="quarantine")
    again = ingest("kitti_tracking", tiny_kitti, tmp_path / "store", on_error="quarantine")
    assert again.cache_hit
    assert len(again.problems) == 1
    with pytest.raises(BadInput, match="Ghost"):
        ingest("kitti_tracking", tiny_kitti, tmp_path / "store")


def test_a_crash_while_writing_leaves_nothing_behind(tiny_kitti: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def crash(drives: Iterable[Drive], folder: Path, root: Path) -> None:
        (folder / "tracks.parquet").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "write_drives", crash)
    with pytest.raises(UserError, match="No space left on device"):
        ingest("kitti_tracking", tiny_kitti, tmp_path / "store")
    assert list((tmp_path / "store").iterdir()) == []


def test_a_store_that_cannot_be_written_is_the_users_to_mend(tiny_kitti: Path, tmp_path: Path):
    (tmp_path / "store").write_text("a file, no folder")
    with pytest.raises(UserError, match="Cannot write to the store"):
        ingest("kitti_tracking", tiny_kitti, tmp_path / "store")


def test_what_is_no_stored_data_set_is_not_loaded(tmp_path: Path):
    with pytest.raises(UserError, match="not a sound stored data set"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("source", "root", "message"),
    [
        ("kitti_trakcing", ".", 'Did you mean "kitti_tracking"'),
        ("kitti_tracking", "nowhere", "does not exist"),
        ("kitti_tracking", None, "name its folder with --root"),
        ("kitti_tracking", ".", "no KITTI tracking data"),
    ],
)
def test_what_cannot_be_ingested_is_said_in_words(tmp_path: Path, source: str, root: str | None, message: str):
    with pytest.raises(UserError, match=message):
        ingest(source, None if root is None else tmp_path / root, tmp_path / "store")


def test_the_manifest_tells_a_person_what_is_stored(tiny_kitti: Path, tmp_path: Path):
    ingested = ingest("kitti_tracking", tiny_kitti, tmp_path / "store")
    manifest = json.loads((ingested.path / "manifest.json").read_text())
    assert (manifest["source"], manifest["digest"], manifest["rows"]) == ("kitti_tracking", ingested.digest, 102)
    assert manifest["root"] == str(tiny_kitti)
    assert set(manifest["versions"]) == {"augment-kitti", "numpy", "pyarrow"}
