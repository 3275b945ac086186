import numpy as np
import pytest

from pipeline.city.occlusion import Screens
from pipeline.city.view import View

EAST_LOOKING = np.array([[0.0, -1, 0, 0], [0, 0, -1, 1.5], [1, 0, 0, 0], [0, 0, 0, 1]])
"""A camera 1.5 m over the origin that looks east."""


@pytest.fixture
def view() -> View:
    return View(100, 60, (50.0, 50.0), (49.5, 29.5), EAST_LOOKING)


def wall(x: float, south: float, north: float, high: float) -> np.ndarray:
    return np.array([[(x, north, 0.0), (x, south, 0), (x, south, high), (x, north, high)]])


def test_a_house_hides_what_is_behind_it_and_lower_and_nothing_else(view):
    house = Screens.of([((20.0, -10.0, 30.0, 10.0), 12.0)])
    # its top, seen over its far side, rises 10.5 m in 30: 21 m at 60 m, from 1.5 m up
    places = {
        "behind": (wall(60, -5, 5, 15.0), True),
        "higher": (wall(60, -5, 5, 40.0), False),
        "beside": (wall(60, 40, 50, 15.0), False),
        "partly beside": (wall(60, 10, 40, 15.0), False),
        "before": (wall(15, -5, 5, 3.0), False),
        "its own front": (wall(20, -10, 10, 12.0), False),
    }
    for name, (corners, hidden) in places.items():
        assert house.hide(corners, view).tolist() == [hidden], name


def test_two_houses_that_touch_hide_what_is_behind_their_joint(view):
    row = [((20.0, -10.0, 30.0, 0.3), 12.0), ((20.0, 0.3, 32.0, 10.0), 12.0)]
    assert Screens.of(row).hide(wall(80, -2, 2, 5.0), view).tolist() == [True]
    assert Screens.of([row[0]]).hide(wall(80, -2, 2, 5.0), view).tolist() == [False]


def test_a_house_beside_the_camera_hides_the_next_street(view):
    beside = Screens.of([((-5.0, 6.0, 25.0, 20.0), 15.0)])
    assert beside.hide(wall(40, 22, 26, 3.0), view).tolist() == [True]
    assert beside.hide(wall(40, 0, 4, 3.0), view).tolist() == [False]


def test_without_houses_nothing_is_hidden(view):
    assert Screens.of([]).hide(wall(40, -2, 2, 3.0), view).tolist() == [False]
