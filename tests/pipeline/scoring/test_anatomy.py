"""Where the error lives: shares by hand, and worlds in which it is known what each oracle must leave."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from pipeline.anatomy_views import view
from pipeline.boxes import clip_to_image
from pipeline.ego_paths import compose, inverse, planar_path
from pipeline.figures.anatomy_figures import anatomy_pictures
from pipeline.figures.style import DARK, LIGHT
from pipeline.reprojection import outlines, placed
from pipeline.scenes import Scenes
from pipeline.schema import KINDS, Calibration
from pipeline.scoring.anatomy import BY_DRIVE, COLUMNS, EVERYTHING, Subject, anatomy
from pipeline.scoring.anatomy_oracles import (
    AGENT,
    BOTH,
    EGO,
    LABELS,
    NEXT,
    WORLD,
    label_noise,
    oracle_errors,
    steady_errors,
    told_next_errors,
    window_errors,
)
from pipeline.scoring.anatomy_traits import TRAITS, UNKNOWN, traits
from pipeline.tasks.forecast_features import Standardiser
from pipeline.tasks.given_ego import PredictionGivenEgo
from pipeline.tasks.ground_plane import GroundPlane
from pipeline.tasks.prediction import FittedPredictor, Prediction
from pipeline.tasks.world_forecast import world_forecast
from pipeline.windows import Windows

TIME, HISTORY = 20, 10
FRAME = np.arange(TIME, dtype=float)
STEADY_CAR = np.stack([20 + 0.5 * FRAME, 3 + 0 * FRAME, 0 * FRAME], axis=-1)
BRAKES = np.where(FRAME < HISTORY, 8.0, 8.0 - 0.6 * (FRAME - HISTORY + 1))


def seen(calibration: Calibration, agent: np.ndarray, speed_mps: np.ndarray, yaw_rate: np.ndarray) -> Windows:
    """One car with (time, 3) poses in the world, labelled without error by a car that starts at the origin."""
    speed, turn = (np.broadcast_to(values, (1, TIME)).astype(float) for values in (speed_mps, yaw_rate))
    ego = planar_path(speed, turn, np.full(1, 0.1), 0)
    blank = Scenes(
        size_m=np.tile([1.5, 1.75, 4.25], (1, TIME, 1)),
        position_cam_m=np.zeros((1, TIME, 3)),
        rotation_y_rad=np.zeros((1, TIME)),
        speed_mps=speed,
        yaw_rate_radps=turn,
        P2=calibration.P2[None],
        T_cam_imu=calibration.T_cam_imu[None],
        dt_s=np.full(1, 0.1),
    )
    scenes = placed(blank, compose(inverse(ego), agent[None]), np.full((1, TIME), -1.0))
    size, zero = np.float32([[1242, 375]]), np.zeros(1, np.int64)
    return Windows(
        boxes=clip_to_image(outlines(scenes), size),
        valid=np.ones((1, TIME), bool),
        kind=zero + KINDS.index("Car"),
        image_size=size,
        drive=np.array(["0000"]),
        track=zero,
        frame=zero,
        index=zero,
        origin=np.array(["real"]),
        scenes=scenes,
    )


def untrained(task: Prediction, windows: Windows) -> FittedPredictor:
    """A network whose head is zero: it forecasts its own baseline."""
    motion, place = (Standardiser.of(values) for values in task.fitted.features(windows, task.history))
    network = task.network(len(motion.mean), len(place.mean), TIME - HISTORY, 4, torch.Generator().manual_seed(0))
    return task.fitted(network, motion, place, np.ones((TIME - HISTORY, 4)), task.history)


@pytest.mark.parametrize(
    ("agent", "speed_mps", "yaw_rate", "right", "wrong"),
    [
        (STEADY_CAR, 8.0, 0.05, (WORLD, AGENT, EGO, BOTH), ()),
        (STEADY_CAR, BRAKES, 0.0, (EGO, BOTH), (WORLD, AGENT)),
        (STEADY_CAR + np.where(FRAME < HISTORY, 0, 0.03 * (FRAME - HISTORY + 1) ** 2)[:, None] * [1, 0, 0], 8.0, 0.0,
         (AGENT, BOTH), (WORLD, EGO)),
    ],
    ids=["all keep their motion", "the recording car brakes", "the road user speeds up"],
)  # fmt: skip
def test_an_oracle_leaves_nothing_where_it_was_told_all_that_changes(
    kitti_calibration: Calibration, agent, speed_mps, yaw_rate, right, wrong
) -> None:
    windows = seen(kitti_calibration, agent, speed_mps, yaw_rate)
    errors = oracle_errors(Prediction(), windows)
    assert max(errors[name][0] for name in right) < 0.01
    assert min((errors[name][0] for name in wrong), default=9.0) > 1.0


def test_who_is_told_nothing_sees_nothing_of_the_future(kitti_calibration: Calibration) -> None:
    windows = seen(kitti_calibration, STEADY_CAR, 8.0, 0.02)
    other = seen(kitti_calibration, STEADY_CAR * np.where(FRAME < HISTORY, 1, 1.3)[:, None], BRAKES, 0.02)
    hidden = np.concatenate([windows.boxes[:, :HISTORY], 0 * other.boxes[:, HISTORY:]], axis=1)
    one, two = (
        world_forecast(each, HISTORY, ego_known=False, agent_known=False)
        for each in (windows, replace(other, boxes=hidden))
    )
    np.testing.assert_allclose(one, two, atol=1e-3)


def test_the_next_position_tells_all_if_the_velocity_changes_only_once(windows: Windows) -> None:
    late = np.where(np.arange(TIME) < HISTORY, 0, 7 * (np.arange(TIME) - HISTORY + 1)).astype(np.float32)
    shifted = replace(windows, boxes=windows.boxes + late[:, None] * np.float32([1, 0, 1, 0]))
    assert oracle_errors(Prediction(), shifted)[NEXT].max() < 1e-3
    np.testing.assert_allclose(steady_errors(Prediction(), shifted), 7 * 5.5, rtol=1e-4)


def test_a_model_that_is_told_the_next_position_is_asked_one_frame_later(windows: Windows) -> None:
    rng = np.random.default_rng(0)
    shaken = replace(windows, boxes=windows.boxes + rng.normal(0, 1, windows.boxes.shape).astype(np.float32))
    task = Prediction()
    told = told_next_errors(task, untrained(task, shaken), shaken)
    truth, step = shaken.boxes[:, HISTORY:], shaken.boxes[:, HISTORY] - shaken.boxes[:, HISTORY - 1]
    centre = (shaken.boxes[:, HISTORY, None] + np.arange(TIME - HISTORY)[:, None] * step[:, None]).reshape(12, -1, 2, 2)
    by_hand = np.linalg.norm((centre - truth.reshape(12, -1, 2, 2)).mean(axis=2), axis=-1).mean(axis=1)
    np.testing.assert_allclose(told, by_hand, rtol=0.02)


def test_a_model_given_the_ego_motion_starts_as_the_ego_oracle(kitti_calibration: Calibration) -> None:
    windows = seen(kitti_calibration, STEADY_CAR * [1, 1.2, 1], BRAKES, 0.03)
    task = PredictionGivenEgo()
    errors = window_errors(task, untrained(task, windows), windows)
    np.testing.assert_allclose(errors, oracle_errors(task, windows)[EGO], atol=1e-2)
    blind = replace(windows, scenes=None)
    np.testing.assert_allclose(
        window_errors(task, untrained(task, blind), blind), steady_errors(task, blind), rtol=1e-4
    )


def test_labels_on_a_parabola_have_no_noise_and_a_zigzag_has_its_own() -> None:
    parabola = np.stack([0.3 * FRAME**2 - FRAME, 2 * FRAME], axis=-1)[None]
    np.testing.assert_allclose(label_noise(parabola, HISTORY), 0, atol=1e-9)
    zigzag = parabola + 0.5 * (-1.0) ** FRAME[:, None] * [1, 0]
    np.testing.assert_allclose(label_noise(zigzag, HISTORY), 0.5 * 48 / 35 / np.sqrt(18 / 35))
    assert np.isnan(label_noise(parabola[:, :4], 2)).all()
    noise = np.random.default_rng(0).normal(0, 2.0, (4000, TIME, 2))
    np.testing.assert_allclose(label_noise(noise, HISTORY).mean(), 2.0 * np.sqrt(np.pi / 2), rtol=0.02)


def test_on_the_ground_the_next_place_and_the_labels_are_oracles(street_windows: Windows) -> None:
    task = GroundPlane(history=HISTORY)
    errors = oracle_errors(task, street_windows)
    assert set(errors) == {NEXT, LABELS}
    assert all(np.isfinite(values).all() for values in errors.values())
    assert errors[NEXT].mean() < steady_errors(task, street_windows).mean()
    blind = oracle_errors(task, replace(street_windows, scenes=None))
    assert all(np.isnan(values).all() for values in blind.values())


def test_windows_are_told_apart_by_who_moves_and_how_far_away(kitti_calibration: Calibration) -> None:
    still = np.tile([20.0, 3.0, 0.0], (TIME, 1))
    every = Windows.concatenate([
        seen(kitti_calibration, still, 0.0, 0.0),
        seen(kitti_calibration, STEADY_CAR + np.array([20, 0, 0]), 8.0, 0.0),
        seen(kitti_calibration, still - np.array([8, 0, 0]), 0.6, 0.2),
    ])  # fmt: skip
    parts = traits(every, HISTORY)
    assert tuple(parts) == TRAITS
    assert list(parts["ego motion"]) == ["standing", "straight", "turning"]
    assert list(parts["agent motion"]) == ["standing", "moving", "standing"]
    assert list(parts["distance"]) == ["middle", "far", "near"]
    assert set(traits(replace(every, scenes=None), HISTORY)["ego motion"]) == {UNKNOWN}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Four windows on two drives; the oracle has no answer to the last one."""
    parts = pd.DataFrame({
        "class": ["Car", "Car", "Pedestrian", "Pedestrian"],
        "distance": ["near", "far", "near", "far"],
        "ego motion": UNKNOWN,
        "agent motion": "moving",
        "border": ["whole", "whole", "whole", "cut by the border"],
    })  # fmt: skip
    none = Subject("none", "model", np.array([[1.0, 3.0, 4.0, 6.0], [1.0, 5.0, 6.0, 14.0]]))  # means 1 4 5 10
    flip = Subject("flip", "model", none.errors / 2)
    oracle = Subject(EGO, "oracle", np.array([[1.0, 1.0, 1.0, np.nan]]))
    drive = np.array(["0000", "0000", "0000", "0001"])
    return anatomy(0.25, [none, flip, oracle], parts, drive, np.random.default_rng(0))


