"""Synthetic windows written in KITTI's layout come back with their 3D boxes and ego poses."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.exports.as_drives import to_drives
from pipeline.kitti_layout import write_poses, write_tracking
from pipeline.sources.kitti_tracking import KittiTracking
from pipeline.strategies.compose import Mirrored
from pipeline.strategies.recombination import Recombination
from pipeline.windows import Windows, cut_windows


def _written(windows: Windows, folder: Path) -> Windows:
    """Windows exported, written, read and cut again."""
    for drive in to_drives(windows, {})[0]:
        write_tracking(drive, folder)
    reading = KittiTracking().read(folder)
    assert not reading.problems
    return cut_windows(reading.drives, windows.boxes.shape[1])


def test_recombined_windows_come_back_with_their_scenes(street_windows: Windows, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    windows = Mirrored(Recombination()).fit(street_windows, rng)(12, rng)
    again = _written(windows, tmp_path)
    assert len(again) == 12
    order, expected = (np.lexsort(np.round(w.boxes[:, 0], 3).T) for w in (again, windows))
    np.testing.assert_allclose(again.boxes[order], windows.boxes[expected], atol=1e-3)
    for name in ("position_cam_m", "size_m", "speed_mps", "yaw_rate_radps", "P2"):
        found, truth = (getattr(w.scenes, name)[o] for w, o in ((again, order), (windows, expected)))
        np.testing.assert_allclose(found, truth, atol=1e-4)


def test_the_ego_car_drives_from_one_window_into_the_next(street_windows: Windows) -> None:
    drive = to_drives(street_windows.take(np.arange(4)), {})[0][0]
    steps = np.linalg.norm(np.diff(drive.ego.T_world_imu[:, :3, 3], axis=0), axis=1)
    assert len(drive.ego.frames) == 80
    assert steps.max() <= 0.1 * drive.ego.speed_mps.max() + 1e-6
    assert [track.frames[0] for track in drive.tracks] == [0, 20, 40, 60]


def test_windows_without_scenes_stand_side_by_side_without_poses(street_windows: Windows) -> None:
    flat = replace(street_windows.take(np.arange(9)), scenes=None)
    drives, _ = to_drives(flat, {})
    assert all(drive.ego is None and drive.calibration is None for drive in drives)
    assert [track.frames[0] for track in drives[0].tracks] == [0] * 8 + [20]
    assert np.isnan(drives[0].tracks[0].size_m).all()


def test_tracks_stand_in_the_world_where_their_ego_poses_put_them(street_windows: Windows, tmp_path: Path) -> None:
    written, _ = to_drives(street_windows.take(np.arange(6)), {})
    for drive in written:
        write_tracking(drive, tmp_path)
        write_poses(drive, tmp_path)
    for drive, read in zip(written, KittiTracking().read(tmp_path).drives, strict=True):
        for track, again in zip(drive.tracks, read.tracks, strict=True):
            np.testing.assert_allclose(again.position_world_m, track.position_world_m, atol=1e-3)
        poses = np.loadtxt(tmp_path / "poses" / f"{drive.name}.txt").reshape(-1, 3, 4)
        np.testing.assert_allclose(poses[0], np.eye(4)[:3], atol=1e-6)
        ahead = poses[-1, 2, 3] - poses[0, 2, 3]  # camera z is forward, and these cars drive ahead
        assert ahead == pytest.approx(drive.ego.T_world_imu[-1, 0, 3], abs=2)
