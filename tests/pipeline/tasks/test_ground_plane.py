"""Forecasts in metres: the ego car's motion is taken out exactly, the future stays unseen, and errors are by hand."""

from dataclasses import replace

import numpy as np
import pytest

from models.supervised import SupervisedRecipe
from pipeline.arms import run_arm, run_baselines
from pipeline.design import Arm, Design, the_strategy
from pipeline.ego_paths import compose, inverse, planar_path
from pipeline.reprojection import placed
from pipeline.scenes import Scenes
from pipeline.schedule import Schedule
from pipeline.schema import KINDS, Calibration, UserError
from pipeline.scoring.metrics import describe, metric_columns, step_columns
from pipeline.splits import Split
from pipeline.strategies import TRACK_STRATEGIES
from pipeline.strategies.flip import Flip
from pipeline.tasks.ground_errors import ground_errors
from pipeline.tasks.ground_paths import ground_paths, motion_features, motion_scale, steady_motion
from pipeline.tasks.ground_plane import GroundHypotheses, GroundPlane
from pipeline.windows import Windows, of_drives

QUICK = GroundPlane(history=10, hidden=16, training=SupervisedRecipe(steps=40, batch=32, validate_every=20))


def _street(calibration: Calibration, agent: np.ndarray, speed_mps: float, yaw_rate_radps: float) -> Windows:
    """One road user with (time, 3) poses in the world, seen from an ego car that starts at the world's origin."""
    time = len(agent)
    speed, yaw_rate = np.full((1, time), speed_mps), np.full((1, time), yaw_rate_radps)
    ego = planar_path(speed, yaw_rate, np.full(1, 0.1), 0)
    blank = Scenes(
        size_m=np.tile([1.5, 1.75, 4.25], (1, time, 1)),
        position_cam_m=np.zeros((1, time, 3)),
        rotation_y_rad=np.zeros((1, time)),
        speed_mps=speed,
        yaw_rate_radps=yaw_rate,
        P2=calibration.P2[None],
        T_cam_imu=calibration.T_cam_imu[None],
        dt_s=np.full(1, 0.1),
    )
    zero = np.zeros(1, np.int64)
    return Windows(
        boxes=np.tile(np.float32([100, 100, 140, 130]), (1, time, 1)),
        valid=np.ones((1, time), bool),
        kind=zero + KINDS.index("Car"),
        image_size=np.float32([[1242, 375]]),
        drive=np.array(["0000"]),
        track=zero,
        frame=zero,
        index=zero,
        origin=np.array(["real"]),
        scenes=placed(blank, compose(inverse(ego), agent[None]), np.full((1, time), -1.0)),
    )


def _poses(x: np.ndarray, y: np.ndarray, yaw: float) -> np.ndarray:
    return np.stack([x, y, np.full_like(x, yaw)], axis=-1)


@pytest.mark.parametrize(("speed_mps", "yaw_rate_radps"), [(0.0, 0.0), (10.0, 0.0), (8.0, 0.4)])
def test_a_parked_car_rests_however_the_ego_car_passes_it(
    kitti_calibration: Calibration, speed_mps: float, yaw_rate_radps: float
) -> None:
    parked = _poses(np.full(20, 30.0), np.full(20, 4.0), 1.0)
    path = ground_paths(_street(kitti_calibration, parked, speed_mps, yaw_rate_radps), 10)
    np.testing.assert_allclose(path, 0, atol=1e-4)


def test_a_road_user_at_one_metre_a_second_is_one_metre_ahead_after_a_second(kitti_calibration: Calibration) -> None:
    walked = 0.1 * np.arange(60)
    straight = _poses(20 + walked * np.cos(0.5), 3 + walked * np.sin(0.5), 0.5)
    windows = _street(kitti_calibration, straight, 10.0, 0.2)
    np.testing.assert_allclose(ground_paths(windows, 20)[0, 29], [1, 0, 0], atol=1e-4)
    errors = QUICK.__class__(history=20).examine_baselines(windows, windows)
    assert errors["constant_velocity"]["fde_m"].max() < 1e-3
    standing = errors["constant_position"].iloc[0]
    np.testing.assert_allclose(
        standing[[f"de_{second}s_m" for second in (1, 2, 3, 4)]].astype(float), [1, 2, 3, 4], rtol=1e-3
    )
    assert standing["ade_m"] == pytest.approx(2.05, rel=1e-3)
    np.testing.assert_allclose(motion_scale(windows, 20), np.sqrt(2), rtol=1e-3)


