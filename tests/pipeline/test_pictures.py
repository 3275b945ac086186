"""Pictures and their labels, from drives on disk to arrays of one size."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.detector import PADDING, UNLABELLED
from pipeline.pictures import Pictures, as_tensor, gather_pictures
from pipeline.schema import KINDS, Drive, Frame, UserError


@pytest.fixture
def pictured(tiny_drives: tuple[Drive, ...], tmp_path: Path) -> Drive:
    """Frames 2 to 4 of a drive with pictures of 1242 x 375 px, nights and depths."""
    frames = []
    for index in (2, 3, 4):
        paths = {name: tmp_path / f"{name}-{index}.png" for name in ("image", "night", "depth")}
        Image.new("RGB", (1242, 375), (40 * index, 0, 0)).save(paths["image"])
        Image.new("RGB", (1242, 375), (index, 0, 0)).save(paths["night"])
        Image.fromarray(np.full((375, 1242), 256 * index, np.uint16)).save(paths["depth"])
        frames.append(Frame("0000", index, **paths))
    return replace(tiny_drives[0], frames=tuple(frames))


def test_pictures_carry_their_labels_scaled_along(pictured: Drive, tmp_path: Path) -> None:
    pictures = gather_pictures([pictured], (414, 125), tmp_path / "cache")
    assert pictures.image.shape == (3, 125, 414, 3)
    assert pictures.image[:, 0, 0, 0].tolist() == [80, 120, 160]
    assert pictures.night is not None
    assert pictures.depth_m is not None
    assert pictures.night[:, 0, 0, 0].tolist() == pictures.depth_m[:, 9, 9].tolist() == [2, 3, 4]
    assert pictures.index.tolist() == [2, 3, 4]
    car, cyclist = KINDS.index("Car"), KINDS.index("Cyclist")
    # A region to ignore in frame 2, a cyclist in frame 3; the pedestrian appears in frame 5.
    assert pictures.kind.tolist() == [[car, UNLABELLED], [car, cyclist], [car, PADDING]]
    # left = 100 + 2 frame, 40 wide, in a third of the size: x -> (x + 0.5) / 3 - 0.5
    np.testing.assert_allclose(pictures.boxes[0, 0], [34.333, 49.75, 47.667, 63.167], atol=1e-3)


def test_what_some_frames_lack_is_known_of_none(pictured: Drive, tmp_path: Path) -> None:
    last = replace(pictured.frames[-1], night=None, depth=None)
    pictures = gather_pictures([replace(pictured, frames=(*pictured.frames[:2], last))], (64, 32), tmp_path / "cache")
    assert len(pictures) == 3
    assert pictures.night is None
    assert pictures.depth_m is None


def test_drives_without_pictures_are_refused(tiny_drives: tuple[Drive, ...], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No pictures"):
        gather_pictures(tiny_drives, (64, 32), tmp_path)


def test_a_depth_picture_of_eight_bits_is_named(pictured: Drive, tmp_path: Path) -> None:
    Image.new("RGB", (1242, 375)).save(tmp_path / "depth-3.png")
    with pytest.raises(UserError, match=r"depth-3.png: no depth picture: mode RGB"):
        gather_pictures([pictured], (64, 32), tmp_path / "cache")


def test_a_part_is_drawn_without_repeats_and_in_order(toy_pictures: Pictures, rng: np.random.Generator) -> None:
    part = toy_pictures.part(0.25, rng)
    frames = list(zip(part.drive, part.index, strict=True))
    assert len(set(frames)) == len(part) == 12
    assert frames == sorted(frames)
    assert toy_pictures.part(1.0, rng) is toy_pictures
    assert len(toy_pictures.part(0.001, rng)) == 1
    with pytest.raises(ValueError, match="fraction"):
        toy_pictures.part(0.0, rng)


def test_arrays_of_unequal_length_are_refused(toy_pictures: Pictures) -> None:
    with pytest.raises(ValueError, match="drive has 47 entries for 48 pictures"):
        replace(toy_pictures, drive=toy_pictures.drive[:-1])


def test_networks_see_black_as_minus_one_and_white_as_one() -> None:
    images = np.zeros((1, 2, 2, 3), np.uint8)
    images[..., 1] = 255
    assert as_tensor(images)[0, :, 0, 0].tolist() == [-1, 1, -1]
