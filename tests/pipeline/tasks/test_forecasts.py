"""Baselines, errors and the LSTM predictor, on motions whose answer is known."""

import numpy as np
import pytest

from models.supervised import SupervisedRecipe
from pipeline.boxes import centre_and_size
from pipeline.schedule import Schedule
from pipeline.schema import KINDS
from pipeline.scoring.metrics import describe
from pipeline.tasks import TASKS
from pipeline.tasks.baselines import KalmanFilter, baselines, relative_history, tune_kalman
from pipeline.tasks.forecast_errors import forecast_errors, summarise
from pipeline.tasks.hypotheses import Hypotheses
from pipeline.tasks.prediction import Prediction
from pipeline.windows import Windows, of_drives


def test_a_constant_offset_of_three_and_four_is_an_error_of_five(toy_windows: Windows) -> None:
    offset = toy_windows.boxes[:, 10:] + np.float32([3, 4, 3, 4])
    errors = forecast_errors(offset, toy_windows)
    for column in ("e1_px", "ade_px", "fde_px", "step_05_px"):
        np.testing.assert_allclose(errors[column], 5, rtol=1e-4)
    height = centre_and_size(toy_windows.boxes[:, 9])[1][:, 1]
    np.testing.assert_allclose(errors["nade"], 5 / height, rtol=1e-4)


def test_the_truth_has_no_error_and_full_overlap(toy_windows: Windows) -> None:
    errors = forecast_errors(toy_windows.boxes[:, 10:], toy_windows)
    assert errors["ade_px"].max() == 0
    np.testing.assert_allclose(errors[["iou_1", "iou_10"]], 1, rtol=1e-5)


def test_a_summary_counts_windows_and_weighs_them_alike(toy_windows: Windows) -> None:
    errors = forecast_errors(toy_windows.boxes[:, 10:] + np.float32(1), toy_windows)
    summary = summarise(errors)
    assert summary["n"].sum() == len(toy_windows)
    assert set(summary["kind"]) == {"Car", "Pedestrian"}
    assert (summary["ade_px"] * summary["n"]).sum() / summary["n"].sum() == pytest.approx(errors["ade_px"].mean())


def _steady(count: int = 8) -> Windows:
    """Boxes that move by a constant step and keep their size."""
    rng = np.random.default_rng(5)
    low = rng.uniform([400, 120], [700, 160], (count, 1, 2)) + np.arange(20)[:, None] * rng.uniform(
        -3, 3, (count, 1, 2)
    )
    boxes = np.concatenate([low, low + np.array([40.0, 30.0])], axis=-1).astype(np.float32)
    zero = np.zeros(count, np.int64)
    size = np.tile(np.float32([1242, 375]), (count, 1))
    return Windows(boxes, np.ones((count, 20), bool), zero + KINDS.index("Car"), size,
                   np.full(count, "0000"), zero, zero, zero, np.full(count, "real"))  # fmt: skip


def test_constant_velocity_is_exact_on_steady_motion() -> None:
    steady = _steady()
    forecasts = baselines(steady, 10)
    assert forecast_errors(forecasts["constant_velocity"](steady), steady)["fde_px"].max() < 0.02
    standing = forecast_errors(forecasts["constant_position"](steady), steady)["step_03_px"]
    step = np.linalg.norm(steady.boxes[:, 1, :2] - steady.boxes[:, 0, :2], axis=1)
    np.testing.assert_allclose(standing, 3 * step, rtol=1e-3)


def test_baselines_look_at_the_history_alone(toy_windows: Windows) -> None:
    blind = toy_windows.moved_to(toy_windows.boxes.copy(), "real")
    blind.boxes[:, 10:] = 0
    for name, forecast in baselines(toy_windows, 10).items():
        np.testing.assert_array_equal(forecast(toy_windows), forecast(blind), err_msg=name)


def test_a_kalman_filter_finds_the_velocity_of_steady_motion() -> None:
    relative = relative_history(_steady(), 10)
    true = 5 * (relative[:, -1] - relative[:, -2])
    np.testing.assert_allclose(KalmanFilter(0.1).predict(relative, 5)[:, -1], true, atol=0.02)


def test_the_kalman_filter_is_tuned_to_smooth_noise_and_to_follow_manoeuvres() -> None:
    rng = np.random.default_rng(0)
    steady = _steady(200)
    noisy = steady.moved_to(steady.boxes + rng.normal(0, 2, steady.boxes.shape).astype(np.float32), "real")
    walk = np.cumsum(np.cumsum(rng.normal(0, 1, (200, 20, 1)), axis=1), axis=1).astype(np.float32)
    agile = steady.moved_to(steady.boxes + walk, "real")
    assert tune_kalman(noisy, 10).process_to_measurement < tune_kalman(agile, 10).process_to_measurement


