import numpy as np
import pytest
from PIL import Image

from pipeline.frames import cache_frames, decode, region_of, scale_boxes
from pipeline.schema import Drive, Frame, UserError
from pipeline.sources.day_night import DayNight
from pipeline.sources.kitti_depth import KittiDepth, read_depth
from pipeline.sources.kitti_object import KittiObject

CALIB = "P2: 700 0 600 0 0 700 180 0 0 0 1 0\nR0_rect: 1 0 0 0 1 0 0 0 1\n" + "".join(
    f"{name}: 1 0 0 0 0 1 0 0 0 0 1 0\n" for name in ("Tr_velo_to_cam", "Tr_imu_to_velo")
)
LABEL = "Car 0.30 1 -1.57 100 120 200 180 1.5 1.6 4.0 2.0 1.6 20.0 -1.5\n"


def picture(path, size=(8, 4), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size).save(path)


def test_an_object_label_becomes_a_track_of_one_frame(tmp_path):
    picture(tmp_path / "image_2" / "000007.png", (1242, 375))
    for folder, text in (
        ("label_2", LABEL + "DontCare -1 -1 -10 1 2 3 4 -1 -1 -1 -1000 -1000 -1000 -10\n"),
        ("calib", CALIB),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "000007.txt").write_text(text)
    reading = KittiObject().read(tmp_path)
    assert reading.problems == ()
    drive = reading.drives[0]
    track = drive.tracks[0]
    assert (drive.name, track.kind, drive.image_size) == ("000007", "Car", (1242, 375))
    assert track.truncated.tolist() == [0.3]
    assert track.boxes.tolist() == [[100, 120, 200, 180]]
    assert drive.ignore_boxes.tolist() == [[1, 2, 3, 4]]


def test_a_label_with_too_few_columns_is_named(tmp_path):
    for folder, text in (("label_2", LABEL + "Car 0 0 0 1 2\n"), ("calib", CALIB)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "000001.txt").write_text(text)
    problem = KittiObject().read(tmp_path).problems[0]
    assert (problem.file.name, problem.line) == ("000001.txt", 2)


def test_depth_is_metres_and_unknown_is_nan(tmp_path):
    path = tmp_path / "d.png"
    Image.fromarray(np.array([[0, 256, 2560]], np.uint16)).save(path)
    np.testing.assert_array_equal(read_depth(path), [[np.nan, 1.0, 10.0]])
    picture(tmp_path / "rgb.png")
    with pytest.raises(ValueError, match="expected 16 bits"):
        read_depth(tmp_path / "rgb.png")


def test_a_picture_too_large_for_any_camera_is_refused(tmp_path, monkeypatch):
    picture(tmp_path / "rgb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)  # of 32; up to twice as many, Pillow itself only warns
    with pytest.raises(UserError, match="decompression bomb"):
        decode(tmp_path / "rgb.png", (4, 4))
    with pytest.raises(ValueError, match="decompression bomb"):
        read_depth(tmp_path / "rgb.png")


def test_depth_beyond_what_16_bits_hold_comes_as_metres(tmp_path):
    path = tmp_path / "d.npy"
    np.save(path, np.array([[0, 900, np.inf, np.nan]], np.float16))
    np.testing.assert_array_equal(read_depth(path), [[np.nan, 900.0, np.nan, np.nan]])
    np.save(path, np.zeros(3))
    with pytest.raises(ValueError, match="1 dimensions"):
        read_depth(path)
    path.write_bytes(path.read_bytes().replace(b"}", b" ", 1))
    with pytest.raises(ValueError, match="no array: "):
        read_depth(path)


def test_disparities_become_metres_by_their_calibration(tmp_path):
    path = tmp_path / "disp_occ_0" / "000003_10.png"
    path.parent.mkdir()
    Image.fromarray(np.array([[0, 256, 2560]], np.uint16)).save(path)
    calibration = tmp_path / "calib_cam_to_cam" / "000003.txt"
    with pytest.raises(OSError, match=r"000003\.txt"):
        read_depth(path)
    calibration.parent.mkdir()
    calibration.write_text("calib_time: x\nP_rect_02: 7 0 6 40 0 7 2 0 0 0 1 0\nP_rect_03: 7 0 6 -60 0 7 2 0 0 0 1 0\n")
    np.testing.assert_allclose(read_depth(path), [[np.nan, 100.0, 10.0]])
    calibration.write_text("P_rect_02: 7 0\n")
    with pytest.raises(ValueError, match="no P_rect_02 and P_rect_03"):
        read_depth(path)
    picture(tmp_path / "image_2" / "000003_10.png", (3, 1))
    assert [frame.depth for drive in KittiDepth().read(tmp_path).drives for frame in drive.frames] == [path]


def depth_picture(path, metres=10.0, size=(8, 4)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full(size[::-1], 256 * metres, np.uint16)).save(path)


def test_a_set_without_recordings_is_parted_into_stretches_of_its_numbers(tmp_path):
    for number in range(7):
        picture(tmp_path / "image_2" / f"{number:06d}.png")
        depth_picture(tmp_path / "depth" / f"{number:06d}.png")
    drives = KittiDepth(stretch=3).read(tmp_path).drives
    assert [(drive.name, len(drive.frames)) for drive in drives] == [("000000", 3), ("000003", 3), ("000006", 1)]
    assert [frame.index for frame in drives[1].frames] == [0, 1, 2]
    assert {frame.drive for frame in drives[1].frames} == {"000003"}


def _cut_short(path):
    path.write_bytes(path.read_bytes()[:-30])


@pytest.mark.parametrize(
    ("folder", "damage", "reason"),
    [
        ("image_2", _cut_short, "no picture"),
        ("depth", _cut_short, "no picture"),
        ("depth", lambda path: path.write_bytes(b""), "no picture"),
        ("depth", lambda path: Image.new("L", (8, 4)).save(path), "mode L, expected 16 bits"),
        ("depth", lambda path: picture(path), "mode RGB, expected 16 bits"),
        ("depth", lambda path: depth_picture(path, size=(4, 8)), r"size (4, 8) differs from the picture's (8, 4)"),
        ("image_2", lambda path: path.unlink(), "has no picture image_2/b.png"),
    ],
)
def test_every_damaged_pair_is_a_problem_that_names_its_file(tmp_path, folder, damage, reason):
    rng = np.random.default_rng(0)
    for name in ("a.png", "b.png"):
        (tmp_path / "image_2").mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (4, 8, 3), np.uint8)).save(tmp_path / "image_2" / name)
        depth_picture(tmp_path / "depth" / name)
    damage(tmp_path / folder / "b.png")
    reading = KittiDepth().read(tmp_path)
    assert [frame.image.name for drive in reading.drives for frame in drive.frames] == ["a.png"]
    assert [problem.file.name for problem in reading.problems] == ["b.png"]
    assert reason in str(reading.problems[0])


