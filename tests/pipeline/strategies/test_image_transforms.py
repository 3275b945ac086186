"""What each image strategy changes, and what it must leave alone."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.pictures import Pictures
from pipeline.schema import UserError
from pipeline.strategies.images import IMAGE_STRATEGIES
from pipeline.strategies.images.colour_match import cumulative, matched_to
from pipeline.strategies.images.cycle_translation import CycleTranslation
from pipeline.strategies.images.darken import Darken
from pipeline.strategies.images.domains import apart, domains
from pipeline.strategies.images.flip import mirror


def _made(name: str, pictures: Pictures, count: int = 48) -> Pictures:
    rng = np.random.default_rng(0)
    return IMAGE_STRATEGIES[name].fit(pictures, rng)(count, rng)


def _sources(samples: Pictures, real: Pictures) -> Pictures:
    """The real picture of each sample."""
    place = {key: row for row, key in enumerate(zip(real.drive, real.index, strict=True))}
    return real.take(np.array([place[key] for key in zip(samples.drive, samples.index, strict=True)]))


def test_a_mirrored_box_covers_the_mirrored_car(toy_pictures: Pictures) -> None:
    mirrored = mirror(toy_pictures)
    for image, box in zip(mirrored.image, mirrored.boxes[:, 0].astype(int), strict=True):
        left, top, right, bottom = box
        assert (image[top : bottom + 1, left : right + 1] == [230, 60, 40]).all()
        assert (image == [230, 60, 40]).all(axis=-1).sum() == (bottom - top + 1) * (right - left + 1)
    np.testing.assert_array_equal(mirror(mirrored).boxes, toy_pictures.boxes)
    np.testing.assert_array_equal(mirrored.depth_m[:, :, 0], toy_pictures.depth_m[:, :, -1])


def test_noise_keeps_the_colours_and_nothing_else(toy_pictures: Pictures) -> None:
    samples = _made("noise", toy_pictures, 5)
    for image, source in zip(samples.image, _sources(samples, toy_pictures).image, strict=True):
        assert not np.array_equal(image, source)
        ours, theirs = (np.sort(pixels.reshape(-1, 3), axis=0) for pixels in (image, source))
        np.testing.assert_array_equal(ours, theirs)


def test_the_oracle_shows_the_true_night_with_the_labels_of_the_day(toy_pictures: Pictures) -> None:
    samples = _made("oracle", toy_pictures)
    sources = _sources(samples, toy_pictures)
    np.testing.assert_array_equal(samples.image, sources.night)
    np.testing.assert_array_equal(samples.boxes, sources.boxes)


def test_darkened_pictures_are_darker_and_differ_from_each_other(toy_pictures: Pictures) -> None:
    same = toy_pictures.take(np.zeros(6, int))
    rng = np.random.default_rng(0)
    dark = Darken(noise_sd=0.0).fit(same, rng)(6, rng)
    means = dark.image.mean(axis=(1, 2, 3))
    assert (means < 0.6 * same.image.mean()).all()
    assert len(np.unique(means)) == 6
    with pytest.raises(ValueError, match="gain must be a range above 0"):
        Darken(gain=(0.5, 0.2))


def test_no_drive_is_seen_by_day_and_by_night(toy_pictures: Pictures) -> None:
    day, night = apart(toy_pictures, np.random.default_rng(0))
    assert not set(day.drive) & set(night.drive)
    assert len(day) + len(night) == len(toy_pictures)
    day, night = apart(toy_pictures.take(toy_pictures.drive == "0002"), np.random.default_rng(0))
    assert day.index.max() < night.index.min()


def test_a_translator_learns_from_no_other_night_and_never_pairs(toy_pictures: Pictures) -> None:
    """Nights of the drives seen by day may be anything: they are not looked at."""
    short = CycleTranslation(crop=32)
    short = replace(short, gan=replace(short.gan, steps=2, width=4, blocks=1, halvings=1))
    day, _ = apart(toy_pictures, np.random.default_rng(0))
    night = toy_pictures.night.copy()
    night[np.isin(toy_pictures.drive, day.drive)] = 255
    first, second = (
        short.fit(pictures, np.random.default_rng(0))(3, np.random.default_rng(1))
        for pictures in (toy_pictures, replace(toy_pictures, night=night))
    )
    np.testing.assert_array_equal(first.image, second.image)


@pytest.mark.parametrize("name", ["oracle", "cycle_gan", "colour_match", "looked"])
def test_a_source_without_nights_is_refused(name: str, toy_pictures: Pictures) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(UserError, match=f'Strategy "{name}" needs pictures by night'):
        IMAGE_STRATEGIES[name].fit(replace(toy_pictures, night=None), rng)


def test_crops_that_cannot_be_halved_three_times_are_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 8"):
        CycleTranslation(crop=132)


def test_one_picture_of_one_drive_is_enough_to_be_translated(toy_pictures: Pictures) -> None:
    short = CycleTranslation(crop=32)
    short = replace(short, gan=replace(short.gan, steps=2, width=4, blocks=1, halvings=1))
    single = toy_pictures.take(np.arange(1))
    made = short.fit(single, np.random.default_rng(0))(3, np.random.default_rng(1))
    assert made.image.shape == (3, *single.image.shape[1:])
    assert (made.boxes == single.boxes).all()


def test_matched_colours_are_those_of_a_picture_from_there_and_order_by_brightness_stays(
    toy_pictures: Pictures,
) -> None:
    source, wanted = toy_pictures.image[0], toy_pictures.night[9]
    made = matched_to(source, cumulative(wanted))
    assert set(made[..., 0].ravel()) <= set(wanted[..., 0].ravel())
    assert abs(float(made.mean()) - float(wanted.mean())) < 3
    order = np.argsort(source[..., 1].ravel(), kind="stable")
    assert (np.diff(made[..., 1].ravel()[order].astype(int)) >= 0).all()
    np.testing.assert_array_equal(matched_to(source, cumulative(source)), source)


def test_drives_that_may_be_looked_at_come_before_nights_and_carry_no_label(toy_pictures: Pictures) -> None:
    others = toy_pictures.take(toy_pictures.drive == "0005")
    looking = replace(toy_pictures, look=others.image)
    here, there = domains(looking, np.random.default_rng(0), "cycle_gan")
    assert here is toy_pictures.image
    np.testing.assert_array_equal(there, others.image)
    assert looking.take(np.arange(3)).look is looking.look
    assert looking.made_by("x", looking.image).look is None
    assert "look" not in looking.arrays()
