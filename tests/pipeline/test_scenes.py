"""Scenes follow their windows wherever these go."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.reprojection import outlines
from pipeline.schema import Drive
from pipeline.strategies.flip import Flip
from pipeline.strategies.jitter import Jitter
from pipeline.windows import Windows, cut_windows


def test_a_mirrored_scene_projects_to_mirrored_boxes(street_windows: Windows) -> None:
    scenes = street_windows.scenes
    left, top, right, bottom = np.moveaxis(outlines(scenes), -1, 0)
    last = street_windows.image_size[:, :1] - 1
    mirrored = outlines(scenes.mirrored(street_windows.image_size))
    np.testing.assert_allclose(mirrored, np.stack([last - right, top, last - left, bottom], axis=-1), atol=1e-2)


def test_a_mirror_before_a_mirror_shows_the_world(street_windows: Windows) -> None:
    twice = street_windows.scenes.mirrored(street_windows.image_size).mirrored(street_windows.image_size)
    for name, values in twice.arrays().items():
        np.testing.assert_allclose(values, street_windows.scenes.arrays()[name], atol=1e-5)


def test_mirroring_keeps_scenes_and_jitter_drops_them(street_windows: Windows) -> None:
    rng = np.random.default_rng(0)
    assert Flip().fit(street_windows, rng)(10, rng).scenes is not None
    assert Jitter().fit(street_windows, rng)(10, rng).scenes is None


def test_scenes_are_taken_joined_and_saved_with_their_windows(street_windows: Windows, tmp_path: Path) -> None:
    some = Windows.concatenate([street_windows.take(np.array([5, 3])), street_windows.take(np.array([8]))])
    np.testing.assert_array_equal(some.scenes.speed_mps, street_windows.scenes.speed_mps[[5, 3, 8]])
    some.save(tmp_path / "some.npz")
    np.testing.assert_array_equal(Windows.load(tmp_path / "some.npz").scenes.P2, some.scenes.P2)


def test_windows_joined_with_some_that_lack_scenes_lack_them(street_windows: Windows) -> None:
    flat = replace(street_windows, scenes=None)
    assert Windows.concatenate([street_windows, flat]).scenes is None
    assert Windows.concatenate([street_windows, flat.take(np.zeros(0, int))]).scenes is not None


def test_scenes_of_another_number_are_refused(street_windows: Windows) -> None:
    with pytest.raises(ValueError, match="scenes has 3 entries for 240 windows"):
        replace(street_windows, scenes=street_windows.scenes.take(np.arange(3)))


def test_a_window_is_known_where_the_ego_motion_covers_it(tiny_drives: tuple[Drive, ...]) -> None:
    drive = tiny_drives[0]
    ego = replace(
        drive.ego, **{name: getattr(drive.ego, name)[:20] for name in ("frames", "T_world_imu", "speed_mps",
                                                                       "yaw_rate_radps")}
    )  # fmt: skip
    windows = cut_windows([replace(drive, ego=ego)], 10, kinds=("Car",))
    assert windows.scenes.known.tolist() == [True] * 11 + [False] * 10
    np.testing.assert_allclose(windows.scenes.position_cam_m[3, 0], drive.tracks[0].position_cam_m[3], rtol=1e-6)


def test_drives_without_ego_motion_have_windows_without_scenes(tiny_drives: tuple[Drive, ...]) -> None:
    assert cut_windows([replace(tiny_drives[0], ego=None)], 10).scenes is None
