"""Windows to order."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.schema import KINDS, UserError
from pipeline.strategies.conditioned import Conditioned
from pipeline.strategies.copies import Copies
from pipeline.windows import Windows


def _moving(windows: Windows, across: np.ndarray) -> Windows:
    """Boxes 20 px high that move sideways to these places (px), one for each frame."""
    left = np.broadcast_to(300 + across, windows.boxes.shape[:2])
    still = np.zeros_like(left)
    boxes = np.stack([left, still + 150, left + 40, still + 170], axis=-1)
    return replace(windows, boxes=boxes.astype(np.float32))


def test_speed_and_turn_by_hand(toy_windows: Windows) -> None:
    few, time = toy_windows.take(np.arange(3)), np.arange(20)
    fast = _moving(few, 2.0 * time)  # 2 px of 20 px per frame
    assert Conditioned(Copies(), speed=(0.099, 0.101), turn=(-0.001, 0.001)).accepts(fast).all()
    assert not Conditioned(Copies(), speed=(0.101, 1.0)).accepts(fast).any()
    right = _moving(few, 2.0 * np.maximum(time - 10, 0))  # stands, then goes to the right
    assert Conditioned(Copies(), turn=(0.08, 0.11)).accepts(right).all()
    assert not Conditioned(Copies(), turn=(-1.0, 0.0)).accepts(right).any()


def test_all_samples_are_as_asked_for_and_as_many(toy_windows: Windows) -> None:
    order = Conditioned(Copies(), kinds=("Car",), speed=(0.05, 0.5), turn=(0.0, np.inf), name="cars")
    samples = order.fit(toy_windows, np.random.default_rng(0))(1500, np.random.default_rng(1))
    assert len(samples) == 1500
    assert order.accepts(samples).all()
    assert set(samples.kind) == {KINDS.index("Car")}
    assert set(samples.origin) == {"cars"}
    assert len(order.fit(toy_windows, np.random.default_rng(0))(0, np.random.default_rng(1))) == 0


def test_what_nobody_makes_is_said(toy_windows: Windows) -> None:
    order = Conditioned(Copies(), kinds=("Tram",), rounds=2)
    with pytest.raises(UserError, match="0 of the 5 windows asked for were found among 2000: Tram, speed 0 to inf"):
        order.fit(toy_windows, np.random.default_rng(0))(5, np.random.default_rng(1))


def test_orders_that_mean_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="got Unicorn"):
        Conditioned(Copies(), kinds=("Car", "Unicorn"))
    with pytest.raises(ValueError, match=r"speed must be a range \(low, high\), got \(2.0, 1.0\)"):
        Conditioned(Copies(), speed=(2.0, 1.0))
    with pytest.raises(ValueError, match="rounds must be positive"):
        Conditioned(Copies(), rounds=0)
