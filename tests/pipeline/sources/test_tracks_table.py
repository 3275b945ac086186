from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.schema import KINDS, UserError
from pipeline.sources.tracks_table import COLUMNS, TracksTable, schema_text

HEADER = "drive,track,class,frame,left,top,right,bottom"
ROWS = ["mon,7,Car,0,100,150,180,210", "mon,7,Car,1,102.5,150.2,183.1,210.9", "tue,7,Van,4,10,20,30,40"]


def table(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "tracks.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_a_table_of_boxes_becomes_drives_and_tracks(tmp_path: Path):
    reading = TracksTable().read(table(tmp_path, *ROWS))
    assert reading.problems == ()
    monday, tuesday = reading.drives
    assert (monday.name, tuesday.name, monday.dt_s, monday.source) == ("mon", "tue", 0.1, "tracks_table")
    (track,) = monday.tracks
    assert (track.track_id, track.kind, track.frames.tolist()) == (7, "Car", [0, 1])
    np.testing.assert_array_equal(track.boxes, [[100, 150, 180, 210], [102.5, 150.2, 183.1, 210.9]])
    assert np.isnan(track.position_world_m).all()
    assert monday.image_size == (184, 211)
    assert monday.notes == ("no image size given: taken to be 184x211, the reach of the boxes",)


def test_the_image_size_may_be_given(tmp_path: Path):
    rows = [f"{row},1280,720" for row in ROWS]
    drive = TracksTable().read(table(tmp_path, *rows, header=f"{HEADER},image_width,image_height")).drives[0]
    assert (drive.image_size, drive.notes) == ((1280, 720), ())


def test_ground_positions_and_times_will_do_without_boxes(tmp_path: Path):
    rows = ["d,1,Car,10.0,5,-2", "d,1,Car,10.2,6,-2", "d,1,Car,10.8,9,-2", "d,2,Car,10.4,0,0"]
    reading = TracksTable().read(table(tmp_path, *rows, header="drive,track,class,time_s,x_m,y_m"))
    assert reading.problems == ()
    (drive,) = reading.drives
    assert drive.dt_s == pytest.approx(0.2)
    assert drive.tracks[0].frames.tolist() == [0, 1, 4]
    np.testing.assert_array_equal(drive.tracks[0].position_world_m, [[5, -2, 0], [6, -2, 0], [9, -2, 0]])
    assert np.isnan(drive.tracks[0].boxes).all()


def test_frames_with_times_tell_the_step(tmp_path: Path):
    rows = ["d,1,Car,3,1.5,0,0", "d,1,Car,7,3.5,1,0"]
    reading = TracksTable().read(table(tmp_path, *rows, header="drive,track,class,frame,time_s,x_m,y_m"))
    assert reading.drives[0].dt_s == pytest.approx(0.5)
    assert reading.drives[0].tracks[0].frames.tolist() == [3, 7]


def test_validity_is_kept(tmp_path: Path):
    rows = [f"{ROWS[0]},true", f"{ROWS[1]},0", f"{ROWS[2]},"]
    reading = TracksTable().read(table(tmp_path, *rows, header=f"{HEADER},valid"))
    assert [drive.tracks[0].valid.tolist() for drive in reading.drives] == [[True, False], [True]]


def test_parquet_says_the_same_as_csv(tmp_path: Path):
    path = table(tmp_path, *ROWS)
    pd.read_csv(path).to_parquet(tmp_path / "other.parquet")
    first, second = TracksTable().read(path), TracksTable().read(tmp_path / "other.parquet")
    assert second.problems == ()
    for one, other in zip(first.drives, second.drives, strict=True):
        np.testing.assert_array_equal(one.tracks[0].boxes, other.tracks[0].boxes)
        np.testing.assert_array_equal(one.tracks[0].frames, other.tracks[0].frames)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("mon,7,Car,2,102.5", "5 columns, the header has 8"),
        ("mon,7,Car,2,1,2,3,4,5", "9 columns, the header has 8"),
        ("mon,7,Horse,2,1,2,3,4", f'unknown class "Horse"; known: {", ".join(KINDS)}'),
        ("mon,7,Van,2,1,2,3,4", 'track 7 changes class from "Car" to "Van"'),
        ("mon,7,Car,2.5,1,2,3,4", 'frame is "2.5", not an integer'),
        ("mon,7,Car,-2,1,2,3,4", "frame is -2, must not be negative"),
        ("mon,7,Car,1,1,2,3,4", "frame 1 of track 7 occurs twice"),
        ("mon,7,Car,,1,2,3,4", "frame is empty"),
        ("mon,seven,Car,2,1,2,3,4", 'track is "seven", not an integer'),
        ("mon,7,Car,2,inf,2,3,4", 'left is "inf", not a finite number'),
        ("mon,7,Car,2,9,2,3,4", "right 3 is not beyond left 9"),
        ("mon,7,Car,2,,2,3,4", "a box with an empty side"),
        ("mon,7,Car,2,,,,", "neither a box nor a position on the ground"),
        (",7,Car,2,1,2,3,4", "drive is empty"),
        ("../mon,7,Car,2,1,2,3,4", "a drive's name must not hold /"),
    ],
)
def test_a_bad_row_is_named_and_all_others_are_kept(tmp_path: Path, row: str, reason: str):
    path = table(tmp_path, *ROWS[:2], "", row, ROWS[2])
    reading = TracksTable().read(path)
    (problem,) = reading.problems
    assert (problem.file, problem.line) == (path, 5)
    assert reason in problem.reason
    assert reading.rows == 3


