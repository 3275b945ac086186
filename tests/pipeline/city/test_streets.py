import numpy as np
import pytest

from pipeline.city.routes import drive_route, walk_route
from pipeline.city.streets import CLEARANCE_S, CYCLE_S, GREEN_S, StreetPlan, Streets, along, right_of, step

PLAN = StreetPlan(lane_m=3.5, parking_m=2.3, sidewalk_m=3.2)


@pytest.fixture
def square() -> Streets:
    return Streets(PLAN, np.array([0.0, 100.0, 200.0]), np.array([0.0, 100.0, 200.0]), np.zeros((3, 3)))


def test_right_of_north_is_east_and_going_around_comes_back():
    np.testing.assert_array_equal(right_of(1), along(0))
    node = (1, 1)
    for way in range(4):
        node = step(node, way)
    assert node == (1, 1)


def test_kerb_building_line_and_stop_line_follow_from_the_plan():
    assert PLAN.road_half_m == pytest.approx(5.8)
    assert PLAN.facade_m == pytest.approx(9.0)
    assert PLAN.lane_offset_m(0) == pytest.approx(1.75)


def test_crossing_directions_are_never_green_together(square):
    for time in np.arange(0, CYCLE_S, 0.25):
        green = [square.green_left_s((1, 1), way, time) > 0 for way in range(4)]
        assert green[0] == green[2]
        assert green[1] == green[3]
        assert not (green[0] and green[1])
    assert square.green_left_s((0, 0), 0, 0.0) == GREEN_S[0]
    assert square.green_left_s((0, 0), 1, GREEN_S[0] + CLEARANCE_S) == GREEN_S[1]


def test_a_right_turn_is_a_quarter_circle_that_ends_on_the_right_hand_lane(square):
    route = drive_route(square, (0, 1), 0, [3], 1.75)
    after = route.points[route.points[:, 1] < 100 - PLAN.stop_m - 1]
    np.testing.assert_allclose(after[:, 0], 100 - 1.75)  # southbound traffic keeps to the west of the street
    radius = PLAN.stop_m - 1.75
    gate = route.gates[0]
    assert gate.exit_m - gate.stop_m == pytest.approx(radius * np.pi / 2, rel=0.01)
    assert route.limit_mps[int(2 * gate.stop_m) + 2] == pytest.approx(np.sqrt(2.2 * radius))


def test_the_speed_limit_before_a_bend_can_be_reached_by_comfortable_braking(square):
    limit = drive_route(square, (0, 1), 0, [1, 0], 1.75).limit_mps
    assert (np.diff(limit**2) >= -2 * 1.8 * 0.5 - 1e-9).all()


def test_points_of_a_route_are_half_a_metre_apart(square):
    points = drive_route(square, (0, 1), 0, [3, 1], 1.75).points
    assert np.linalg.norm(np.diff(points, axis=0), axis=1) == pytest.approx(0.5, abs=0.01)


def test_someone_who_crosses_keeps_their_line_and_asks_at_the_kerb(square):
    route = walk_route(square, (1, 1), 1, 20.0, 1.0, 0)
    np.testing.assert_allclose(route.points[:, 0], 100 + 6.8)
    kerb_y = route.points[int(2 * route.gates[0].stop_m), 1]
    assert kerb_y == pytest.approx(100 - 5.8, abs=1.0)


def test_blocks_do_not_reach_over_the_building_line(square):
    west, south, east, north = square.blocks().T
    assert len(west) == 16
    inner = (west > 0) & (east < 100) & (south > 0) & (north < 100)
    np.testing.assert_allclose(square.blocks()[inner], [[9.0, 9.0, 91.0, 91.0]])


def test_blocks_too_short_for_the_streets_are_refused():
    with pytest.raises(ValueError, match=r"30\.0 m are too short"):
        StreetPlan(block_m=(30.0, 40.0))
