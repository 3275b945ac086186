from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from pipeline.check import check, recognise, render
from pipeline.city.render_set import RenderSet, render_set
from pipeline.frames import cache_frames
from pipeline.sources import SOURCES
from pipeline.sources.agreement import box_of_ids, constant_depth, examine, gather, scan_error
from pipeline.store import ingest, load


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    plan = RenderSet((("houston", 2),), size="quarter", samples=1)
    return render_set(plan, tmp_path_factory.mktemp("set") / "city", processes=1)


@pytest.fixture(scope="module")
def drive(training):
    return SOURCES["rendered_city"].read(training).drives[0]


def test_a_box_of_ids_reaches_to_the_outer_edges_of_its_pixels():
    ids = np.zeros((6, 8), int)
    ids[2:4, 3:7] = 5
    assert box_of_ids(ids, 5).tolist() == [2.5, 1.5, 6.5, 3.5]
    assert np.isnan(box_of_ids(ids, 4)).all()


def test_the_best_constant_depth_errs_as_computed_by_hand():
    # |10 - 5| / 5, 0, |10 - 20| / 20
    assert constant_depth(np.array([5.0, 10.0, 20.0])) == (10.0, pytest.approx((1 + 0 + 0.5) / 3))


def test_a_point_before_the_wall_errs_by_its_share(kitti_calibration):
    wall = np.full((375, 1242), 10.0, np.float32)
    # 9.27 m ahead of the LiDAR is 9 m from the camera, whose P2 adds 2.7 mm
    point = np.array([[9.27, 0.0, 0.0], [-5.0, 0.0, 0.0]])
    assert scan_error(point, wall, kitti_calibration) == pytest.approx([-0.1], abs=1e-3)


def test_a_rendered_set_is_called_so_and_agrees_with_itself(training):
    assert recognise(training) == recognise(training.parent) == "rendered_city"
    report = check(training.parent)
    assert report.problems == ()
    text = render(report)
    assert "LiDAR agrees with depth" in text
    assert "depth guessed as" in text


def test_every_frame_has_all_its_pictures(drive):
    frame = drive.frames[0]
    with Image.open(frame.image) as day, Image.open(frame.night) as night, Image.open(frame.semantic) as classes:
        assert day.size == night.size == classes.size == drive.image_size
    found = gather([(drive, frame)])
    assert np.median(np.abs(found.scan)) < 0.01
    assert found.edge_px.max() < 1e-3
    assert np.median(found.overshoot_px) < 1


def test_what_contradicts_itself_is_a_problem(drive):
    moved = [replace(t, boxes=t.boxes + np.array([40.0, 0, 40, 0])) for t in drive.tracks]
    problems, _ = examine([replace(drive, tracks=tuple(moved))])
    reasons = " ".join(problem.reason for problem in problems)
    assert "3D boxes project" in reasons
    assert "ids keep inside" in reasons
    assert "LiDAR" not in reasons


def test_day_and_night_are_cached_apart_and_pair_up(drive, training, tmp_path):
    stored = load(ingest("rendered_city", training, tmp_path).path)
    day, night = (cache_frames(stored, (155, 47), tmp_path / name, name) for name in ("image", "night"))
    assert (day.drive, day.index) == (night.drive, night.index)
    assert len(day) == len(drive.frames)
    assert day.pixels.mean() > 1.5 * night.pixels.mean()
    assert stored[0].frames == drive.frames
