from dataclasses import dataclass, replace

import numpy as np
import pytest

from models.reporting import Report, silent
from pipeline.schema import KINDS, UserError
from pipeline.strategies.base import Synthesizer
from pipeline.strategies.copies import Copies
from pipeline.strategies.facts import Facts
from pipeline.strategies.filters import (
    CriticScore,
    Filtered,
    Keep,
    KinematicEnvelope,
)
from pipeline.strategies.kinematics import constant_velocity_error, kinematics
from pipeline.windows import Windows


def _moving(windows: Windows, steps_px: np.ndarray) -> Windows:
    """One window of a 40 x 20 px box whose centre moves right by the given steps."""
    left = 100 + np.concatenate([[0], np.cumsum(steps_px)])
    boxes = np.stack([left, left * 0 + 50, left + 40, left * 0 + 70], axis=-1)[None]
    valid = np.ones(boxes.shape[:2], bool)
    return replace(windows.take(np.array([0])), boxes=boxes.astype(np.float32), valid=valid)


@dataclass(frozen=True)
class _Half(Facts):
    """Draws real windows, every second of which runs away at ten times the speed."""

    every: int = 2

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        def draw(count: int, rng: np.random.Generator) -> Windows:
            windows = real.take(rng.integers(len(real), size=count))
            run = np.float32([200, 0, 200, 0]) * np.arange(20, dtype=np.float32)[:, None]
            return replace(windows, boxes=windows.boxes + run * (np.arange(count) % self.every > 0)[:, None, None])

        return draw


@dataclass(frozen=True)
class _Judged(Facts):
    """Draws real windows and scores them by the left edge of their first box."""

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> "_Judge":
        return _Judge(real)


@dataclass(frozen=True, eq=False)
class _Judge:
    real: Windows

    def __call__(self, count: int, rng: np.random.Generator) -> Windows:
        return self.real.take(rng.integers(len(self.real), size=count))

    def score(self, windows: Windows) -> np.ndarray:
        return windows.boxes[:, 0, 0]


def test_kinematics_of_a_box_that_stops_by_hand(toy_windows: Windows) -> None:
    found = kinematics(_moving(toy_windows, np.array([4.0, 4.0, 0.0, 0.0])))[0]
    speed_mean, speed_max, acceleration, growth, shrinking, change, aspect = found
    assert (speed_mean, speed_max, acceleration) == pytest.approx((0.1, 0.2, 0.2))  # 4 px = 0.2 heights
    assert (growth, shrinking, change, aspect) == pytest.approx((0, 0, 0, 0), abs=1e-12)


def test_constant_velocity_error_of_a_box_that_stops_by_hand(toy_windows: Windows) -> None:
    # Half of 6 frames moves 4 px a frame, then stands: the forecast is off by 4, 8, 12 px = 0.2, 0.4, 0.6 heights.
    window = _moving(toy_windows, np.array([4.0, 4.0, 0.0, 0.0, 0.0]))
    assert constant_velocity_error(window)[0] == pytest.approx(0.4)


def test_constant_velocity_error_of_steady_motion_is_0(toy_windows: Windows) -> None:
    assert constant_velocity_error(_moving(toy_windows, np.full(19, 3.0)))[0] == pytest.approx(0, abs=1e-6)


def test_the_envelope_keeps_nearly_all_real_windows_and_no_runaway(toy_windows: Windows) -> None:
    keep = KinematicEnvelope().fit(toy_windows, toy_windows, Copies().fit(toy_windows, np.random.default_rng(0)))
    assert keep(toy_windows).mean() > 0.9
    run = np.float32([200, 0, 200, 0]) * np.arange(20, dtype=np.float32)[:, None]
    assert not keep(replace(toy_windows, boxes=toy_windows.boxes + run)).any()


def test_the_envelope_knows_classes_and_refuses_unknown_ones(toy_windows: Windows) -> None:
    keep = KinematicEnvelope().fit(toy_windows, toy_windows, Copies().fit(toy_windows, np.random.default_rng(0)))
    trams = replace(toy_windows, kind=np.full(len(toy_windows), KINDS.index("Tram")))
    assert not keep(trams).any()


