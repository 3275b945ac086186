from dataclasses import replace

import numpy as np
import pytest

from pipeline.schema import UserError
from pipeline.strategies.gmm import Gmm
from pipeline.strategies.sequence_gan import SequenceGan
from pipeline.strategies.window_code import CodedWindows, encode_windows
from pipeline.windows import Windows


def test_masked_and_broken_windows_are_refused_by_drive_track_and_frame(toy_windows: Windows) -> None:
    valid, boxes = toy_windows.valid.copy(), toy_windows.boxes.copy()
    valid[5, 3] = False
    boxes[9, 0, 1] = np.nan
    broken = replace(toy_windows, valid=valid, boxes=boxes)
    with pytest.raises(UserError, match=r"2 of 240 windows .* drive 0001, track 1, frame 1"):
        SequenceGan(steps=1).fit(broken, np.random.default_rng(0))
    encode_windows(broken.take(np.arange(5)))  # those before the first are whole


def test_no_window_at_all_is_refused(toy_windows: Windows) -> None:
    with pytest.raises(UserError, match="no window to learn from"):
        CodedWindows.of(toy_windows.take(np.zeros(0, np.int64)), 8)


@pytest.mark.parametrize(("evenness", "share"), [(0.0, 1 / 3), (1.0, 1 / 2)])
def test_evenness_decides_how_often_the_rarer_class_is_drawn(
    toy_windows: Windows, evenness: float, share: float
) -> None:
    weights = CodedWindows.of(toy_windows, 8).evened(evenness).weights.numpy()
    rare = toy_windows.kind == toy_windows.kind[0]
    assert rare.mean() == pytest.approx(1 / 3)
    assert weights[rare].sum() / weights.sum() == pytest.approx(share)


def test_tracks_end_as_often_and_as_soon_as_real_ones(toy_windows: Windows) -> None:
    frames = np.random.default_rng(0).integers(5, 30, len(toy_windows)).clip(max=20)
    ending = replace(toy_windows, valid=np.arange(20) < frames[:, None])
    made = Gmm().fit(ending, np.random.default_rng(0))(600, np.random.default_rng(1)).valid.sum(axis=1)
    assert (made == 20).mean() == pytest.approx((frames == 20).mean(), abs=0.1)
    assert made[made < 20].mean() == pytest.approx(frames[frames < 20].mean(), abs=1.5)
