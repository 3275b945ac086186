from pathlib import Path

import pytest

from pipeline.check import check, recognise, render
from pipeline.schema import UserError


def test_the_layout_is_recognised_by_itself(tiny_kitti: Path, tmp_path: Path):
    assert recognise(tiny_kitti) == "kitti_tracking"
    (tmp_path / "2011_09_26/2011_09_26_drive_0001_sync").mkdir(parents=True)
    assert recognise(tmp_path) == "kitti_raw"
    (tmp_path / "table").mkdir()
    (tmp_path / "table/a.csv").write_text("drive,track,class,frame,x_m,y_m\n")
    assert recognise(tmp_path / "table") == "tracks_table"


def test_good_data_is_summed_up_in_one_line(tiny_kitti: Path):
    report = check(tiny_kitti)
    assert (report.source, report.drives, report.tracks, report.rows) == ("kitti_tracking", 2, 6, 102)
    last = render(report).splitlines()[-1]
    assert last == f"{tiny_kitti}: kitti_tracking, 2 drives, 6 tracks, 102 rows, no problems"


def test_every_bad_row_is_printed_as_compilers_do(tiny_kitti: Path):
    path = tiny_kitti / "label_02/0001.txt"
    path.write_text(path.read_text() + "30 1 Car\n30 2 Car 0\n")
    lines = render(check(tiny_kitti)).splitlines()
    assert lines[0] == f"{path}:52: 3 columns, a tracking label has 17"
    assert lines[1] == f"{path}:53: 4 columns, a tracking label has 17"
    assert lines[-1].endswith("102 rows, 2 problems")


def test_a_long_list_is_cut_and_says_so(tiny_kitti: Path):
    path = tiny_kitti / "label_02/0001.txt"
    path.write_text("bad\n" * 7)
    lines = render(check(tiny_kitti), shown=5).splitlines()
    assert lines[5] == "... and 2 more problems"


def test_another_data_set_is_refused_with_everything_that_was_looked_for(tmp_path: Path):
    (tmp_path / "train-images.idx.gz").write_bytes(b"")
    with pytest.raises(UserError) as caught:
        check(tmp_path)
    for words in ("kitti_tracking: label_02/*.txt", "kitti_raw: YYYY_MM_DD", "tracks_table: *.csv"):
        assert words in str(caught.value)


def test_a_named_source_is_believed(tiny_kitti: Path):
    with pytest.raises(UserError, match="no KITTI raw data"):
        check(tiny_kitti, source="kitti_raw")


def test_a_file_that_cannot_be_read_is_said_so(tiny_kitti: Path):
    (tiny_kitti / "label_02/0002.txt").mkdir()
    with pytest.raises(UserError, match=r"Cannot read .*0002\.txt is a directory"):
        check(tiny_kitti)


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path):
    with pytest.raises(UserError, match="does not exist"):
        check(tmp_path / "nowhere")
