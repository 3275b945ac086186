"""Maps of domains: distances that can be worked out by hand, and planes that keep what matters."""

import json
from dataclasses import replace

import numpy as np
import pytest

from pipeline.domain_maps import HELD_OUT, REAL, domain_gap, domain_map, features, neighbourly, principal, whole
from pipeline.figures import ground_pictures, map_pictures, neighbour_pictures
from pipeline.figures.neighbour_figures import nearest
from pipeline.figures.style import LIGHT, to_png
from pipeline.map_points import drawn, pointed
from pipeline.pictures import Pictures
from pipeline.windows import Windows


def test_distances_of_two_pairs_on_a_line_are_those_of_a_ruler() -> None:
    gap = domain_gap(np.array([[0.0], [2.0]]), np.array([[10.0], [14.0]]))
    assert (gap.between, gap.within_real, gap.within_other) == (11.0, 2.0, 4.0)
    assert gap.gap == 8.0


def test_the_gap_of_one_distribution_to_itself_is_near_0_and_grows_with_a_shift(rng: np.random.Generator) -> None:
    real, again = rng.normal(size=(2, 400, 5))
    shifts = [domain_gap(real, again + shift).gap for shift in (0.0, 0.5, 2.0)]
    assert abs(shifts[0]) < 0.05
    assert shifts[0] < shifts[1] < shifts[2]


@pytest.mark.parametrize("method", ["PCA", "t-SNE"])
def test_a_plane_keeps_two_clouds_apart(method: str, rng: np.random.Generator) -> None:
    values = rng.normal(size=(60, 8))
    values[30:] += 20
    place = principal(values, values) if method == "PCA" else neighbourly(values, rng)
    assert place.mean(axis=0) == pytest.approx([0, 0], abs=1e-5)
    apart = np.linalg.norm(place[:30].mean(axis=0) - place[30:].mean(axis=0))
    assert apart > 2 * place[:30].std()


def test_principal_axes_are_the_real_samples_and_outliers_stay_on_the_edge(rng: np.random.Generator) -> None:
    real = rng.normal(size=(500, 3)) * [3, 1, 0.1]
    near, far = np.array([[3.0, 0, 0]]), np.array([[0, 0, 900.0], [900, 0, 0], [-9000, 0, 0]])
    place = principal(real, np.concatenate([near, far]))
    assert np.abs(place[0]) == pytest.approx([1, 0], abs=0.25)  # one standard deviation of the wider axis
    assert place[1] == pytest.approx(principal(real, np.zeros((1, 3)))[0], abs=5)  # the third axis is not seen
    assert np.abs(place[2:, 0]).max() < 6


@pytest.mark.parametrize("count", [2, 3, 5])
def test_few_samples_have_a_map_too(toy_windows: Windows, count: int) -> None:
    few = toy_windows.take(np.arange(count))
    found = domain_map({REAL: few, "same": few}, np.random.default_rng(0))
    assert found is not None
    assert all(np.isfinite(place).all() for place in found.places.values())


def test_a_map_is_the_same_twice_and_thins_large_sets(toy_windows: Windows) -> None:
    sets = {REAL: toy_windows, HELD_OUT: toy_windows, "shifted": replace(toy_windows, boxes=toy_windows.boxes * 0.5)}
    first, second = (domain_map(sets, np.random.default_rng(3), most=90, each=40) for _ in range(2))
    assert first is not None
    assert second is not None
    assert len(first.domain) == 90
    np.testing.assert_array_equal(first.places["t-SNE"], second.places["t-SNE"])
    assert first.gaps["shifted"].gap > first.gaps[HELD_OUT].gap


def test_without_real_or_other_samples_there_is_no_map(toy_windows: Windows) -> None:
    assert domain_map({REAL: toy_windows}, np.random.default_rng(0)) is None
    assert domain_map({REAL: toy_windows.take(np.zeros(0, int)), "x": toy_windows}, np.random.default_rng(0)) is None


def test_what_is_not_known_is_left_out(toy_windows: Windows) -> None:
    boxes = toy_windows.boxes.copy()
    boxes[3, 5] = np.nan
    assert len(whole(replace(toy_windows, boxes=boxes))) == len(toy_windows) - 1


def test_coarse_pixels_are_mean_colours(toy_pictures: Pictures) -> None:
    plain = replace(toy_pictures, image=np.full_like(toy_pictures.image, 51))
    assert features(plain) == pytest.approx(0.2)


def test_each_sample_finds_itself_among_the_real_ones(toy_windows: Windows) -> None:
    np.testing.assert_array_equal(nearest(toy_windows.take(np.arange(9)), toy_windows), np.arange(9))


def test_maps_neighbours_and_ground_are_drawn(street_windows: Windows) -> None:
    sets = {REAL: street_windows.take(np.arange(20)), "made": street_windows.take(np.arange(20, 40)).made_by("made")}
    found = domain_map(sets, np.random.default_rng(0))
    samples = {"made": sets["made"]}
    pictures = [*map_pictures(found), *neighbour_pictures(samples, sets[REAL]), *ground_pictures(samples, sets[REAL])]
    names = ["domains_PCA", "domains_t-SNE", "nearest_made", "ground_real", "ground_made"]
    assert [picture.name for picture in pictures] == names
    for picture in pictures:
        assert to_png(picture.draw(LIGHT), dpi=30).startswith(b"\x89PNG")


def test_points_carry_drawings_and_no_markup(toy_windows: Windows, toy_pictures: Pictures) -> None:
    evil = "</script><b>"
    sets = {REAL: toy_windows.take(np.arange(8)), evil: toy_windows.take(np.arange(8, 16))}
    found = domain_map(sets, np.random.default_rng(0))
    assert found is not None
    data = str(pointed(found, sets).data)
    assert "<" not in data
    read = json.loads(data)
    assert read["domains"] == [REAL, evil]
    assert len(read["points"]) == 16
    height, centres, first, last = read["points"][0][2]
    assert (height, len(centres), len(first), len(last)) == (round(375 / 1242 * 1000), 40, 4, 4)
    assert all(isinstance(text, str) for text in drawn(toy_pictures.take(np.arange(3))))
