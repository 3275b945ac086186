"""What surrounds KITTI's labels: calibration, navigation data and pictures, missing, damaged or in another form."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.sources.kitti_tracking import KittiTracking

Edit = Callable[[list[str]], None]


def edit(path: Path, change: Edit) -> None:
    lines = path.read_text().splitlines()
    change(lines)
    path.write_text("".join(line + "\n" for line in lines))


@pytest.mark.parametrize("folder", ["calib", "oxts"])
def test_a_missing_file_is_a_problem_and_the_boxes_remain(tiny_kitti: Path, folder: str):
    (tiny_kitti / folder / "0001.txt").unlink()
    reading = KittiTracking().read(tiny_kitti)
    assert [str(problem) for problem in reading.problems] == [
        f"{tiny_kitti / folder / '0001.txt'}: missing, though label_02/0001.txt exists"
    ]
    first, second = reading.drives
    assert np.isfinite(first.tracks[0].position_world_m).all()
    assert np.isfinite(second.tracks[0].boxes).all()
    assert np.isnan(second.tracks[0].position_world_m).all()


def test_a_missing_label_file_is_a_problem(tiny_kitti: Path):
    (tiny_kitti / "label_02/0000.txt").unlink()
    reading = KittiTracking().read(tiny_kitti)
    assert [problem.reason for problem in reading.problems] == ["missing, though calib/0000.txt exists"]
    assert [drive.name for drive in reading.drives] == ["0001"]


def test_a_data_set_without_oxts_at_all_is_noted(tiny_kitti: Path):
    for path in (tiny_kitti / "oxts").iterdir():
        path.unlink()
    (tiny_kitti / "oxts").rmdir()
    reading = KittiTracking().read(tiny_kitti)
    assert reading.problems == ()
    assert "0000, 0001: no oxts folder: no positions in the world" in reading.notes


def test_a_truncated_oxts_file_names_its_line_and_the_frames_without_poses(tiny_kitti: Path):
    def change(lines: list[str]) -> None:
        lines[-1] = lines[-1][:30]

    edit(tiny_kitti / "oxts/0000.txt", change)
    reading = KittiTracking().read(tiny_kitti)
    (problem,) = reading.problems
    assert (problem.line, "columns, an OXTS record has 30" in problem.reason) == (30, True)
    assert np.isnan(reading.drives[0].tracks[0].position_world_m).any(axis=1).tolist() == [False] * 29 + [True]
    assert "0000: 1 labelled frames have no OXTS record: no world positions there" in reading.notes


@pytest.mark.parametrize("latitude", ["nan", "90", "north"])
def test_an_impossible_latitude_is_named(tiny_kitti: Path, latitude: str):
    def change(lines: list[str]) -> None:
        lines[7] = " ".join([latitude, *lines[7].split()[1:]])

    edit(tiny_kitti / "oxts/0000.txt", change)
    (problem,) = KittiTracking().read(tiny_kitti).problems
    assert (problem.file.parent.name, problem.line) == ("oxts", 8)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda lines: lines.pop(2), "P2 has 0 numbers, expected 12"),
        (lambda lines: lines.__setitem__(2, lines[2] + " 5"), "P2 has 13 numbers, expected 12"),
        (lambda lines: lines.__setitem__(2, lines[2].replace("7.2", "seven")), "not a number"),
        (lambda lines: lines.__setitem__(5, lines[5].replace("1.0", "3.0")), "Tr_velo_cam does not hold a rotation"),
    ],
)
def test_a_bad_calibration_is_named_and_the_boxes_remain(tiny_kitti: Path, change: Edit, reason: str):
    edit(tiny_kitti / "calib/0000.txt", change)
    reading = KittiTracking().read(tiny_kitti)
    assert reason in reading.problems[0].reason
    assert reading.drives[0].calibration is None
    assert len(reading.drives[0].tracks) == 3


def test_calibration_is_read_with_and_without_colons_and_by_the_object_benchmarks_names(tiny_kitti: Path):
    path = tiny_kitti / "calib/0000.txt"
    usual = KittiTracking().read(tiny_kitti).drives[0].calibration
    path.write_text(path.read_text().replace("R_rect:", "R0_rect").replace("Tr_velo_cam:", "Tr_velo_to_cam"))
    other = KittiTracking().read(tiny_kitti).drives[0].calibration
    assert usual is not None
    assert other is not None
    np.testing.assert_array_equal(usual.T_cam_velo, other.T_cam_velo)


def without_size(root: Path) -> Path:
    path = root / "calib/0000.txt"
    path.write_text("".join(line for line in path.read_text().splitlines(True) if "S_rect" not in line))
    return path


@pytest.mark.parametrize(
    ("focal_px", "size"),
    [
        ("7.215377", (1242, 375)),
        ("7.070493", (1224, 370)),
        ("7.183351", (1238, 374)),
        ("7.070912", (1226, 370)),
        ("7.188560", (1241, 376)),
        ("5.000000", (1242, 375)),
    ],
)
def test_without_pictures_the_focal_length_tells_the_image_size(tiny_kitti: Path, focal_px: str, size: tuple[int, int]):
    path = without_size(tiny_kitti)
    path.write_text(path.read_text().replace("7.215377", focal_px))
    drive = KittiTracking().read(tiny_kitti).drives[0]
    assert drive.image_size == size
    assert any("no pictures: image size" in note for note in drive.notes)


def test_a_picture_tells_the_image_size_and_becomes_a_frame(tiny_kitti: Path):
    folder = tiny_kitti / "image_02/0000"
    folder.mkdir(parents=True)
    Image.new("RGB", (640, 200)).save(folder / "000003.png")
    drive = KittiTracking().read(tiny_kitti).drives[0]
    assert drive.image_size == (640, 200)
    assert drive.calibration is not None
    assert drive.calibration.image_size == (640, 200)
    assert [(frame.index, frame.image) for frame in drive.frames] == [(3, folder / "000003.png")]
    assert drive.notes == ("1 pictures for 30 labelled frames",)


def test_a_picture_that_is_none_is_a_problem(tiny_kitti: Path):
    folder = tiny_kitti / "image_02/0000"
    folder.mkdir(parents=True)
    (folder / "000000.png").write_bytes(b"not a picture")
    (problem,) = KittiTracking().read(tiny_kitti).problems
    assert problem.file == folder / "000000.png"


def test_boxes_beyond_a_guessed_image_enlarge_it(tiny_kitti: Path):
    without_size(tiny_kitti)

    def stretch(lines: list[str]) -> None:
        words = lines[0].split()
        lines[0] = " ".join([*words[:8], "1400.5", *words[9:]])

    edit(tiny_kitti / "label_02/0000.txt", stretch)
    drive = KittiTracking().read(tiny_kitti).drives[0]
    assert drive.image_size == (1401, 375)
    assert "boxes reach beyond it: image size taken to be 1401x375" in drive.notes
