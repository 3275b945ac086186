from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.schema import Calibration, UserError
from pipeline.sources.kitti_raw import KittiRaw

DRIVE = "2011_09_26/2011_09_26_drive_0001_sync"
OXTS_RECORD = "49.0 8.4 100 0 0 0 " + " ".join(["0"] * 24)

POSE = """<item><tx>{x}</tx><ty>{y}</ty><tz>{z}</tz><rx>0</rx><ry>0</ry><rz>{yaw}</rz>
<state>2</state><occlusion>{occlusion}</occlusion><truncation>{truncation}</truncation></item>
"""


def pose(x: str = "20", occlusion: int = 0, truncation: int = 0) -> str:
    return POSE.format(x=x, y=0, z=-1.7, yaw=0, occlusion=occlusion, truncation=truncation)


def tracklet(kind: str = "Car", first: str = "0", poses: str = "") -> str:
    return (
        f"<item>\n<objectType>{kind}</objectType><h>1.5</h><w>1.6</w><l>4.0</l><first_frame>{first}</first_frame>"
        f"<poses><count>2</count><item_version>2</item_version>\n{poses or pose() + pose('21')}</poses></item>\n"
    )


def document(*tracklets: str, count: int | None = None, doctype: str = "<!DOCTYPE boost_serialization>") -> str:
    count = len(tracklets) if count is None else count
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>\n{doctype}\n<boost_serialization>\n'
        f"<tracklets><count>{count}</count><item_version>1</item_version>\n{''.join(tracklets)}</tracklets>\n"
        "</boost_serialization>\n"
    )


@pytest.fixture
def tiny_raw(tmp_path: Path, kitti_calibration: Calibration) -> Path:
    """A root with one date and one drive: two frames, one car straight ahead, no pictures."""
    date = tmp_path / "2011_09_26"
    (tmp_path / DRIVE / "oxts/data").mkdir(parents=True)
    camera, T_cam_velo, T_velo_imu = kitti_calibration.P2, kitti_calibration.T_cam_velo, kitti_calibration.T_velo_imu

    def spaced(values: np.ndarray) -> str:
        return " ".join(str(value) for value in values.ravel())

    (date / "calib_cam_to_cam.txt").write_text(
        f"calib_time: 09-Jan-2012 13:57:47\nS_rect_02: 1242 375\nR_rect_00: {spaced(np.eye(3))}\n"
        f"P_rect_02: {spaced(camera)}\n"
    )
    for name, T in (("velo_to_cam", T_cam_velo), ("imu_to_velo", T_velo_imu)):
        (date / f"calib_{name}.txt").write_text(f"R: {spaced(T[:3, :3])}\nT: {spaced(T[:3, 3])}\n")
    for frame in range(2):
        (tmp_path / DRIVE / f"oxts/data/{frame:010d}.txt").write_text(OXTS_RECORD + "\n")
    (tmp_path / DRIVE / "oxts/timestamps.txt").write_text(
        "2011-09-26 13:02:44.335092332\n2011-09-26 13:02:44.435092332\n"
    )
    (tmp_path / DRIVE / "tracklet_labels.xml").write_text(document(tracklet()))
    return tmp_path


def reasons(root: Path) -> list[str]:
    return [problem.reason for problem in KittiRaw().read(root).problems]


def test_a_tracklet_ahead_is_placed_before_the_camera_in_the_world_and_in_the_image(tiny_raw: Path):
    reading = KittiRaw().read(tiny_raw)
    assert reading.problems == ()
    (drive,) = reading.drives
    (track,) = drive.tracks
    assert (drive.name, track.kind, track.frames.tolist()) == ("2011_09_26_drive_0001_sync", "Car", [0, 1])
    np.testing.assert_allclose(track.position_cam_m, [[0, 1.62, 19.73], [0, 1.62, 20.73]])
    np.testing.assert_allclose(track.rotation_y_rad, -np.pi / 2)
    np.testing.assert_allclose(track.position_world_m[0], [20.81, -0.32, -0.9], atol=1e-9)
    np.testing.assert_allclose(track.yaw_world_rad, 0, atol=1e-9)
    # The near face is 19.73 - 2 m away and 1.6 m wide; P2's last column shifts it by 44.86 / 17.73 px.
    depth = 17.73 + 0.002745884
    left = (721.5377 * -0.8 + 609.5593 * 17.73 + 44.85728) / depth
    assert track.boxes[0, 0] == pytest.approx(left)


