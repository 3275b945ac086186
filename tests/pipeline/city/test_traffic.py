import numpy as np
import pytest

from pipeline.city.actors import Actor
from pipeline.city.drives import record_drive
from pipeline.city.routes import drive_route
from pipeline.city.streets import CYCLE_S, GREEN_S, StreetPlan, Streets
from pipeline.city.traffic import Traffic

SIZE = np.array([1.5, 1.7, 4.0])


@pytest.fixture
def streets() -> Streets:
    return Streets(StreetPlan(), np.array([0.0, 150.0, 300.0]), np.array([0.0, 150.0, 300.0]), np.zeros((3, 3)))


def car(
    streets: Streets, at_m: float, cruise_mps: float = 10.0, way: int = 0, start: tuple[int, int] = (0, 1)
) -> Actor:
    route = drive_route(streets, start, way, [0], 1.75)
    return Actor("Car", SIZE, route.points[0], 0.0, cruise_mps, route, at_m)


def test_a_free_car_reaches_its_cruising_speed_and_keeps_to_its_lane(streets):
    traffic = Traffic(streets, [car(streets, 0.0)])
    traffic.speed[:] = 0
    for _ in range(85):
        traffic.advance()
    assert traffic.speed[0] == pytest.approx(10, rel=0.06)
    place, yaw = traffic.pose()
    assert place[0, 1] == pytest.approx(150 - 1.75)
    assert yaw[0] == pytest.approx(0)


def test_a_car_stops_at_a_red_light_and_goes_on_when_it_turns_green(streets):
    traffic = Traffic(streets, [car(streets, 100.0)])
    traffic.time_s = GREEN_S[0]  # red for eastbound traffic from now on
    for _ in range(int(10 * (CYCLE_S - GREEN_S[0])) - 1):
        traffic.advance()
    stop_m = 150 - 2 * streets.plan.stop_m
    assert traffic.speed[0] < 0.3
    assert stop_m - 5 < traffic.at_m[0] + SIZE[2] / 2 < stop_m
    for _ in range(100):
        traffic.advance()
    assert traffic.at_m[0] > stop_m + 10


def test_a_fast_car_queues_behind_a_standing_one(streets):
    traffic = Traffic(streets, [car(streets, 80.0, cruise_mps=0.5), car(streets, 30.0, cruise_mps=12.0)])
    for _ in range(120):
        traffic.advance()
    gap = traffic.at_m[0] - traffic.at_m[1] - SIZE[2]
    assert 0.3 < gap < 6


def test_speeds_and_accelerations_are_those_of_road_users(recordings):
    for recording in recordings:
        acceleration = np.diff(recording.speed_mps, axis=0) / 0.1
        assert recording.speed_mps.min() >= 0
        assert recording.speed_mps.max() < 18
        assert acceleration.max() < 2
        assert acceleration.min() >= -5.5 - 1e-9
        walking = np.array(recording.kinds) == "Pedestrian"
        assert recording.speed_mps[:, walking].max() < 2.2
        # positions move as fast as the speeds say
        moved = np.linalg.norm(np.diff(recording.position_m, axis=0), axis=-1) / 0.1
        np.testing.assert_allclose(moved, (recording.speed_mps[1:] + recording.speed_mps[:-1]) / 2, atol=0.9)


def test_no_two_vehicles_stand_inside_each_other(recordings):
    for recording in recordings:
        vehicles = [i for i, kind in enumerate(recording.kinds) if kind in ("Car", "Van", "Truck")]
        moving = [i for i in vehicles if recording.speed_mps[:, i].max() > 0.1]
        for i in moving:
            others = [j for j in vehicles if j != i]
            offset = recording.position_m[:, others] - recording.position_m[:, [i]]
            heading = recording.yaw_rad[:, [i]]
            along = np.abs(np.cos(heading) * offset[..., 0] + np.sin(heading) * offset[..., 1])
            across = np.abs(np.cos(heading) * offset[..., 1] - np.sin(heading) * offset[..., 0])
            parallel = np.abs(np.sin(heading - recording.yaw_rad[:, others])) < 0.1
            length = (recording.size_m[i, 2] + recording.size_m[others, 2]) / 2
            width = (recording.size_m[i, 1] + recording.size_m[others, 1]) / 2
            inside = parallel & (along < length - 0.3) & (across < width - 0.2)
            assert inside.sum(axis=0).max(initial=0) <= 5, (recording.name, i)


def test_same_seed_same_drive_and_another_seed_another_one():
    first, again, other = (record_drive("miami", seed, 3, 20) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.position_m, again.position_m)
    np.testing.assert_array_equal(first.T_city_imu, again.T_city_imu)
    assert first.kinds == again.kinds
    assert other.position_m.shape != first.position_m.shape or not np.allclose(other.position_m, first.position_m)