def test_the_critic_filter_keeps_its_share_in_every_third_of_difficulty(toy_windows: Windows) -> None:
    judge = _Judge(toy_windows)
    kept = CriticScore(keep_percent=60.0).fit(toy_windows, toy_windows, judge)(toy_windows)
    assert kept.mean() == pytest.approx(0.6, abs=0.03)
    order = np.argsort(constant_velocity_error(toy_windows))
    for third in np.array_split(order, 3):
        assert kept[third].mean() == pytest.approx(0.6, abs=0.05)


def test_a_critic_filter_without_a_critic_is_refused(toy_windows: Windows) -> None:
    recipe = Filtered(Copies(), (CriticScore(),))
    with pytest.raises(UserError, match="needs a strategy with a critic"):
        recipe.fit(toy_windows, np.random.default_rng(0))


def test_rejected_windows_are_replaced_in_the_same_class_balance(toy_windows: Windows) -> None:
    rng = np.random.default_rng(0)
    samples = Filtered(_Half(), (KinematicEnvelope(),), name="half").fit(toy_windows, rng)(300, rng)
    assert len(samples) == 300
    assert set(samples.origin) == {"half"}
    assert np.mean(samples.kind == KINDS.index("Pedestrian")) == pytest.approx(1 / 3, abs=0.08)
    assert kinematics(samples)[:, 0].max() <= kinematics(toy_windows)[:, 0].max()


def test_what_filters_do_is_reported(toy_windows: Windows) -> None:
    heard: dict[str, float] = {}
    Filtered(_Half(), (KinematicEnvelope(),)).fit(
        toy_windows, np.random.default_rng(0), lambda step, values: heard.update(values)
    )
    assert heard["accepted"] == pytest.approx(0.5, abs=0.05)
    assert heard["cv_error_real"] == pytest.approx(constant_velocity_error(toy_windows).mean())
    assert heard["cv_error_kept"] <= heard["cv_error_pool"] + 1e-9


def test_filters_that_reject_everything_say_so(toy_windows: Windows) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(UserError, match="reject nearly everything; 0 of 10"):
        Filtered(_AllRun(), (KinematicEnvelope(),)).fit(toy_windows, rng)(10, rng)


@dataclass(frozen=True)
class _AllRun(Facts):
    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        run = np.float32([200, 0, 200, 0]) * np.arange(20, dtype=np.float32)[:, None]
        return lambda count, rng: replace(real.take(np.zeros(count, int)), boxes=real.boxes[np.zeros(count, int)] + run)


def test_the_same_seed_draws_the_same_filtered_samples(toy_windows: Windows) -> None:
    def draw(seed: int) -> Windows:
        rng = np.random.default_rng(seed)
        return Filtered(_Judged(), (KinematicEnvelope(), CriticScore())).fit(toy_windows, rng)(50, rng)

    np.testing.assert_array_equal(draw(1).boxes, draw(1).boxes)
    assert not np.array_equal(draw(1).boxes, draw(2).boxes)


@dataclass(frozen=True)
class _NoPedestrians:
    def fit(self, real: Windows, pool: Windows, synthesize: Synthesizer) -> Keep:
        return lambda windows: windows.kind != KINDS.index("Pedestrian")


def test_a_few_windows_of_a_class_that_never_passes_are_made_up_for(toy_windows: Windows) -> None:
    rng = np.random.default_rng(0)
    pedestrian = toy_windows.kind == KINDS.index("Pedestrian")
    mostly_cars = toy_windows.take(np.concatenate([np.flatnonzero(~pedestrian), np.flatnonzero(pedestrian)[:5]]))
    samples = Filtered(Copies(), (_NoPedestrians(),)).fit(mostly_cars, rng)(165, rng)
    assert len(samples) == 165
    assert set(samples.kind) == {KINDS.index("Car")}


def test_what_comes_after_the_end_of_a_track_is_no_motion(toy_windows: Windows) -> None:
    short = replace(toy_windows, boxes=toy_windows.boxes[:, :9], valid=toy_windows.valid[:, :9])
    there = np.broadcast_to(np.arange(20) < 9, toy_windows.valid.shape)
    after = np.where(there[..., None], toy_windows.boxes, 7)
    np.testing.assert_allclose(kinematics(replace(toy_windows, boxes=after, valid=there)), kinematics(short))
