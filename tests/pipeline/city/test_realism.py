import numpy as np
import pytest

from pipeline.city.drives import labelled_drive
from pipeline.city.film import LATITUDE, develop
from pipeline.city.looks import LOOKS
from pipeline.city.realism import colour_distances, label_distances, label_values, speeds_mps, table


@pytest.fixture(scope="module")
def drive():
    return labelled_drive(0, 0, 60)


def test_a_drive_is_no_distance_from_itself_and_a_taller_one_is(drive):
    values = label_values([drive], ["Pedestrian"])
    assert {row.ks for row in label_distances(values, values)} == {0.0}
    taller = values | {("Pedestrian", "height"): values["Pedestrian", "height"] + 1000}
    rows = {row.measure: row.ks for row in label_distances(values, taller)}
    assert (rows["height"], rows["depth"]) == (1.0, 0.0)
    assert "Pedestrian depth (m)" in table(label_distances(values, values))


def test_people_walk_as_fast_as_people_do(drive):
    speeds = np.concatenate([speeds_mps(track) for track in drive.tracks if track.kind == "Pedestrian"])
    assert 1.0 < np.median(speeds) < 1.6  # KITTI's: 1.3


def test_colours_of_black_and_white_do_not_overlap():
    black, white = np.zeros((4, 6, 3), np.uint8), np.full((4, 6, 3), 255, np.uint8)
    assert [row.ks for row in colour_distances([black], [white])] == [1.0, 1.0, 1.0]
    assert colour_distances([black], [white])[0].city == (255.0, 0.0)


def test_metering_takes_out_how_bright_a_scene_is_and_night_stays_dark(rng):
    scene = (0.05 + 0.3 * rng.random((3, 60, 80))).astype(np.float32)

    def level(factor: float, look: str) -> float:
        return float(develop(scene * np.float32(factor), LOOKS[look], np.random.default_rng(1)).mean())

    assert level(1.0, "day") == pytest.approx(level(1.5, "day"), abs=1)
    assert level(0.2, "night") < level(1.0, "night") / 2
    assert level(1 / (8 * LATITUDE[1]), "day") < level(1.0, "day") / 2  # no camera makes day of darkness
