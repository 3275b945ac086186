import hashlib
from pathlib import Path

import numpy as np
import pytest

from pipeline.city.drives import labelled_drive
from pipeline.schema import KINDS
from pipeline.sources.mini_city import MiniCity
from pipeline.windows import PREDICTED_KINDS, cut_windows

SMALL = MiniCity(seed=3, drives=2, frames=40)


def digest(root: Path) -> str:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def test_what_is_read_back_is_what_was_written(tmp_path):
    reading = SMALL.read(SMALL.make(tmp_path))
    assert reading.problems == ()
    for number, drive in enumerate(reading.drives):
        truth = labelled_drive(3, number, 40)
        assert (drive.name, drive.source, drive.image_size) == (truth.name, "mini_city", (1242, 375))
        assert len(drive.tracks) == len(truth.tracks)
        np.testing.assert_allclose(drive.ego.T_world_imu, truth.ego.T_world_imu, atol=2e-3)
        for mine, theirs in zip(drive.tracks, truth.tracks, strict=True):
            assert (mine.kind, mine.track_id) == (theirs.kind, theirs.track_id)
            np.testing.assert_array_equal(mine.frames, theirs.frames)
            np.testing.assert_allclose(mine.boxes, theirs.boxes, atol=1e-5)
            np.testing.assert_allclose(mine.position_world_m, theirs.position_world_m, atol=5e-3)


def test_same_seed_same_bytes_and_other_seed_other_city(tmp_path):
    first, again = (digest(SMALL.make(tmp_path / name)) for name in ("a", "b"))
    other = digest(MiniCity(seed=4, drives=2, frames=40).make(tmp_path / "c"))
    assert first == again
    assert first != other


def test_a_finished_city_is_not_made_again(tmp_path):
    root = SMALL.make(tmp_path)
    label = root / "label_02" / "0000.txt"
    label.write_text("")
    assert SMALL.make(tmp_path) == root
    assert label.read_text() == ""


@pytest.mark.slow
def test_the_default_city_has_windows_of_every_predicted_kind(tmp_path):
    city = MiniCity()
    windows = cut_windows(city.read(city.make(tmp_path)).drives, 20)
    assert len(windows.boxes) > 1500
    for kind in PREDICTED_KINDS:
        assert (windows.kind == KINDS.index(kind)).sum() >= 50, kind
