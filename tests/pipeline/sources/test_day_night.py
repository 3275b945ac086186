"""Two folders of unpaired pictures, with all that real folders have wrong with them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.pictures import gather_pictures
from pipeline.schema import UserError
from pipeline.sources.base import read_source
from pipeline.sources.day_night import DayNight

SIZE = (16, 8)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One picture of each domain."""
    for domain, brightness in (("day", 200), ("night", 20)):
        (tmp_path / domain).mkdir()
        Image.new("RGB", SIZE, (brightness,) * 3).save(tmp_path / domain / "1.jpg", quality=95)
    return tmp_path


def test_one_picture_of_each_is_a_data_set(root: Path) -> None:
    reading = read_source(DayNight(), root)
    assert reading.problems == ()
    pictures = gather_pictures(reading.drives, SIZE, root / "cache")
    assert pictures.drive.tolist() == ["day", "night"]
    assert pictures.image[:, 4, 8, 0].tolist() == pytest.approx([200, 20], abs=2)
    assert pictures.kind.shape == (2, 0)  # nobody labelled anything
    assert pictures.night is None


@pytest.mark.parametrize("domain", ["day", "night"])
def test_a_domain_that_is_empty_or_missing_is_refused(root: Path, domain: str) -> None:
    (root / domain / "1.jpg").unlink()
    with pytest.raises(UserError, match="no pictures by day and night"):
        read_source(DayNight(), root)
    (root / domain / "notes.txt").write_text("not a picture")
    with pytest.raises(UserError, match="no pictures by day and night"):
        read_source(DayNight(), root)
    (root / domain / "notes.txt").unlink()
    (root / domain).rmdir()
    with pytest.raises(UserError, match="no pictures by day and night"):
        read_source(DayNight(), root)


def test_files_that_are_no_pictures_or_of_another_size_are_named_and_the_rest_is_read(root: Path) -> None:
    (root / "day" / "2.png").write_bytes(b"")
    (root / "day" / "3.jpg").write_bytes(b"GIF89a, says the file")
    Image.new("RGB", (8, 16)).save(root / "day" / "4.png")
    reading = read_source(DayNight(), root)
    assert [problem.file.name for problem in reading.problems] == ["2.png", "3.jpg", "4.png"]
    assert reading.problems[2].reason == "size (8, 16), the others have (16, 8)"
    assert len(reading.drives[0].frames) == 1


@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_a_picture_cut_short_is_named_when_it_is_decoded(root: Path, ending: str) -> None:
    path = root / "night" / f"2.{ending}"
    noise = np.random.default_rng(0).integers(0, 256, (8, 16, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:-60])
    reading = read_source(DayNight(), root)  # its size is still told
    with pytest.raises(UserError, match=rf"2\.{ending}: no picture"):
        gather_pictures(reading.drives, SIZE, root / "cache")


def test_grey_and_deep_pictures_become_colour_of_eight_bits(root: Path) -> None:
    Image.new("L", SIZE, 90).save(root / "day" / "2.png")
    Image.fromarray(np.full(SIZE[::-1], 90 * 256, np.uint16)).save(root / "day" / "3.png")
    pictures = gather_pictures(read_source(DayNight(), root).drives, SIZE, root / "cache")
    assert (pictures.image[1:3] == 90).all()


def test_a_domain_in_stretches_can_be_held_out_in_part(root: Path) -> None:
    for number in range(2, 6):
        Image.new("RGB", SIZE).save(root / "day" / f"{number}.jpg")
    drives = DayNight(stretch=2).read(root).drives
    assert [(drive.name, len(drive.frames)) for drive in drives] == [
        ("day-00", 2), ("day-01", 2), ("day-02", 1), ("night-00", 1),
    ]  # fmt: skip
    assert {frame.drive for frame in drives[1].frames} == {"day-01"}
