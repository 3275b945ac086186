from dataclasses import replace

import numpy as np
import pytest

from pipeline.schema import UserError
from pipeline.strategies.residual_gan import FittedResidualGan, ResidualGan
from pipeline.windows import Windows


@pytest.fixture(scope="module")
def fitted(toy_windows: Windows) -> FittedResidualGan:
    return ResidualGan(steps=150, batch=64).fit(toy_windows, np.random.default_rng(0))


def test_pasts_are_real_and_futures_are_new(fitted: FittedResidualGan, toy_windows: Windows) -> None:
    samples = fitted(80, np.random.default_rng(1))
    real = {past.tobytes(): number for number, past in enumerate(toy_windows.boxes[:, :10])}
    found = np.array([real[past.tobytes()] for past in samples.boxes[:, :10]])
    np.testing.assert_array_equal(samples.kind, toy_windows.kind[found])
    apart = np.abs(samples.boxes[:, 10:] - toy_windows.boxes[found, 10:]).max(axis=(1, 2))
    assert (apart > 0.01).all()


def test_a_past_has_several_futures_that_begin_where_it_ends(fitted: FittedResidualGan, toy_windows: Windows) -> None:
    one = replace(fitted, real=toy_windows.take(np.array([1])))
    futures = one(50, np.random.default_rng(1)).boxes[:, 10:]
    assert futures[:, -1].std(axis=0).max() > 0.05
    jump = np.abs(futures[:, 0] - toy_windows.boxes[1, 9])
    assert np.median(jump) < 10


def test_futures_keep_to_constant_velocity_as_much_as_real_ones_do(
    fitted: FittedResidualGan, toy_windows: Windows
) -> None:
    def departure(boxes: np.ndarray) -> float:
        last, step = boxes[:, 9], boxes[:, 9] - boxes[:, 8]
        return float(np.median(np.abs(boxes[:, -1] - last - (boxes.shape[1] - 10) * step)))

    real, synthetic = departure(toy_windows.boxes), departure(fitted(400, np.random.default_rng(2)).boxes)
    assert real / 3 < synthetic < 3 * real


def test_windows_without_a_future_or_with_masked_frames_are_refused(toy_windows: Windows) -> None:
    with pytest.raises(UserError, match="windows of 20 frames hold no future after a history of 20"):
        ResidualGan(history=20).fit(toy_windows, np.random.default_rng(0))
    with pytest.raises(ValueError, match="history must be at least 2"):
        ResidualGan(history=1)
    valid = toy_windows.valid.copy()
    valid[3, 15] = False
    with pytest.raises(UserError, match="masked"):
        ResidualGan(steps=1).fit(replace(toy_windows, valid=valid), np.random.default_rng(0))