def test_a_date_folder_may_be_named_itself(tiny_raw: Path):
    assert KittiRaw().recognises(tiny_raw / "2011_09_26")
    assert KittiRaw().read(tiny_raw / "2011_09_26").rows == 2


def test_out_of_view_is_a_row_without_a_box(tiny_raw: Path):
    (tiny_raw / DRIVE / "tracklet_labels.xml").write_text(document(tracklet(poses=pose("-20", truncation=99))))
    (track,) = KittiRaw().read(tiny_raw).drives[0].tracks
    assert np.isnan(track.boxes).all()
    assert np.isnan(track.truncated).all()


def test_levels_of_occlusion_and_truncation_are_kept_and_others_unknown(tiny_raw: Path):
    poses = pose(occlusion=2, truncation=1) + pose(occlusion=255, truncation=-1)
    (tiny_raw / DRIVE / "tracklet_labels.xml").write_text(document(tracklet(kind="Person (sitting)", poses=poses)))
    (track,) = KittiRaw().read(tiny_raw).drives[0].tracks
    assert track.kind == "Person"
    assert track.occluded.tolist() == [2, 3]
    np.testing.assert_array_equal(track.truncated, [1, np.nan])


BOMB = "<!DOCTYPE lolz [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;&b;'>]>"


@pytest.mark.parametrize("doctype", [BOMB, "<!DOCTYPE x [<!ENTITY c SYSTEM 'file:///etc/passwd'>]>"])
def test_hostile_xml_is_refused_and_the_drive_goes_on(tiny_raw: Path, doctype: str):
    path = tiny_raw / DRIVE / "tracklet_labels.xml"
    path.write_text(document(tracklet(kind="&c;"), doctype=doctype))
    reading = KittiRaw().read(tiny_raw)
    (problem,) = reading.problems
    assert problem.file == path
    assert problem.reason.startswith("refused, it is hostile XML")
    assert [len(drive.tracks) for drive in reading.drives] == [0]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<annotations><object/><folder/></annotations>", "found <annotations> with folder, object"),
        ("<boost_serialization/>", "found <boost_serialization> with nothing"),
        (document(tracklet())[:300], "no tracklet XML: "),
        ("", "no tracklet XML: no element found"),
        (document(tracklet(), count=3), "it announces 3 tracklets and holds 1"),
        (document(tracklet(kind="Horse")), 'tracklet 0: unknown class "Horse"; known: Car'),
        (document(tracklet(first="-5")), "frame is -5, must not be negative"),
        (document(tracklet(first="early")), 'tracklet 0: first_frame is "early", not a number'),
        (document(tracklet(poses=pose("nan") + pose())), 'tracklet 0, frame 0: tx is "nan", not a finite number'),
        (document(tracklet(poses=pose("1e308") + pose())), 'tracklet 0, frame 0: tx is "1e308", beyond anything'),
        (document(tracklet().replace("<h>1.5</h>", "")), 'tracklet 0: h is "", not a number'),
    ],
)
def test_other_schemas_and_bad_values_are_told_apart(tiny_raw: Path, text: str, reason: str):
    (tiny_raw / DRIVE / "tracklet_labels.xml").write_text(text)
    assert reason in reasons(tiny_raw)[0]


