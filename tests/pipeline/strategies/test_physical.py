"""Strategies that move things in the world, and how their samples are chosen."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.schema import KINDS, UserError
from pipeline.strategies.city_traffic import CityTraffic
from pipeline.strategies.copies import Copies
from pipeline.strategies.factorised_gan import FactorisedGan
from pipeline.strategies.jitter import Jitter
from pipeline.strategies.kinematics import constant_velocity_error
from pipeline.strategies.matching import Marginals, rank_within
from pipeline.strategies.per_class import PerClass
from pipeline.strategies.recombination import Recombination
from pipeline.windows import Windows


def _draw(recipe, windows: Windows, count: int, seed: int = 0) -> Windows:
    rng = np.random.default_rng(seed)
    return recipe.fit(windows, rng)(count, rng)


def _still(windows: Windows) -> Windows:
    """The same windows from an ego car that is said to stand."""
    scenes = windows.scenes
    zero = np.zeros_like(scenes.speed_mps)
    return replace(windows, scenes=replace(scenes, speed_mps=zero, yaw_rate_radps=zero))


def test_with_one_ego_motion_and_no_perturbation_recombination_returns_real_windows(street_windows: Windows) -> None:
    windows = _still(street_windows)
    made = _draw(Recombination(faster=1.0, sideways_sd_m=0.0, camera_height_sd_m=0.0), windows, 50)
    real = {tuple(box) for box in windows.boxes.reshape(-1, 4).round(1).tolist()}
    assert np.mean([tuple(box) in real for box in made.boxes.reshape(-1, 4).round(1).tolist()]) > 0.95


def test_recombined_boxes_stay_in_place_at_the_anchor_and_move_elsewhere(street_windows: Windows) -> None:
    made = _draw(Recombination(sideways_sd_m=0.0, camera_height_sd_m=0.0), street_windows, 60)
    names = {(drive, track, frame): row for row, (drive, track, frame) in enumerate(
        zip(street_windows.drive, street_windows.track, street_windows.frame, strict=True))}  # fmt: skip
    source = street_windows.take(np.array([names[key] for key in zip(made.drive, made.track, made.frame, strict=True)]))
    moved = np.abs(made.boxes - source.boxes).max(axis=2)
    assert np.median(moved[:, 9]) < 1e-2
    assert np.median(moved[:, -1]) > 1


def test_the_wide_variant_turns_the_own_path_unless_the_car_stands(street_windows: Windows) -> None:
    still = _draw(Recombination(wide=1.0), _still(street_windows), 30)
    assert not still.scenes.yaw_rate_radps.any()
    own = _draw(Recombination(wide=1.0, wide_yaw_rate_sd_radps=0.0), street_windows, 120).scenes.yaw_rate_radps
    turned = _draw(Recombination(wide=1.0, wide_yaw_rate_sd_radps=0.5), street_windows, 120).scenes.yaw_rate_radps
    assert turned.std() > 2 * own.std()


@pytest.mark.parametrize("recipe", [Recombination(), FactorisedGan(steps=2)])
def test_windows_known_only_in_the_image_are_refused(recipe, toy_windows: Windows) -> None:
    with pytest.raises(UserError, match=r"3D boxes .*, a calibration and the ego car's motion"):
        _draw(recipe, toy_windows, 5)


def test_unknown_windows_are_left_out(street_windows: Windows) -> None:
    speed = street_windows.scenes.speed_mps.copy()
    speed[::2] = np.nan
    some = replace(street_windows, scenes=replace(street_windows.scenes, speed_mps=speed))
    assert np.isfinite(_draw(Recombination(), some, 30).boxes).all()


def test_the_city_takes_the_classes_and_the_difficulty_of_the_recordings(street_windows: Windows) -> None:
    cars = street_windows.take(street_windows.kind == KINDS.index("Car"))
    made = _draw(CityTraffic(drives=2, frames=60), cars, 200)
    assert set(made.kind) == {KINDS.index("Car")}
    real, found = (np.median(constant_velocity_error(windows)) for windows in (cars, made))
    assert found == pytest.approx(real, rel=0.5)
    assert all(drive.startswith("city-") for drive in made.drive)


def test_matching_restores_a_balance_that_a_pool_has_lost(street_windows: Windows) -> None:
    easy = constant_velocity_error(street_windows) < np.median(constant_velocity_error(street_windows))
    skewed = street_windows.take(np.concatenate([np.flatnonzero(easy), np.flatnonzero(easy), np.flatnonzero(~easy)]))
    made = Marginals.of(street_windows).match(skewed, 240, np.random.default_rng(0), "test")
    assert np.bincount(made.kind).tolist() == np.bincount(street_windows.kind).tolist()
    found, real = (constant_velocity_error(windows).mean() for windows in (made, street_windows))
    assert found == pytest.approx(real, rel=0.1)
    assert constant_velocity_error(skewed).mean() < 0.8 * real


def test_matching_without_a_window_of_any_real_class_says_so(street_windows: Windows) -> None:
    trams = replace(street_windows, kind=np.full(len(street_windows), KINDS.index("Tram")))
    with pytest.raises(UserError, match="makes no window of the classes Car"):
        Marginals.of(street_windows).match(trams, 5, np.random.default_rng(0), "test")


def test_ranks_count_equal_entries_before_each() -> None:
    assert rank_within(np.array([3, 1, 3, 3, 1])).tolist() == [0, 0, 1, 2, 1]
    assert rank_within(np.zeros(0, int)).tolist() == []


def test_classes_that_are_not_chosen_stay_real(toy_windows: Windows) -> None:
    made = _draw(PerClass(Jitter(sd_heights=0.1), kinds=("Car",)), toy_windows, 240)
    real = set(map(bytes, toy_windows.boxes[..., [1, 3]]))  # mirroring keeps upper and lower edges, bit for bit
    recorded = np.array([bytes(box) in real for box in made.boxes[..., [1, 3]]])
    pedestrian = made.kind == KINDS.index("Pedestrian")
    assert pedestrian.sum() == 80
    assert recorded[pedestrian].all()
    assert not recorded[~pedestrian].any()


def test_classes_that_do_not_occur_or_exist_are_refused(toy_windows: Windows) -> None:
    with pytest.raises(UserError, match="no window to learn from is a Tram"):
        _draw(PerClass(Copies(), kinds=("Tram",)), toy_windows, 5)
    with pytest.raises(ValueError, match="kinds must be among"):
        PerClass(Copies(), kinds=("Bus",))