def test_the_best_of_two_futures_is_found_at_each_horizon(street_windows: Windows) -> None:
    truth = ground_paths(street_windows, 5)[:, 5:, :2]
    drifting = truth + np.arange(1, 16)[:, None] * np.array([0.3, 0.4])
    errors = ground_errors(np.stack([truth + np.array([3.0, 4.0]), drifting]), street_windows)
    assert list(errors.columns[3:9]) == ["ade_m", "fde_m", "de_1s_m", "min_ade_m", "min_fde_m", "min_de_1s_m"]
    np.testing.assert_allclose(errors[["ade_m", "fde_m", "de_1s_m", "step_15_m"]], 5, rtol=1e-6)
    np.testing.assert_allclose(errors["min_ade_m"], 4, rtol=1e-6)
    np.testing.assert_allclose(errors["min_de_1s_m"], 5, rtol=1e-6)


def test_a_mirrored_window_moves_to_the_other_side(street_windows: Windows) -> None:
    rng = np.random.default_rng(0)
    one = street_windows.take(np.array([7]))
    mirrored = ground_paths(Flip().fit(one, rng)(1, rng), 10)
    np.testing.assert_allclose(mirrored, ground_paths(one, 10) * np.array([1, -1, -1]), atol=1e-3)


def _blind(windows: Windows, history: int) -> Windows:
    """The same windows with another future, for the road user and for the ego car."""
    changed = windows.scenes.take(np.arange(len(windows)))
    for values in (changed.position_cam_m, changed.rotation_y_rad, changed.speed_mps, changed.yaw_rate_radps):
        values[:, history:] += 1
    return replace(windows, scenes=changed)


def test_nothing_of_the_future_reaches_the_forecast(street_windows: Windows) -> None:
    blind = _blind(street_windows, 10)
    np.testing.assert_array_equal(steady_motion(street_windows, 10), steady_motion(blind, 10))
    np.testing.assert_array_equal(motion_features(street_windows, 10), motion_features(blind, 10))
    fitted = QUICK.train(street_windows, None, Schedule(), street_windows, np.random.default_rng(0))
    np.testing.assert_array_equal(fitted.forecast(street_windows), fitted.forecast(blind))


@pytest.mark.parametrize("hypotheses", [1, 5])
def test_a_fitted_network_survives_as_plain_arrays_and_the_best_is_never_worse(
    street_windows: Windows, hypotheses: int
) -> None:
    task = replace(QUICK, hypotheses=hypotheses)
    fitted = task.train(
        street_windows, street_windows.made_by("copies"), Schedule(), street_windows, np.random.default_rng(0)
    )
    errors = task.evaluate(fitted, street_windows)
    assert task.evaluate(task.from_arrays(task.to_arrays(fitted)), street_windows).equals(errors)
    assert (errors["min_ade_m"] <= errors["ade_m"]).all()
    assert (errors["min_ade_m"] < errors["ade_m"]).any() == (hypotheses > 1)


def test_an_untrained_network_is_constant_velocity(street_windows: Windows) -> None:
    still = replace(QUICK, training=SupervisedRecipe(steps=1, learning_rate=1e-12))
    fitted = still.train(street_windows, None, Schedule(), street_windows, np.random.default_rng(0))
    np.testing.assert_allclose(fitted.forecast(street_windows), steady_motion(street_windows, 10), atol=1e-4)