@pytest.mark.parametrize(("cell", "reason"), [("perhaps", 'valid is "perhaps", not true or false')])
def test_a_doubtful_truth_is_named(tmp_path: Path, cell: str, reason: str):
    reading = TracksTable().read(table(tmp_path, f"{ROWS[0]},{cell}", header=f"{HEADER},valid"))
    assert [problem.reason for problem in reading.problems] == [reason]


def test_bytes_that_are_no_text_cost_one_row(tmp_path: Path):
    path = table(tmp_path, *ROWS)
    path.write_bytes(path.read_bytes().replace(b"Van", b"V\xe4n"))
    reading = TracksTable().read(path)
    assert [str(problem) for problem in reading.problems] == [f"{path}:4: byte 0xe4 is not UTF-8 text"]
    assert reading.rows == 2


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("drive,track,frame,left,top,right,bottom", "missing column class"),
        ("drive,track,class,left,top,right,bottom", "missing column frame or time_s"),
        ("drive,track,class,frame", "missing column left or x_m"),
        ("drive,track,class,frame,left,top", "missing column right, bottom"),
        ("drive,track,class,frame,x_m", "missing column y_m"),
        ("drive,drive,class,frame,x_m", "two columns have one name"),
        ("", "no header"),
    ],
)
def test_a_header_that_lacks_something_is_named(tmp_path: Path, header: str, reason: str):
    reading = TracksTable().read(table(tmp_path, header=header))
    assert reading.drives == ()
    assert reason in reading.problems[0].reason


def test_a_broken_parquet_file_is_named(tmp_path: Path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 but not really")
    reading = TracksTable().read(tmp_path)
    assert "no Parquet file" in reading.problems[0].reason


def test_one_drive_in_two_tables_is_a_problem(tmp_path: Path):
    path = table(tmp_path, *ROWS)
    (tmp_path / "zz.csv").write_text(path.read_text())
    assert [problem.reason for problem in TracksTable().read(tmp_path).problems] == [
        'drive "mon" is in another table already',
        'drive "tue" is in another table already',
    ]


def test_an_empty_folder_is_refused_with_what_was_looked_for(tmp_path: Path):
    with pytest.raises(UserError, match=r"looked for \*.csv"):
        TracksTable().read(tmp_path)


def test_only_tables_with_the_right_columns_are_recognised(tmp_path: Path):
    (tmp_path / "prices.csv").write_text("day,price\n1,2\n")
    assert not TracksTable().recognises(tmp_path)
    table(tmp_path, *ROWS)
    assert TracksTable().recognises(tmp_path)


def test_the_schema_explains_every_column_and_its_example_is_readable(tmp_path: Path):
    text = schema_text()
    assert all(name in text for name in COLUMNS)
    example = [line.strip() for line in text.split("Example:")[1].strip().splitlines()]
    reading = TracksTable().read(table(tmp_path, *example[1:], header=example[0]))
    assert (reading.problems, reading.rows) == ((), 2)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1), junk=st.binary(max_size=8), dropped=st.integers(0, 30))
def test_no_damage_to_a_table_ends_in_a_traceback(tmp_path: Path, place: float, junk: bytes, dropped: int):
    whole = "\n".join([HEADER, *ROWS]).encode()
    at = int(place * len(whole))
    (tmp_path / "a.csv").write_bytes(whole[:at] + junk + whole[at + dropped :])
    reading = TracksTable().read(tmp_path)
    assert reading.rows <= 3