def test_a_bad_pose_costs_itself_only_and_is_named_by_line(tiny_raw: Path):
    text = document(tracklet(), tracklet(poses=pose() + pose("nan") + pose()))
    (tiny_raw / DRIVE / "tracklet_labels.xml").write_text(text)
    reading = KittiRaw().read(tiny_raw)
    (problem,) = reading.problems
    assert problem.line == next(n for n, line in enumerate(text.splitlines(), start=1) if "<tx>nan" in line)
    assert [track.frames.tolist() for track in reading.drives[0].tracks] == [[0, 1], [0, 2]]


@pytest.mark.parametrize("name", ["calib_cam_to_cam.txt", "calib_velo_to_cam.txt", "calib_imu_to_velo.txt"])
def test_a_missing_calibration_is_a_problem_and_leaves_no_boxes(tiny_raw: Path, name: str):
    (tiny_raw / "2011_09_26" / name).unlink()
    reading = KittiRaw().read(tiny_raw)
    assert [str(problem.file.name) for problem in reading.problems] == [name]
    (track,) = reading.drives[0].tracks
    assert np.isnan(track.boxes).all()


def test_fewer_frames_than_timestamps_are_used_and_said_so(tiny_raw: Path):
    with (tiny_raw / DRIVE / "oxts/timestamps.txt").open("a") as stream:
        stream.write("2011-09-26 13:02:44.535092332\n" * 5)
    images = tiny_raw / DRIVE / "image_02/data"
    images.mkdir(parents=True)
    Image.new("RGB", (1242, 375)).save(images / "0000000001.png")
    (drive,) = KittiRaw().read(tiny_raw).drives
    assert drive.notes == ("timestamps list 7 frames; 2 OXTS records and 1 pictures exist, which are used",)
    assert [(frame.index, frame.image) for frame in drive.frames] == [(1, images / "0000000001.png")]


def test_a_bad_timestamp_is_named(tiny_raw: Path):
    (tiny_raw / DRIVE / "oxts/timestamps.txt").write_text("2011-09-26 13:02:44.3\nyesterday\n")
    assert reasons(tiny_raw) == ['"yesterday" is no date and time']


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "0 records, expected one"), ("1 2 3", "3 columns"), (f"{OXTS_RECORD}\n{OXTS_RECORD}", "2 records")],
)
def test_a_bad_oxts_file_costs_the_poses_of_its_frame(tiny_raw: Path, text: str, reason: str):
    (tiny_raw / DRIVE / "oxts/data/0000000001.txt").write_text(text)
    assert reason in reasons(tiny_raw)[0]
    (track,) = KittiRaw().read(tiny_raw).drives[0].tracks
    assert np.isnan(track.position_world_m).any(axis=1).tolist() == [False, True]


def test_a_drive_without_oxts_or_tracklets_is_kept_and_noted(tiny_raw: Path):
    (tiny_raw / "2011_09_26/2011_09_26_drive_0002_sync").mkdir()
    drive = KittiRaw().read(tiny_raw).drives[1]
    assert drive.tracks == ()
    assert drive.notes == ("no oxts/data: no positions in the world", "no tracklet_labels.xml: no tracks")


def test_another_data_sets_folder_is_refused_with_what_was_looked_for(tmp_path: Path):
    assert not KittiRaw().recognises(tmp_path)
    with pytest.raises(UserError, match="looked for YYYY_MM_DD"):
        KittiRaw().read(tmp_path)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1), junk=st.binary(max_size=8), dropped=st.integers(0, 60))
def test_no_damage_to_the_tracklets_ends_in_a_traceback(tiny_raw: Path, place: float, junk: bytes, dropped: int):
    path = tiny_raw / DRIVE / "tracklet_labels.xml"
    whole = document(tracklet(), tracklet("Van")).encode()
    at = int(place * len(whole))
    path.write_bytes(whole[:at] + junk + whole[at + dropped :])
    assert len(KittiRaw().read(tiny_raw).drives) == 1