def test_shares_and_what_is_left_are_those_by_hand(table: pd.DataFrame) -> None:
    assert tuple(table) == COLUMNS
    at = table.set_index(["subject", "by", "part"])
    assert at.loc[("none", EVERYTHING, "all"), "error"] == 5.0
    assert at.loc[("none", BY_DRIVE, "all"), "error"] == pytest.approx((10 / 3 + 10) / 2)
    assert at.loc[("none", "class", "Car"), ["windows", "windows_pct", "share_pct"]].tolist() == [2, 50, 25]
    assert at.loc[("none", "border", "cut by the border"), "share_pct"] == 50
    assert at.loc[("flip", "distance", "near"), "left_pct"] == 50
    assert at.loc[("flip", BY_DRIVE, "all"), ["left_pct", "low_pct", "high_pct"]].tolist() == pytest.approx([50] * 3)
    assert at.loc[(EGO, EVERYTHING, "all"), ["windows", "error"]].tolist() == [3, 1]
    assert at.loc[(EGO, EVERYTHING, "all"), "left_pct"] == 30  # 3 of 10, on the windows it answers
    assert np.isnan(at.loc[(EGO, "border", "cut by the border"), "error"])


def test_every_trait_shares_out_all_windows_and_all_error(table: pd.DataFrame) -> None:
    shares = table[table["subject"] == "none"].groupby("by")[["windows_pct", "share_pct"]].sum()
    np.testing.assert_allclose(shares.loc[list(TRAITS)], 100)


def test_a_report_names_the_heavy_parts_and_draws_them_in_both_themes(table: pd.DataFrame) -> None:
    (found,) = view(table)
    assert "box cut by the border (25 % of the windows, 50 % of the error)" in found.sentences[0]
    assert "flip leaves 50 %" in found.sentences[1]
    assert [row.name for row in found.oracles] == ["none", "flip", EGO]
    pictures = anatomy_pictures(table)
    assert len(pictures) == 2
    assert all(picture.draw(theme).axes for picture in pictures for theme in (LIGHT, DARK))
    assert view(None) == []
    assert anatomy_pictures(None) == []
