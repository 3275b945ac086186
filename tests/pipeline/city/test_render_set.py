import datetime
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pykitti
import pytest
from PIL import Image

from pipeline.check import check
from pipeline.city.contact_sheet import write_contact_sheet
from pipeline.city.picture_files import encode_depth
from pipeline.city.render_set import RenderSet, render_frame, render_set
from pipeline.city.sharing import next_drive
from pipeline.geometry import box_corners_cam, project_boxes
from pipeline.schema import UserError
from pipeline.sources import SOURCES

PLAN = RenderSet((("houston", 3),), size="quarter", samples=1)


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("set") / "city"
    render_set(PLAN, folder, processes=1)
    return folder


def test_a_rendered_set_passes_the_check_in_both_layouts(root):
    for folder, source in ((root / "training", "rendered_city"), (root / "raw", "kitti_raw")):
        report = check(folder)
        assert (report.source, report.drives, report.problems) == (source, 1, ())
        assert report.rows > 3


def test_both_layouts_say_the_same_about_boxes_and_poses(root):
    tracking = SOURCES["kitti_tracking"].read(root / "training").drives[0]
    raw = SOURCES["kitti_raw"].read(root / "raw").drives[0]
    np.testing.assert_allclose(raw.ego.T_world_imu, tracking.ego.T_world_imu, atol=1e-6)
    boxes = np.concatenate([track.boxes for track in tracking.tracks])
    again = np.concatenate([track.boxes for track in raw.tracks])
    assert len(boxes) == len(again)
    order, order_raw = (np.lexsort(np.round(part, 1).T) for part in (boxes, again))
    np.testing.assert_allclose(boxes[order], again[order_raw], atol=0.05)


def test_boxes_are_the_projection_of_the_3d_boxes(root):
    drive = SOURCES["kitti_tracking"].read(root / "training").drives[0]
    assert drive.image_size == (310, 94)
    for track in drive.tracks:
        corners = box_corners_cam(track.size_m, track.position_cam_m, track.rotation_y_rad)
        expected = project_boxes(drive.calibration.P2, corners, drive.image_size)
        np.testing.assert_allclose(track.boxes, expected, atol=1e-3)


def test_pykitti_loads_both_layouts(root, capsys):
    raw = pykitti.raw(str(root / "raw"), "2011_09_26", "0000")
    assert len(raw) == 3
    assert isinstance(raw.timestamps[0], datetime.datetime)
    assert raw.get_cam2(1).size == (310, 94)
    assert raw.get_velo(2).shape[1] == 4
    tracking = pykitti.tracking(str(root / "training"), "0000")
    assert len(tracking.cam2_files) == len(tracking.velo_files) == 3


def test_the_frame_knows_its_depth_and_scan_and_depth_keeps_its_metres(root):
    frame = SOURCES["kitti_tracking"].read(root / "training").drives[0].frames[1]
    assert frame.depth == root / "training" / "depth_float16" / "0000" / "000001.npy"  # the PNG ends at 255 m
    far = np.load(frame.depth).astype(float)
    depth = np.asarray(Image.open(next((root / "training").glob("depth*/0000/000001.png")))) / 256
    near = (depth > 0) & (far < 200)
    np.testing.assert_allclose(depth[near], far[near], rtol=1e-3, atol=1 / 256)
    assert frame.velodyne.stat().st_size % 16 == 0


def test_depth_beyond_255_m_and_sky_are_unknown_in_kittis_encoding():
    steps = encode_depth(np.array([[1.0, 255.9, 300.0, np.inf]], np.float32))
    assert steps.tolist() == [[256, 65510, 0, 0]]


def test_an_interrupted_set_is_finished_with_the_same_bytes(root, tmp_path):
    again = tmp_path / "again"
    again.mkdir()
    (again / "render.json").write_text((root / "render.json").read_text())
    render_frame(PLAN, again, ("houston", 0, 3), 1)
    touched = (again / "training" / "image_02" / "0000" / "000001.png").stat().st_mtime_ns
    steps = []
    render_set(PLAN, again, 1, lambda done, total: steps.append((done, total)))
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert (again / "training" / "image_02" / "0000" / "000001.png").stat().st_mtime_ns == touched
    files = [path.relative_to(root) for path in sorted((root / "training").rglob("*")) if path.is_file()]
    assert len(files) == 3 * 7 + 3
    for name in files:
        assert (again / name).read_bytes() == (root / name).read_bytes(), name


def test_two_processes_share_the_drives_of_a_city(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.city.render_set.DRIVE_FRAMES", 2)
    steps = []
    render_set(replace(PLAN, cities=(("houston", 4),)), tmp_path, 2, lambda *step: steps.append(step))
    assert (steps[0], steps[-1]) == ((0, 4), (4, 4))
    assert sorted(steps) == steps
    report = check(tmp_path / "training")
    assert (report.drives, report.problems) == (2, ())


def test_no_drive_has_a_single_frame():
    for frames, drives in ((2, [2]), (50, [50]), (51, [51]), (52, [50, 2]), (151, [50, 50, 51])):
        assert [count for _, _, count in RenderSet((("miami", frames),)).drives()] == drives


def test_a_process_stays_in_its_city_then_helps_where_most_is_left():
    waiting = [("miami", 0, 9), ("houston", 1, 9), ("houston", 2, 9), ("new_york", 3, 9)]
    assert next_drive(waiting, ["", ""], 0) == ("houston", 1, 9)
    assert next_drive(waiting, ["houston", "miami"], 1) == ("miami", 0, 9)
    assert next_drive(waiting[1:], ["houston", "miami"], 1) == ("new_york", 3, 9)
    assert next_drive(waiting[1:3], ["houston", "miami"], 1) == ("houston", 1, 9)


def test_a_folder_with_another_set_is_refused(root):
    with pytest.raises(UserError, match="other options"):
        render_set(RenderSet((("miami", 3),)), root, 1)


def test_nonsense_is_refused_before_anything_is_rendered():
    with pytest.raises(UserError, match='Did you mean "miami"'):
        RenderSet((("miammi", 3),))
    with pytest.raises(ValueError, match="frames must be at least 2, which show a speed, got 1"):
        RenderSet((("miami", 1),))


def test_a_contact_sheet_shows_looks_depth_and_ids_side_by_side(root):
    with Image.open(write_contact_sheet(PLAN, root)) as sheet:
        assert sheet.size == (4 * 484 - 4, round(480 * 94 / 310))
    assert json.loads((root / "render.json").read_text())["size"] == "quarter"
