"""The bench: every measure in every space, on windows and on pictures, by day and by night."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from pipeline.design import Arm, Design, the_task
from pipeline.fidelity.base import COLUMNS
from pipeline.fidelity.measures import MEASURES
from pipeline.judging import RECONSTRUCTION, Bench, as_examined, semantics
from pipeline.samples import of_drives
from pipeline.strategies import TRACK_STRATEGIES
from pipeline.strategies.images import IMAGE_STRATEGIES

ARM = Arm("made", 1.0, 0, 0)


@pytest.fixture(scope="module")
def windows_bench(toy_windows):
    design = Design()
    task = the_task(design)
    train, unseen = (of_drives(toy_windows, names) for names in (("0000", "0001", "0002"), ("0003", "0004", "0005")))
    return Bench.of(design, weights(task, train), train, unseen)


@pytest.fixture(scope="module")
def pictures_bench(toy_pictures):
    design = Design(task="detection", options={"task": {"by_night": True}})
    train, unseen = (of_drives(toy_pictures, names) for names in (("0000", "0001", "0002"), ("0003", "0004", "0005")))
    return Bench.of(design, weights(the_task(design), train), train, unseen)


def weights(task, train):
    """Of an untrained network: its features are as good as any here."""
    if task.metric == "ap_50":
        from models.detector import CentrePointDetector

        return task.to_arrays(CentrePointDetector(1, task.width, generator=torch.Generator().manual_seed(0)))
    fitted = task.fitted
    motion, place = fitted.features(train, task.history)
    from pipeline.tasks.forecast_features import Standardiser

    scales = Standardiser.of(motion), Standardiser.of(place)
    network = task.network(motion.shape[-1], place.shape[-1], 10, 4, torch.Generator().manual_seed(0))
    return task.to_arrays(fitted(network, *scales, np.ones((10, 4)), task.history))


def made_by(strategies, name, real, count=None):
    return strategies[name].fit(real, np.random.default_rng(1))(count or len(real), np.random.default_rng(2))


def readings(bench, made):
    return bench.judge(ARM, made).set_index(["measure", "space"])


@pytest.fixture(scope="module")
def of_tracks(windows_bench):
    """Readings by strategy; they take a second each."""
    return {
        name: readings(windows_bench, made_by(TRACK_STRATEGIES, name, windows_bench.train))
        for name in ("copies", "flip", "noise")
    }


def test_every_measure_reads_something_of_windows(of_tracks):
    table = of_tracks["flip"].reset_index()
    assert set(table.columns) == set(COLUMNS)
    assert set(table["measure"]) == set(MEASURES)
    assert {"predictor", "kinematics", "speed", "border"} <= set(table["space"])
    assert np.isfinite(table[["value", "floor"]]).all(axis=None)
    assert set(table["n"]) == {120}
    assert set(table["strategy"]) == {"made"}


@pytest.mark.parametrize(
    ("measure", "space"),
    [("frechet", "kinematics"), ("plausibility", "acceleration"), ("discriminative", "kinematics")],
)
def test_real_is_near_flip_is_near_and_noise_is_far(of_tracks, measure, space):
    copies, flip, noise = (of_tracks[name]["value"][measure, space] for name in ("copies", "flip", "noise"))
    assert max(copies, flip) < noise


def test_copies_are_found_out_and_flips_are_not(of_tracks):
    alarms = {
        name: set(table.index[table["alarm"] != ""].get_level_values("measure")) for name, table in of_tracks.items()
    }
    assert {"memorised", "membership"} <= alarms["copies"]
    assert not {"memorised", "duplicates"} & alarms["flip"]


def test_one_window_again_and_again_is_a_collapse(windows_bench):
    table = readings(windows_bench, windows_bench.train.take(np.zeros(120, int)))
    raised = set(table.index[table["alarm"] != ""].get_level_values("measure"))
    assert {"diversity", "duplicates", "mode_coverage"} <= raised


def test_the_same_samples_read_the_same_and_nothing_is_changed(windows_bench, of_tracks):
    made = made_by(TRACK_STRATEGIES, "flip", windows_bench.train)
    before = made.boxes.copy()
    pd.testing.assert_frame_equal(readings(windows_bench, made), of_tracks["flip"])
    assert np.array_equal(before, made.boxes)


def test_the_code_of_generators_has_a_score_of_its_own(windows_bench):
    table = windows_bench.reconstructed(ARM)
    assert table[["strategy", "measure"]].values.tolist() == [[RECONSTRUCTION, "discriminative"]]


def test_few_samples_say_nothing(windows_bench):
    assert windows_bench.judge(ARM, windows_bench.train.take(np.arange(19))).empty


def test_pictures_are_compared_with_the_night_they_are_examined_in(pictures_bench):
    found = {
        name: readings(pictures_bench, made_by(IMAGE_STRATEGIES, name, pictures_bench.train))
        for name in ("copies", "oracle")
    }
    spaces = {space for _, space in found["oracle"].index}
    assert spaces == {"detector", "pixels", "random convolution"}
    for space in spaces - {"detector"}:
        assert found["oracle"]["value"]["frechet", space] < 0.1 * found["copies"]["value"]["frechet", space]
    assert found["copies"]["alarm"]["memorised", "pixels"]
    assert not found["oracle"]["alarm"]["memorised", "pixels"]


def test_synthetic_pictures_stay_as_they_are(pictures_bench, toy_pictures):
    assert as_examined(toy_pictures, pictures_bench.task).image is toy_pictures.night
    by_day = replace(toy_pictures, night=None)
    assert as_examined(by_day, pictures_bench.task) is by_day


def test_semantics_sets_the_plain_models_errors_side_by_side():
    place = {"fraction": 1.0, "fold": 0, "seed": 0}
    errors = pd.DataFrame([
        {"strategy": "none", "synthetic_only": False, "ade_px": 10.0, "n": 3, **place},
        {"strategy": "none", "synthetic_only": False, "ade_px": 20.0, "n": 1, **place},
        {"strategy": "flip", "synthetic_only": False, "ade_px": 99.0, "n": 9, **place},
    ])  # fmt: skip
    reverse = pd.DataFrame([
        {"strategy": "flip", "ade_px": 12.0, "n": 2, **place}, {"strategy": "noise", "ade_px": 40.0, "n": 2, **place},
    ])  # fmt: skip
    flip, noise = semantics(reverse, errors, "ade_px", higher_is_better=False).to_dict("records")
    assert (flip["value"], flip["floor"], flip["n"], flip["alarm"]) == (12.0, 12.5, 2, "")
    assert noise["alarm"]
    (upside_down, _) = semantics(reverse, errors, "ade_px", higher_is_better=True).to_dict("records")
    assert not upside_down["alarm"]