def test_braking_is_learnt(kitti_calibration: Calibration) -> None:
    rng, time = np.random.default_rng(0), 0.1 * np.arange(20)
    parts = []
    for number in range(120):
        speed, brakes = rng.uniform(5, 15), rng.uniform(-4, 4)
        path = _poses(20 + speed * time + brakes * time**2 / 2, np.full(20, 3.0), 0.0)
        parts.append(replace(_street(kitti_calibration, path, 5.0, 0.0), drive=np.array([f"{number % 2:04d}"])))
    windows = Windows.concatenate(parts)
    train, held_out = of_drives(windows, ["0000"]), of_drives(windows, ["0001"])
    task = replace(QUICK, training=SupervisedRecipe(steps=200, batch=64, learning_rate=5e-3))
    learnt = task.evaluate(task.train(train, None, Schedule(), held_out, rng), held_out)["ade_m"].mean()
    assert learnt < 0.5 * task.examine_baselines(train, held_out)["constant_velocity"]["ade_m"].mean()


def test_several_futures_foresee_a_turn_to_either_side(kitti_calibration: Calibration) -> None:
    time = np.arange(20)
    parts = []
    for number in range(80):
        aside = (1 if number % 4 < 2 else -1) * 0.2 * np.maximum(time - 9, 0)
        path = _poses(20 + 0.5 * time, 3 + aside, 0.0)
        parts.append(replace(_street(kitti_calibration, path, 5.0, 0.0), drive=np.array([f"{number % 2:04d}"])))
    windows = Windows.concatenate(parts)
    train, held_out = of_drives(windows, ["0000"]), of_drives(windows, ["0001"])
    recipe = SupervisedRecipe(steps=200, batch=64, learning_rate=5e-3)
    task = GroundHypotheses(history=10, hidden=16, training=recipe)
    learnt = task.evaluate(task.train(train, None, Schedule(), held_out, np.random.default_rng(0)), held_out)
    steady = task.examine_baselines(train, held_out)["constant_velocity"]
    assert learnt[task.metric].mean() < 0.3 * steady[task.metric].mean()
    assert learnt["ade_m"].mean() > 0.7 * steady["ade_m"].mean()  # one answer cannot


def test_a_study_on_the_ground_has_baselines_with_the_columns_of_its_arms(street_windows: Windows) -> None:
    drives = sorted(set(street_windows.drive))
    split = Split((drives[0],), (drives[1],), (drives[2],))
    design = Design(task="ground_plane", options={"task": {"steps": 10, "validate_every": 5, "hidden": 8}})
    arm = run_arm(Arm("flip", 1.0, 0, 0), design, split, street_windows)
    table = run_baselines(design, split, 0, street_windows)
    assert set(table["strategy"]) == {"constant_position", "constant_velocity"}
    assert set(table.columns) == set(arm.errors.columns)
    assert {describe(name).unit for name in metric_columns(list(table.columns))} == {"m"}
    assert sorted(step_columns(list(table.columns))) == list(range(1, 11))


def test_windows_without_scenes_are_refused_and_their_maker_is_named(street_windows: Windows) -> None:
    flat = replace(street_windows, scenes=None)
    with pytest.raises(UserError, match=r"3D boxes .* calibration and the ego car's motion"):
        QUICK.train(flat, None, Schedule(), flat, np.random.default_rng(0))
    with pytest.raises(UserError, match='Strategy "jitter" changes boxes in the image alone'):
        QUICK.train(street_windows, flat.made_by("jitter"), Schedule(), street_windows, np.random.default_rng(0))


@pytest.mark.parametrize("name", sorted(name for name, one in TRACK_STRATEGIES.items() if not one.keeps_scenes))
def test_strategies_in_the_image_alone_are_refused_before_anything_is_trained(name: str) -> None:
    with pytest.raises(UserError, match=f'Strategy "{name.replace("+", ".")}" changes boxes.*flip, recombination'):
        the_strategy(name, Design(task="ground_plane"))
    the_strategy(name, Design(task="prediction"))


def test_one_observed_frame_has_no_velocity(street_windows: Windows) -> None:
    with pytest.raises(UserError, match="history to at least 2"):
        steady_motion(street_windows, 1)
