import numpy as np
import pytest
import torch

from models.infogan import speed_and_turn
from pipeline.strategies.infogan import FittedInfoGan, InfoGan
from pipeline.strategies.window_code import encode_windows
from pipeline.windows import Windows

ANY = (-np.inf, np.inf)


@pytest.fixture(scope="module")
def fitted(toy_windows: Windows) -> FittedInfoGan:
    recipe = InfoGan(steps=250, batch=64, critic_steps=1, hidden=48)
    return recipe.fit(toy_windows, np.random.default_rng(0))


def _found(windows: Windows) -> np.ndarray:
    return speed_and_turn(encode_windows(windows)[0]).numpy()


def test_speed_and_turn_by_hand() -> None:
    straight = torch.stack([3.0 * torch.arange(5), 4.0 * torch.arange(5), torch.zeros(5), torch.zeros(5)], dim=1)
    bent = torch.tensor([0.0, 1, 2, 5, 8])[:, None] * torch.tensor([1.0, 0, 0, 0])
    found = speed_and_turn(torch.stack([straight, bent]))
    assert found[0].tolist() == pytest.approx([5, 0])
    assert found[1].tolist() == pytest.approx([2, 2])  # 1 a frame, then 3


def test_asking_for_more_speed_gives_more_speed(fitted: FittedInfoGan, toy_windows: Windows) -> None:
    real = _found(toy_windows)[:, 0]
    slow, fast = np.quantile(real, [0.2, 0.8])
    asked = [_found(fitted.steered((), (v, v), ANY)(200, np.random.default_rng(1)))[:, 0] for v in (slow, fast)]
    assert np.median(asked[1]) - np.median(asked[0]) > 0.5 * (fast - slow)


def test_asking_for_a_turn_bends_the_motion_that_way(fitted: FittedInfoGan, toy_windows: Windows) -> None:
    left, right = np.quantile(_found(toy_windows)[:, 1], [0.1, 0.9])
    asked = [_found(fitted.steered((), ANY, (v, v))(200, np.random.default_rng(1)))[:, 1] for v in (left, right)]
    assert np.median(asked[1]) - np.median(asked[0]) > 0.4 * (right - left)


def test_asking_for_nothing_is_the_usual_sample(fitted: FittedInfoGan) -> None:
    first, again = (draw(30, np.random.default_rng(4)) for draw in (fitted, fitted.steered((), ANY, ANY)))
    np.testing.assert_array_equal(first.boxes, again.boxes)
