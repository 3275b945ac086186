from dataclasses import replace

import numpy as np
import pytest

from pipeline.strategies.copies import Copies
from pipeline.strategies.plausibility import BorderPlausibility, NeighbourDistance, touched
from pipeline.windows import Windows


def _fit(recipe, real: Windows):
    return recipe.fit(real, real, Copies().fit(real, np.random.default_rng(0)))


def _at_the_left(windows: Windows, height: float) -> Windows:
    boxes = np.tile(np.float32([0, 200, 30, 200 + height]), (len(windows), windows.boxes.shape[1], 1))
    return replace(windows, boxes=boxes)


def test_each_border_is_told_apart(toy_windows: Windows) -> None:
    boxes = np.tile(np.float32([[0, 100, 50, 150]]), (2, 20, 1))
    boxes[1] = [600, 100, 1241, 374]
    touches = touched(replace(toy_windows.take(np.arange(2)), boxes=boxes))
    assert touches[:, 0].tolist() == [[True, False, False, False], [False, False, True, True]]


def test_a_small_box_at_a_border_where_only_large_ones_are_recorded_is_refused(toy_windows: Windows) -> None:
    real = _at_the_left(toy_windows, 80.0)
    keep = _fit(BorderPlausibility(), real)
    assert keep(real).all()
    assert not keep(_at_the_left(toy_windows, 20.0)).any()


def test_a_border_that_no_real_box_touches_is_forbidden(toy_windows: Windows) -> None:
    inside = replace(toy_windows, boxes=np.clip(toy_windows.boxes, 10, 300))
    assert not _fit(BorderPlausibility(), inside)(_at_the_left(toy_windows, 300.0)).any()


def test_a_window_unlike_all_others_is_refused(toy_windows: Windows) -> None:
    keep = _fit(NeighbourDistance(), toy_windows)
    assert keep(toy_windows).all()  # each lies on itself
    run = np.float32([200, 0, 200, 0]) * np.arange(20, dtype=np.float32)[:, None]
    assert not keep(replace(toy_windows, boxes=toy_windows.boxes + run)).any()


def test_copies_can_be_forbidden(toy_windows: Windows) -> None:
    assert not _fit(NeighbourDistance(nearest_percent=5.0), toy_windows)(toy_windows).any()


@pytest.mark.parametrize("percent", [-1.0, 100.0])
def test_limits_that_leave_nothing_are_refused(percent: float) -> None:
    with pytest.raises(ValueError, match="outside_percent must lie in"):
        BorderPlausibility(outside_percent=percent)
    with pytest.raises(ValueError, match="leave nothing"):
        NeighbourDistance(nearest_percent=percent)
