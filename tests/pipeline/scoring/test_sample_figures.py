"""Panels of pictures: each sample stands beside its own source, and never beside its own drive as the nearest."""

from dataclasses import replace

import numpy as np
import pandas as pd

from pipeline.domain_maps import HELD_OUT, REAL
from pipeline.figures import panels, track_pictures
from pipeline.figures.sample_figures import nearest_elsewhere, sample_panel, sources_of, spread
from pipeline.figures.style import LIGHT
from pipeline.findings import NIGHT, Findings
from pipeline.pictures import Pictures
from pipeline.strategies.images.flip import mirror
from pipeline.wipes import wipes


def test_the_source_of_a_sample_is_found_by_drive_and_frame(toy_pictures: Pictures) -> None:
    order = np.random.default_rng(0).permutation(len(toy_pictures))
    samples = toy_pictures.take(order).made_by("noise", np.zeros_like(toy_pictures.image))
    np.testing.assert_array_equal(sources_of(samples, toy_pictures).image, toy_pictures.image[order])


def test_samples_that_come_from_no_real_picture_stand_beside_the_nearest_alone(toy_pictures: Pictures) -> None:
    rendered = replace(toy_pictures, drive=np.full(len(toy_pictures), "houston-0"))
    assert sources_of(rendered, toy_pictures) is None
    assert len(sample_panel(rendered, toy_pictures, LIGHT).axes) == 2 * len(spread(len(rendered)))


def test_the_nearest_picture_is_of_another_drive(toy_pictures: Pictures) -> None:
    image = toy_pictures.image.copy()
    image[10] = image[0]  # another drive's picture is the same
    real = replace(toy_pictures, image=image)
    nearest = nearest_elsewhere(real, real)
    assert nearest[0] == 10
    assert (real.drive[nearest] != real.drive).all()


def test_a_panel_shows_the_true_night_where_it_is_known(toy_pictures: Pictures) -> None:
    samples = toy_pictures.made_by("oracle", toy_pictures.night)
    for real, columns in ((toy_pictures, 4), (replace(toy_pictures, night=None), 3)):
        assert len(sample_panel(samples, real, LIGHT).axes) == columns * len(spread(len(samples)))
    assert [picture.name for picture in panels({"oracle": samples}, toy_pictures)] == ["samples_oracle"]
    assert track_pictures({"oracle": samples}, toy_pictures, 10) == []


def test_a_map_shows_real_nights_where_they_are_known(toy_pictures: Pictures, facts, sound) -> None:
    nothing = pd.DataFrame()
    found = Findings(facts, sound, nothing, nothing, nothing, {}, toy_pictures, held_out=toy_pictures)
    assert list(found.sets) == [REAL, HELD_OUT, NIGHT]
    np.testing.assert_array_equal(found.sets[NIGHT].image, toy_pictures.night)


def test_a_line_is_wiped_over_what_was_translated_and_over_nothing_else(toy_pictures: Pictures) -> None:
    night = toy_pictures.made_by("oracle", toy_pictures.night)
    samples = {
        "copies": toy_pictures.made_by("copies", toy_pictures.night),
        "flip": mirror(toy_pictures),
        "rendered": replace(night, drive=np.full(len(night), "houston-0")),
        "same": toy_pictures,
        "empty": night.take(np.zeros(0, np.int64)),
        "oracle": night,
    }
    found = wipes(samples, toy_pictures)
    assert [wipe.strategy for wipe in found] == ["oracle"]
    assert found[0].before != found[0].after