def test_grey_and_16_bit_pictures_are_seen_as_colours(tmp_path):
    picture(tmp_path / "grey.png", mode="L")
    Image.fromarray(np.full((4, 8), 40000, np.uint16)).save(tmp_path / "deep.png")
    assert decode(tmp_path / "grey.png", (8, 4)).shape == (4, 8, 3)
    assert decode(tmp_path / "deep.png", (8, 4)).tolist() == np.full((4, 8, 3), 156).tolist()


def test_pairs_of_another_size_or_without_a_picture_are_problems(tmp_path):
    for name, size in (("a.png", (8, 4)), ("b.png", (6, 4))):
        picture(tmp_path / "image_2" / name, (8, 4))
        (tmp_path / "depth").mkdir(exist_ok=True)
        Image.fromarray(np.ones(size[::-1], np.uint16)).save(tmp_path / "depth" / name)
    Image.fromarray(np.ones((4, 8), np.uint16)).save(tmp_path / "depth" / "c.png")
    reading = KittiDepth().read(tmp_path)
    assert [len(drive.frames) for drive in reading.drives] == [1]
    assert [problem.file.name for problem in reading.problems] == ["b.png", "c.png"]


def test_two_folders_become_two_drives_and_a_broken_picture_a_problem(tmp_path):
    picture(tmp_path / "day" / "1.png")
    picture(tmp_path / "night" / "1.png")
    (tmp_path / "night" / "2.jpg").write_bytes(b"no picture")
    reading = DayNight().read(tmp_path)
    assert [(drive.name, len(drive.frames)) for drive in reading.drives] == [("day", 1), ("night", 1)]
    assert reading.problems[0].file.name == "2.jpg"


def test_frames_are_decoded_once_and_again_when_a_picture_changes(tmp_path):
    image = tmp_path / "1.png"
    Image.fromarray(np.arange(96, dtype=np.uint8).reshape(4, 8, 3)).save(image)
    drive = Drive("d", "x", None, None, (), (8, 4), frames=(Frame("d", 0, image),))
    cache = cache_frames([drive], (8, 4), tmp_path / "cache")
    np.testing.assert_array_equal(cache.pixels[0], decode(image, (8, 4)))
    assert len(cache) == 1
    stamp = (tmp_path / "cache" / "pixels.uint8").stat().st_mtime_ns
    cache_frames([drive], (8, 4), tmp_path / "cache")
    assert (tmp_path / "cache" / "pixels.uint8").stat().st_mtime_ns == stamp
    picture(image, (8, 4))
    assert cache_frames([drive], (8, 4), tmp_path / "cache").pixels[0].max() == 0


def test_drives_without_pictures_cannot_be_cached(tmp_path):
    with pytest.raises(UserError, match="No pictures"):
        cache_frames([Drive("d", "x", None, None, (), (8, 4))], (8, 4), tmp_path)


def test_a_box_around_the_whole_picture_stays_around_the_whole_picture():
    whole = np.array([[-0.5, -0.5, 1241.5, 374.5]])
    np.testing.assert_allclose(scale_boxes(whole, (1242, 375), (416, 128)), [[-0.5, -0.5, 415.5, 127.5]])


def test_a_picture_of_another_shape_shows_its_middle_and_boxes_move_along(tmp_path):
    wide = np.zeros((90, 160, 3), np.uint8)
    wide[30:60, 40:120] = 255
    Image.fromarray(wide).save(tmp_path / "wide.png")
    shown = decode(tmp_path / "wide.png", (160, 48))
    assert region_of((160, 90), (160, 48)) == (0, 21, 160, 69)
    np.testing.assert_array_equal(shown, wide[21:69])
    boxes = scale_boxes(np.array([[40.0, 30, 119, 59]]), (160, 90), (160, 48))
    assert boxes.tolist() == [[40, 9, 119, 38]]
    assert region_of((160, 90), (32, 32)) == (35, 0, 125, 90)
    assert region_of((1242, 375), (320, 96)) == (0, 0, 1242, 375)  # a hundredth is stretched, not cut
