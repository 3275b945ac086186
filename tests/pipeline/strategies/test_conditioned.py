"""Windows to order."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from pipeline.schema import KINDS, UserError
from pipeline.strategies.base import Steerable
from pipeline.strategies.conditioned import Conditioned, fill
from pipeline.strategies.copies import Copies
from pipeline.strategies.filters import Filtered
from pipeline.strategies.flip import Flip
from pipeline.strategies.infogan import InfoGan
from pipeline.strategies.order import Order, motion_in_image, motion_in_world
from pipeline.windows import Windows

rng = np.random.default_rng


def _moving(windows: Windows, across: np.ndarray) -> Windows:
    """Boxes 20 px high that move sideways to these places (px), one for each frame."""
    left = np.broadcast_to(300 + across, windows.boxes.shape[:2])
    still = np.zeros_like(left)
    boxes = np.stack([left, still + 150, left + 40, still + 170], axis=-1)
    return replace(windows, boxes=boxes.astype(np.float32))


def test_speed_and_turn_in_the_image_by_hand(toy_windows: Windows) -> None:
    few, time = toy_windows.take(np.arange(3)), np.arange(20)
    fast = _moving(few, 2.0 * time)  # 2 px of 20 px per frame
    assert Order(speed=(0.099, 0.101), turn=(-0.001, 0.001)).accepts(fast).all()
    assert not Order(speed=(0.101, 1.0)).accepts(fast).any()
    right = _moving(few, 2.0 * np.maximum(time - 10, 0))  # stands, then goes to the right
    assert Order(turn=(0.08, 0.11)).accepts(right).all()
    assert not Order(turn=(-1.0, 0.0)).accepts(right).any()


def _driven(windows: Windows, ego_mps: float, yaw_rate: float, ahead_mps: float) -> Windows:
    """A road user straight ahead that looks along the camera, seen from a car that drives like this."""
    scenes = windows.scenes
    assert scenes is not None
    time = 0.1 * (np.arange(20) - 9)
    place = np.stack([0 * time, 0 * time + 1.7, 20 + (ahead_mps - ego_mps) * time], axis=-1)
    made = replace(
        scenes,
        position_cam_m=np.tile(place.astype(np.float32), (len(windows), 1, 1)),
        rotation_y_rad=np.full((len(windows), 20), -np.pi / 2, np.float32) + yaw_rate * time.astype(np.float32),
        speed_mps=np.full((len(windows), 20), ego_mps, np.float32),
        yaw_rate_radps=np.full((len(windows), 20), yaw_rate, np.float32),
    )
    return replace(windows, scenes=made)


def test_speed_turn_and_distance_in_the_world_by_hand(street_windows: Windows) -> None:
    few = street_windows.take(np.arange(3))
    speed, turn, distance = motion_in_world(_driven(few, 10.0, 0.0, 14.0).scenes)
    np.testing.assert_allclose(speed, 14, rtol=1e-4)
    np.testing.assert_allclose(turn, 0, atol=1e-4)
    np.testing.assert_allclose(distance, 20, rtol=1e-4)
    # the ego car turns to the left, and what keeps its heading seems to turn to the right by as much
    turn = motion_in_world(_driven(few, 10.0, 0.2, 10.0).scenes)[1]
    np.testing.assert_allclose(turn, 0, atol=1e-3)


@pytest.mark.parametrize(
    ("ego_mps", "yaw_rate", "names"),
    [
        (0.1, 0.0, {"standing"}),
        (9.0, 0.01, {"moving", "straight"}),
        (9.0, 0.3, {"moving", "turning", "left"}),
        (9.0, -0.3, {"moving", "turning", "right"}),
    ],
)
def test_what_the_recording_car_does(ego_mps: float, yaw_rate: float, names: set[str], street_windows: Windows) -> None:
    few = _driven(street_windows.take(np.arange(3)), ego_mps, yaw_rate, 5.0)
    for ego in ("standing", "moving", "straight", "turning", "left", "right"):
        assert Order(ego=ego).accepts(few).all() == (ego in names)
    assert Order(ego_speed=(ego_mps - 0.01, ego_mps + 0.01)).accepts(few).all()


def test_a_mirror_turns_motion_round(street_windows: Windows) -> None:
    mirrored = Flip().fit(street_windows, rng(0))(len(street_windows), rng(0))
    assert mirrored.scenes is not None
    speed, turn, distance = (np.sort(values) for values in motion_in_world(street_windows.scenes))
    speed_there, turn_there, distance_there = (np.sort(values) for values in motion_in_world(mirrored.scenes))
    np.testing.assert_allclose(speed_there, speed, atol=1e-3)
    np.testing.assert_allclose(turn_there, np.sort(-turn), atol=1e-2)
    np.testing.assert_allclose(distance_there, distance, atol=1e-3)


def test_all_samples_are_as_asked_for_and_as_many(toy_windows: Windows, street_windows: Windows) -> None:
    in_image = Order(kinds=("Car",), speed=(0.05, 0.5), turn=(0.0, np.inf))
    in_world = Order(kinds=("Car", "Pedestrian"), distance=(10.0, 30.0), ego="moving")
    for real, order in ((toy_windows, in_image), (street_windows, in_world)):
        samples = Conditioned(Copies(), order, name="ordered").fit(real, rng(0))(1500, rng(1))
        assert len(samples) == 1500
        assert order.accepts(samples).all()
        assert {KINDS[kind] for kind in samples.kind} <= set(order.kinds)
        assert set(samples.origin) == {"ordered"}
        assert len(Conditioned(Copies(), order).fit(real, rng(0))(0, rng(1))) == 0


def test_an_order_without_wishes_is_the_generators_own_sample(toy_windows: Windows) -> None:
    draw = Copies().fit(toy_windows, rng(0))
    filled = fill(draw, Order(), 30, rng(1))
    np.testing.assert_array_equal(filled.windows.boxes, draw(30, rng(1)).boxes)
    assert (filled.made, filled.acceptance) == (30, 1.0)


def test_a_generator_that_listens_makes_less_in_vain(toy_windows: Windows) -> None:
    recipe = Filtered(InfoGan(steps=150, batch=64, critic_steps=1, hidden=48), ())  # a wrapper passes the order on
    draw = recipe.fit(toy_windows, rng(0))
    assert isinstance(draw, Steerable)
    speed = motion_in_image(toy_windows.take(toy_windows.kind == KINDS.index("Pedestrian")))[0]
    order = Order(kinds=("Pedestrian",), speed=(float(np.quantile(speed, 0.7)), np.inf))
    told = fill(draw, order, 100, rng(1))
    deaf = fill(partial(draw), order, 100, rng(1))
    assert order.accepts(told.windows).all()
    assert told.acceptance > 2 * deaf.acceptance
    with pytest.raises(UserError, match="No window to learn from is a Tram; there are: Car, Pedestrian"):
        fill(draw, Order(kinds=("Tram",)), 1, rng(1))


def test_what_nobody_makes_is_said(toy_windows: Windows, street_windows: Windows) -> None:
    draw = Copies().fit(toy_windows, rng(0))
    with pytest.raises(UserError, match=r"0 of the 5 windows asked for were found among \d+: Tram, speed 1 to 2 box h"):
        fill(draw, Order(kinds=("Tram",), speed=(1.0, 2.0)), 5, rng(1), rounds=2)
    with pytest.raises(UserError, match="distance, ego: only windows that are known in the world"):
        fill(draw, Order(distance=(0.0, 30.0), ego="left"), 5, rng(1))
    with pytest.raises(UserError, match="any class, speed 900 to inf m/s, ego car left"):
        fill(Copies().fit(street_windows, rng(0)), Order(speed=(900.0, np.inf), ego="left"), 5, rng(1), rounds=2)


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"kinds": ("Car", "Unicorn")}, "got Unicorn"),
        ({"speed": (2.0, 1.0)}, r"speed must be a range \(low, high\), got \(2.0, 1.0\)"),
        ({"distance": (np.nan, 1.0)}, "distance must be a range"),
        ({"ego": "flying"}, "ego must be among standing, moving, .*; got flying"),
    ],
)
def test_orders_that_mean_nothing_are_refused(wish: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Order(**wish)
