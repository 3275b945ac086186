from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.schema import Drive, Problem, UserError
from pipeline.sources.kitti_tracking import KittiTracking

Edit = Callable[[list[str]], None]


def edit(path: Path, change: Edit) -> None:
    lines = path.read_text().splitlines()
    change(lines)
    path.write_text("".join(line + "\n" for line in lines))


def put(row: int, **words: str) -> Edit:
    """Replace words of one row (0-based) of a label file."""
    places = {
        "frame": 0,
        "track": 1,
        "kind": 2,
        "occluded": 4,
        "left": 6,
        "right": 8,
        "bottom": 9,
        "height": 10,
        "x": 13,
    }

    def change(lines: list[str]) -> None:
        row_words = lines[row].split()
        for name, word in words.items():
            row_words[places[name]] = word
        lines[row] = " ".join(row_words)

    return change


def cut_last_line(lines: list[str]) -> None:
    lines[-1] = lines[-1][:40]


def add_a_column(lines: list[str]) -> None:
    lines[5] += " 0.9"


def repeat_a_row(lines: list[str]) -> None:
    lines.insert(9, lines[8])


def swap_two_frames(lines: list[str]) -> None:
    lines[0], lines[1] = lines[1], lines[0]


def problems_after(root: Path, change: Edit) -> tuple[Problem, ...]:
    edit(root / "label_02/0000.txt", change)
    return KittiTracking().read(root).problems


@pytest.mark.parametrize(
    ("change", "line", "reason"),
    [
        (cut_last_line, 51, "columns, a tracking label has 17"),
        (add_a_column, 6, "18 columns, a tracking label has 17"),
        (put(4, left="nan"), 5, 'left is "nan", not a finite number'),
        (put(4, x="inf"), 5, 'x_m is "inf", not a finite number'),
        (put(4, x="1e300"), 5, 'x_m is "1e300", beyond anything on a road'),
        (put(4, x="two"), 5, 'x_m is "two", not a number'),
        (put(4, x="1_0"), 5, 'x_m is "1_0", not a finite number'),
        (put(4, frame="-2"), 5, "frame is -2, must not be negative"),
        (put(4, frame="2.5"), 5, 'frame is "2.5", not an integer'),
        (put(4, frame="99999999999999999999"), 5, "too large"),
        (put(4, frame="5000000000"), 5, "too large"),
        (put(4, track="-3"), 5, "track id is -3, must not be negative"),
        (put(4, kind="Spaceship"), 5, 'unknown class "Spaceship"; known: Car, Van, Truck'),
        (put(4, kind="Van"), 5, 'track 0 changes class from "Car" to "Van"'),
        (put(4, occluded="7"), 5, "occluded is 7, not 0-3"),
        (put(4, right="1"), 5, "right 1 is not beyond left"),
        (put(4, bottom="1"), 5, "bottom 1 is not below top"),
        (put(4, height="0"), 5, "must be positive"),
        (repeat_a_row, 10, "occurs twice"),
        (swap_two_frames, 2, "frame 0 of track 0 comes after frame 1"),
    ],
)
def test_a_bad_row_is_named_and_all_others_are_kept(tiny_kitti: Path, change: Edit, line: int, reason: str):
    whole = KittiTracking().read(tiny_kitti)
    problems = problems_after(tiny_kitti, change)
    assert [problem.line for problem in problems] == [line]
    assert problems[0].file == tiny_kitti / "label_02/0000.txt"
    assert reason in problems[0].reason
    lost = whole.rows - KittiTracking().read(tiny_kitti).rows
    assert lost == (0 if change is repeat_a_row else 1)


def test_several_bad_rows_are_named_in_the_order_of_the_file(tiny_kitti: Path):
    def change(lines: list[str]) -> None:
        put(20, kind="Horse")(lines)
        put(10, frame="-1")(lines)
        put(15, left="nan")(lines)

    assert [problem.line for problem in problems_after(tiny_kitti, change)] == [11, 16, 21]


def test_a_byte_that_is_no_text_costs_one_row(tiny_kitti: Path):
    path = tiny_kitti / "label_02/0000.txt"
    path.write_bytes(path.read_bytes().replace(b"Cyclist", b"Cycl\xffst"))
    (problem,) = KittiTracking().read(tiny_kitti).problems
    assert "0xff" in problem.reason
    assert "UTF-8" in problem.reason


def test_tabs_blank_lines_and_windows_line_ends_are_forgiven_and_lines_still_counted(tiny_kitti: Path):
    path = tiny_kitti / "label_02/0000.txt"
    rows = KittiTracking().read(tiny_kitti).rows
    path.write_bytes(b"\n" + path.read_bytes().replace(b" ", b"\t").replace(b"\n", b"\r\n"))
    assert KittiTracking().read(tiny_kitti).problems == ()
    assert KittiTracking().read(tiny_kitti).rows == rows
    assert [problem.line for problem in problems_after(tiny_kitti, put(5, frame="-1"))] == [6]


def test_an_empty_label_file_is_a_drive_without_tracks(tiny_kitti: Path):
    (tiny_kitti / "label_02/0000.txt").write_text("")
    reading = KittiTracking().read(tiny_kitti)
    assert reading.problems == ()
    assert [len(drive.tracks) for drive in reading.drives] == [0, 3]


def test_a_single_row_is_a_track(tiny_kitti: Path):
    def keep_one(lines: list[str]) -> None:
        del lines[1:]

    assert problems_after(tiny_kitti, keep_one) == ()
    (track,) = KittiTracking().read(tiny_kitti).drives[0].tracks
    assert (track.kind, track.frames.tolist()) == ("Car", [0])


def test_a_car_that_keeps_its_distance_moves_through_the_world_with_the_ego_car(tiny_drives: tuple[Drive, ...]):
    straight = tiny_drives[0].tracks[0]
    # Camera z grows by 0.2 m a frame while the ego car drives 1 m a frame; world x is forward, y left, z up.
    np.testing.assert_allclose(np.diff(straight.position_world_m, axis=0), np.tile([1.2, 0, 0], (29, 1)), atol=1e-9)
    # The camera sits 0.27 m before the velodyne, which sits 0.81 m before the imu.
    np.testing.assert_allclose(straight.position_world_m[0], [12 + 0.27 + 0.81, 2 - 0.32, -1.7 - 0.08 + 0.8])
    # rotation_y = -1.5 is 1.5 rad right of camera x, so pi/2 - 1.5 to the left of straight ahead, less each frame.
    np.testing.assert_allclose(straight.yaw_world_rad, 1.5 - np.pi / 2 - 0.01 * np.arange(30), atol=1e-9)


def test_another_data_sets_folder_is_refused_with_what_was_looked_for(tmp_path: Path):
    (tmp_path / "frames").mkdir()
    with pytest.raises(UserError, match=r"looked for label_02/\*.txt"):
        KittiTracking().read(tmp_path)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["label_02/0000.txt", "calib/0000.txt", "oxts/0000.txt"]),
    place=st.floats(0, 1),
    junk=st.binary(min_size=0, max_size=6),
    dropped=st.integers(0, 40),
)
def test_no_damage_to_a_file_ends_in_a_traceback(tiny_kitti: Path, name: str, place: float, junk: bytes, dropped: int):
    path = tiny_kitti / name
    whole = path.read_bytes()
    at = int(place * len(whole))
    path.write_bytes(whole[:at] + junk + whole[at + dropped :])
    try:
        reading = KittiTracking().read(tiny_kitti)
    finally:
        path.write_bytes(whole)
    assert len(reading.drives) == 2
    for problem in reading.problems:
        assert problem.reason
