"""Windows never straddle a gap, a bad row or a drive, and fractions take whole tracks."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from pipeline.schema import Drive, Track, UserError
from pipeline.windows import Windows, border_mask, cut_windows, fraction_of_tracks, of_drives


def _track(frames: list[int], *, drive: str = "0000", bad_rows: tuple[int, ...] = (), kind: str = "Car") -> Track:
    count = len(frames)
    boxes = np.tile([100.0, 100, 150, 140], (count, 1)) + np.arange(count)[:, None]
    valid = np.ones(count, bool)
    valid[list(bad_rows)] = False
    unknown = np.full((count, 3), np.nan)
    return Track(drive, 1, kind, np.array(frames), boxes, np.zeros(count), np.zeros(count, np.int64), unknown, unknown,
                 np.full(count, np.nan), unknown, np.full(count, np.nan), valid)  # fmt: skip


def _drive(track: Track) -> Drive:
    return Drive(track.drive, "tracks_table", None, None, (track,), (1242, 375))


def test_a_track_of_ten_frames_gives_seven_windows_of_four() -> None:
    windows = cut_windows([_drive(_track(list(range(10))))], length=4)
    assert len(windows) == 7
    assert windows.frame.tolist() == [0, 1, 2, 3, 4, 5, 6]
    np.testing.assert_array_equal(windows.boxes[2, 0], [102, 102, 152, 142])


def test_windows_do_not_cross_a_gap() -> None:
    windows = cut_windows([_drive(_track([0, 1, 2, 3, 7, 8, 9, 10]))], length=4)
    assert windows.frame.tolist() == [0, 7]


def test_windows_do_not_hold_an_invalid_row() -> None:
    windows = cut_windows([_drive(_track(list(range(9)), bad_rows=(4,)))], length=4)
    assert windows.frame.tolist() == [0, 5]


def test_the_stride_counts_frames_between_windows() -> None:
    assert cut_windows([_drive(_track(list(range(12))))], length=4, stride=3).frame.tolist() == [0, 3, 6]


def test_windows_of_tracks_that_end_sooner_are_masked_and_hold_the_last_box() -> None:
    windows = cut_windows([_drive(_track([0, 1, 2, 3, 4, 9, 10]))], length=4, shortest=3)
    assert windows.frame.tolist() == [0, 1, 2]
    assert windows.valid.tolist() == [[True] * 4, [True] * 4, [True, True, True, False]]
    np.testing.assert_array_equal(windows.boxes[2, 3], windows.boxes[2, 2])
    assert len(cut_windows([_drive(_track([0, 1, 2, 3, 4, 9, 10]))], length=4, shortest=9)) == 2


def test_classes_not_asked_for_are_left_out() -> None:
    with pytest.raises(UserError):
        cut_windows([_drive(_track(list(range(9)), kind="Tram"))], length=4)


def test_a_window_longer_than_any_track_names_the_longest_run() -> None:
    with pytest.raises(UserError, match="longest unbroken run of Car, Van, Pedestrian, Cyclist has 5 frames"):
        cut_windows([_drive(_track([0, 1, 2, 3, 4, 9, 10]))], length=20)


def test_a_fraction_takes_whole_tracks(toy_windows: Windows, rng: np.random.Generator) -> None:
    some = fraction_of_tracks(toy_windows, 0.25, rng)
    kept = np.unique(some.track)
    assert len(kept) == 15
    assert len(some) == np.isin(toy_windows.track, kept).sum()


def test_the_whole_is_the_whole(toy_windows: Windows, rng: np.random.Generator) -> None:
    assert fraction_of_tracks(toy_windows, 1.0, rng) is toy_windows


@pytest.mark.parametrize("fraction", [0.0, -1.0, 1.5])
def test_a_fraction_outside_zero_and_one_is_refused(
    toy_windows: Windows, fraction: float, rng: np.random.Generator
) -> None:
    with pytest.raises(ValueError, match="fraction must lie in"):
        fraction_of_tracks(toy_windows, fraction, rng)


def test_windows_of_a_drive_are_of_no_other(toy_windows: Windows) -> None:
    assert set(of_drives(toy_windows, ["0002"]).drive) == {"0002"}


def test_a_box_at_the_edge_touches_the_border() -> None:
    boxes = np.array([[0.0, 100, 50, 150], [600, 100, 650, 150], [1200, 100, 1241, 150], [600, 100, 650, 374]])
    assert border_mask(boxes, np.tile([1242.0, 375.0], (4, 1))).tolist() == [True, False, True, True]


def test_save_and_load_is_the_identity(toy_windows: Windows, tmp_path: Path) -> None:
    toy_windows.save(tmp_path / "windows.npz")
    np.testing.assert_array_equal(Windows.load(tmp_path / "windows.npz").boxes, toy_windows.boxes)


def test_arrays_of_unequal_length_are_refused(toy_windows: Windows) -> None:
    known = {field.name: getattr(toy_windows, field.name) for field in fields(Windows)}
    with pytest.raises(ValueError, match="origin has 3 entries for 240 windows"):
        Windows(**{**known, "origin": np.arange(3)})


def test_real_tracks_give_the_known_number_of_windows(shared_data: Path) -> None:
    from pipeline.sources import SOURCES

    drives = SOURCES["kitti_tracking"].read(shared_data / "kitti_tracking" / "training").drives
    assert len(cut_windows(drives, length=20)) == 29316