@pytest.fixture(params=[Prediction, Hypotheses])
def quick(request: pytest.FixtureRequest) -> Prediction:
    recipe: type[Prediction] = request.param
    return recipe(hidden=16, training=SupervisedRecipe(steps=100, batch=32, validate_every=50))


def _split(windows: Windows) -> tuple[Windows, Windows, Windows]:
    return tuple(of_drives(windows, drives) for drives in (["0000", "0001", "0002"], ["0003"], ["0004", "0005"]))  # type: ignore[return-value]


def _accelerating(count: int, seed: int) -> Windows:
    """Boxes of one size whose centre moves with a constant acceleration: constant velocity must fall behind."""
    rng = np.random.default_rng(seed)
    steady, time = _steady(count), np.arange(20)[:, None]
    shift = time**2 * rng.normal(0, 0.15, (count, 1, 2))
    return steady.moved_to(steady.boxes + np.concatenate([shift, shift], axis=-1).astype(np.float32), "real")


@pytest.mark.parametrize("recipe", [Prediction, Hypotheses])
def test_a_forecaster_learns_what_constant_velocity_cannot_know(recipe: type[Prediction]) -> None:
    train, held_out = _accelerating(1500, 0), _accelerating(200, 1)
    task = recipe(hidden=32, training=SupervisedRecipe(steps=250, batch=64, learning_rate=5e-3))
    learnt = task.evaluate(task.train(train, None, Schedule(), held_out, np.random.default_rng(0)), held_out)[
        "ade_px"
    ].mean()
    steady = forecast_errors(baselines(train, 10)["constant_velocity"](held_out), held_out)["ade_px"].mean()
    assert learnt < 0.5 * steady


def test_the_predictor_looks_at_the_history_alone(toy_windows: Windows, quick: Prediction) -> None:
    train, valid, held_out = _split(toy_windows)
    fitted = quick.train(train, None, Schedule(), valid, np.random.default_rng(0))
    blind = held_out.moved_to(held_out.boxes.copy(), "real")
    blind.boxes[:, 10:] = 0
    np.testing.assert_array_equal(fitted.forecast(held_out), fitted.forecast(blind))


def test_one_seed_gives_one_predictor_whatever_happened_before(toy_windows: Windows, quick: Prediction) -> None:
    import torch

    train, valid, held_out = _split(toy_windows)
    first = quick.evaluate(quick.train(train, None, Schedule(), valid, np.random.default_rng(3)), held_out)
    torch.manual_seed(99)
    np.random.default_rng().random()
    again = quick.evaluate(quick.train(train, None, Schedule(), valid, np.random.default_rng(3)), held_out)
    other = quick.evaluate(quick.train(train, None, Schedule(), valid, np.random.default_rng(4)), held_out)
    assert first.equals(again)
    assert not first.equals(other)


def test_a_predictor_survives_as_plain_arrays(toy_windows: Windows, quick: Prediction) -> None:
    train, valid, held_out = _split(toy_windows)
    fitted = quick.train(train, train, Schedule(), valid, np.random.default_rng(0))
    again = quick.from_arrays(quick.to_arrays(fitted))
    np.testing.assert_array_equal(again.forecast(held_out), fitted.forecast(held_out))


def test_every_arm_takes_the_same_number_of_steps_and_samples(
    toy_windows: Windows, quick: Prediction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More data must not mean more training: the batches of every share are of one size."""
    from pipeline.tasks import prediction

    drawn: list[int] = []
    original = prediction._draw
    monkeypatch.setattr(
        prediction, "_draw", lambda pool, count, generator: drawn.append(count) or original(pool, count, generator)
    )
    train, valid, _ = _split(toy_windows)
    totals = []
    for synthetic, share in ((None, 0.5), (train, 0.5), (train, 0.25), (toy_windows, 0.625)):
        drawn.clear()
        quick.train(train, synthetic, Schedule(share), valid, np.random.default_rng(0))
        totals.append(sum(drawn))
    assert totals == [100 * 32] * 4


def test_the_best_of_several_hypotheses_is_never_worse_than_the_likeliest(toy_windows: Windows) -> None:
    train, valid, held_out = _split(toy_windows)
    task = Hypotheses(hidden=16, training=SupervisedRecipe(steps=50, batch=32, validate_every=50))
    errors = task.evaluate(task.train(train, None, Schedule(), valid, np.random.default_rng(0)), held_out)
    assert (errors["min_ade_px"] <= errors["ade_px"] + 1e-9).all()
    assert (errors["min_ade_px"] < errors["ade_px"]).any()


def test_every_task_says_what_it_measures() -> None:
    for task in TASKS.values():
        assert task.metric
        assert describe(task.metric).unit == task.unit
        assert describe(task.metric).higher_is_better == task.higher_is_better
