import pytest
import torch

from models.diff_augment import DiffAugment


def _rng(seed=0):
    return torch.Generator().manual_seed(seed)


def _images(count=64, channels=3, height=8, width=12):
    return torch.rand(count, channels, height, width, generator=_rng(1)) + 1.0  # no zeros of their own


def test_colour_is_one_brightness_one_saturation_and_one_contrast_per_image():
    images = _images()
    found = DiffAugment(translation=0.0, cutout=0.0)(images, step=0, rng=_rng())
    shift = (found - images).mean(dim=(1, 2, 3))  # neither saturation nor contrast moves the mean
    assert -0.5 <= shift.min() < -0.3
    assert 0.3 < shift.max() <= 0.5
    grey, grey_before = found.mean(1), images.mean(1)
    contrast = grey.flatten(1).std(1) / grey_before.flatten(1).std(1)
    assert 0.5 <= contrast.min() < 0.6
    assert 1.4 < contrast.max() <= 1.5
    colour, colour_before = found - grey[:, None], images - grey_before[:, None]
    factor = (colour * colour_before).sum(dim=(1, 2, 3)) / colour_before.square().sum(dim=(1, 2, 3))
    assert torch.allclose(colour, factor[:, None, None, None] * colour_before, atol=1e-5)
    saturation = factor / contrast
    assert 0 <= saturation.min() < 0.2
    assert 1.8 < saturation.max() <= 2.001


def test_translation_is_one_of_the_possible_shifts_with_zeros_from_outside():
    images = _images(count=40)
    found = DiffAugment(colour=False, translation=0.25, cutout=0.0)(images, step=0, rng=_rng())
    shifts = set()
    for image, moved in zip(images, found, strict=True):
        padded = torch.nn.functional.pad(image, (3, 3, 2, 2))
        fitting = [
            (down, right)
            for down in range(5)
            for right in range(7)
            if torch.equal(padded[:, down : down + 8, right : right + 12], moved)
        ]
        assert len(fitting) == 1
        shifts.add(fitting[0])
    assert {down for down, _ in shifts} == set(range(5))
    assert {right for _, right in shifts} == set(range(7))


def test_cutout_is_one_rectangle_of_at_most_half_the_sides():
    found = DiffAugment(colour=False, translation=0.0, cutout=0.5)(_images(), step=0, rng=_rng())
    holes = found[:, 0] == 0
    assert torch.equal(holes, (found == 0).all(dim=1))
    rows, columns = holes.any(2), holes.any(1)
    assert torch.equal(holes, rows[:, :, None] & columns[:, None, :])
    assert rows.sum(1).max() == 4
    assert columns.sum(1).max() == 6
    assert rows.sum(1).min() >= 2  # a centre on the border leaves half of it


def test_the_generator_learns_through_it():
    images = _images(count=2).requires_grad_()
    DiffAugment()(images, step=0, rng=_rng()).sum().backward()
    assert images.grad.isfinite().all()
    assert images.grad.abs().sum() > 0


def test_images_differ_among_each_other_but_not_from_run_to_run():
    same = _images(count=1).expand(2, -1, -1, -1)
    first, again = (DiffAugment()(same, step=0, rng=_rng(3)) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first[0], first[1])


@pytest.mark.parametrize("field", ["translation", "cutout"])
def test_a_part_of_1_leaves_nothing_and_is_refused(field):
    with pytest.raises(ValueError, match=field):
        DiffAugment(**{field: 1.0})
