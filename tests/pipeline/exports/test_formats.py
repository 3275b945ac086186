"""What is written can be read: by our own readers, and as COCO's tools want it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.detector import PADDING, UNLABELLED
from pipeline.exports import FORMATS, format_for, write_export
from pipeline.exports.kitti_object import ORIGINS
from pipeline.geometry import resize_calibration
from pipeline.pictures import Pictures, gather_pictures
from pipeline.schema import KINDS, Calibration, UserError
from pipeline.sources.kitti_object import KittiObject
from pipeline.sources.tracks_table import TracksTable
from pipeline.strategies.images.flip import Flip
from pipeline.windows import Windows, cut_windows


@pytest.fixture
def labelled(toy_pictures: Pictures) -> Pictures:
    """Pictures with one object, none, two, and a region that bears no label."""
    few = toy_pictures.take(np.array([0, 9, 17, 25]))
    kind = np.array([[0, PADDING], [PADDING, PADDING], [0, 3], [5, UNLABELLED]])
    boxes = np.concatenate([few.boxes, few.boxes[:, :, [0, 1, 2, 3]] + np.float32([1, 1, -1, 0])], axis=1)
    truncated = np.where(kind >= 0, [[0, 1]], np.nan).astype(np.float32)
    occluded = np.where(kind >= 0, [[1, 2]], 3)
    return replace(few, kind=kind, boxes=boxes, truncated=truncated, occluded=occluded)


def test_every_format_says_what_it_is_and_refuses_what_it_cannot_hold() -> None:
    assert all(layout.about and layout.takes for layout in FORMATS.values())
    assert format_for(Windows, None) == "kitti-tracking"
    assert format_for(Pictures, None) == "kitti-object"
    with pytest.raises(UserError, match='"kitti-object" cannot hold windows; choose one of kitti-tracking, coco, par'):
        format_for(Windows, "kitti-object")
    with pytest.raises(UserError, match=r'Unknown format "cocoa"\. Did you mean "coco"'):
        format_for(Pictures, "cocoa")


def test_a_table_of_tracks_comes_back_with_places_on_the_ground(street_windows: Windows, tmp_path: Path) -> None:
    windows = street_windows.take(np.arange(0, 240, 20))
    contents = write_export(windows, {}, "parquet", tmp_path)
    reading = TracksTable().read(tmp_path)
    assert not reading.problems
    assert (reading.tracks, reading.rows) == (12, 240)
    assert contents.in_words() == f"12 tracks, {len(reading.drives)} drives, 240 rows"
    again = cut_windows(reading.drives, 20)
    order, expected = (np.lexsort(np.round(w.boxes[:, 0], 3).T) for w in (again, windows))
    for name in ("boxes", "kind", "image_size"):
        np.testing.assert_array_equal(getattr(again, name)[order], getattr(windows, name)[expected])
    assert all(np.isfinite(track.position_world_m).all() for drive in reading.drives for track in drive.tracks)
    flat = tmp_path / "flat"
    flat.mkdir()
    write_export(replace(windows, scenes=None), {}, "parquet", flat)
    assert not TracksTable().read(flat).problems


def _pictures_from(root: Path, folder: Path) -> Pictures:
    reading = KittiObject().read(root)
    assert not reading.problems
    return gather_pictures(reading.drives, (64, 32), folder)


def test_labelled_pictures_come_back_equal(labelled: Pictures, kitti_calibration: Calibration, tmp_path: Path) -> None:
    cameras = dict.fromkeys(labelled.drive.tolist(), kitti_calibration)
    root = tmp_path / "export"
    root.mkdir()
    write_export(labelled, cameras, "kitti-object", root)
    again = _pictures_from(root, tmp_path / "cache")
    np.testing.assert_array_equal(again.image, labelled.image)
    np.testing.assert_array_equal(again.kind, labelled.kind)
    held = labelled.kind != PADDING
    np.testing.assert_array_equal(again.boxes[held], labelled.boxes[held])
    named = labelled.kind >= 0
    np.testing.assert_array_equal(again.truncated[named], labelled.truncated[named])
    np.testing.assert_array_equal(again.occluded[named], labelled.occluded[named])
    camera = KittiObject().read(root).drives[0].calibration
    assert camera is not None
    np.testing.assert_allclose(camera.P2, resize_calibration(kitti_calibration, (64, 32)).P2)
    assert (root / ORIGINS).read_text().splitlines()[1] == f"000000,{labelled.drive[0]},{labelled.index[0]},real"
    assert len(list((root / "depth").glob("*.png"))) == len(labelled)


def test_a_flipped_picture_is_seen_by_a_mirrored_camera(
    labelled: Pictures, kitti_calibration: Calibration, tmp_path: Path
) -> None:
    cameras = dict.fromkeys(labelled.drive.tolist(), kitti_calibration)
    rng = np.random.default_rng(0)
    for name, pictures in (("straight", labelled), ("turned", Flip().fit(labelled, rng)(4, rng))):
        (tmp_path / name).mkdir()
        write_export(pictures, cameras, "kitti-object", tmp_path / name)
    straight, turned = (KittiObject().read(tmp_path / name).drives[0].calibration for name in ("straight", "turned"))
    assert straight is not None
    assert turned is not None
    point, mirrored = np.array([3.0, 1, 20, 1]), np.array([-3.0, 1, 20, 1])
    (u, v, w), (u_there, v_there, w_there) = straight.P2 @ point, turned.P2 @ mirrored
    assert (u_there / w_there, v_there / w_there) == pytest.approx((63 - u / w, v / w))
    for T in (turned.T_cam_velo, turned.T_velo_imu):
        assert np.linalg.det(T) == pytest.approx(1)


def test_pictures_of_unknown_cameras_are_readable_too(labelled: Pictures, tmp_path: Path) -> None:
    write_export(labelled, {}, "kitti-object", tmp_path)
    reading = KittiObject().read(tmp_path)
    assert not reading.problems
    assert reading.notes == ("000000, 000001, 000002, 000003: no calib folder: no positions in the world",)


def _coco(samples: Windows | Pictures, folder: Path) -> Mapping[str, Any]:
    write_export(samples, {}, "coco", folder)
    tree: Mapping[str, Any] = json.loads((folder / "annotations.json").read_text())
    images = {image["id"]: image for image in tree["images"]}
    categories = {category["id"]: category["name"] for category in tree["categories"]}
    assert len(images) == len(tree["images"])
    assert len({annotation["id"] for annotation in tree["annotations"]}) == len(tree["annotations"])
    assert len({image["file_name"] for image in tree["images"]}) == len(images)
    for annotation in tree["annotations"]:
        image = images[annotation["image_id"]]
        left, top, width, height = annotation["bbox"]
        assert left >= 0
        assert top >= 0
        assert width > 0
        assert height > 0
        assert left + width <= image["width"]
        assert top + height <= image["height"]
        assert annotation["area"] == pytest.approx(width * height)
        assert annotation["category_id"] in categories
    return tree


def test_coco_of_tracks_is_sound_and_keeps_every_box(street_windows: Windows, tmp_path: Path) -> None:
    windows = street_windows.take(np.arange(0, 240, 30))
    tree = _coco(replace(windows, scenes=None), tmp_path)
    boxes = np.array([annotation["bbox"] for annotation in tree["annotations"]])
    assert len(boxes) == 8 * 20
    assert len({annotation["track_id"] for annotation in tree["annotations"]}) == 8
    assert {video["id"] for video in tree["videos"]} == {image["video_id"] for image in tree["images"]}
    expected = windows.boxes.reshape(-1, 4).astype(float)
    expected[:, 2:] -= expected[:, :2]
    np.testing.assert_allclose(np.sort(boxes, axis=0), np.sort(expected, axis=0), atol=1e-9)
    kinds = sorted(
        tree["categories"][annotation["category_id"] - 1]["name"] for annotation in tree["annotations"][::20]
    )
    assert kinds == sorted(KINDS[kind] for kind in windows.kind)


def test_coco_of_pictures_is_sound_and_has_their_files(labelled: Pictures, tmp_path: Path) -> None:
    tree = _coco(labelled, tmp_path)
    assert all((tmp_path / image["file_name"]).is_file() for image in tree["images"])
    assert [(box["image_id"], box["category_id"], box["iscrowd"]) for box in tree["annotations"]] == [
        (1, 1, 0), (3, 1, 0), (3, 4, 0), (4, 6, 0), (4, 9, 1),
    ]  # fmt: skip


def test_drives_of_two_image_sizes_are_two_drives(toy_windows: Windows, tmp_path: Path) -> None:
    few = toy_windows.take(toy_windows.drive == toy_windows.drive[0]).take(np.arange(4))
    sizes = few.image_size.copy()
    sizes[:2] = [1300, 400]
    contents = write_export(replace(few, image_size=sizes), {}, "kitti-tracking", tmp_path)
    assert contents.made_from == {"0000": few.drive[0], "0001": few.drive[0]}
