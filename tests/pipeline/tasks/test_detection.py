"""The task of finding cars: what it learns, how it is examined, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from models.detector import PADDING, UNLABELLED
from pipeline.arms import examine_synthetic, run_arm, run_baselines
from pipeline.design import NONE, Arm, Design
from pipeline.pictures import Pictures
from pipeline.registry import configured
from pipeline.schedule import Schedule
from pipeline.schema import KINDS, UserError
from pipeline.splits import Split
from pipeline.tasks.average_precision import Detected
from pipeline.tasks.detection import KITTI_ROWS, Detection, pooled_drives

SPLIT = Split(("0000", "0001", "0002"), ("0003",), ("0004", "0005"))
SHORT = {"steps": 3, "batch": 4, "width": 8, "fewest": 1}
DESIGN = Design(task="detection", held_out_stride=1, options={"task": SHORT})


def _found(pictures: Pictures, shift_px: float = 0.0) -> Detected:
    """Every true box, some pixels to the right."""
    boxes = (pictures.boxes[:, 0] + np.float32([shift_px, 0, shift_px, 0])) * (KITTI_ROWS / pictures.image.shape[1])
    count = len(pictures)
    return Detected(np.arange(count), np.full(count, KINDS.index("Car")), boxes, np.linspace(0.5, 1, count))


def test_perfect_boxes_are_worth_100_and_shifted_ones_pass_the_looser_test_alone(toy_pictures: Pictures) -> None:
    exact = Detection(fewest=1)._precisions(_found(toy_pictures), toy_pictures)
    assert exact["drive"].tolist() == [f"{number:04d}" for number in range(6)]
    assert (exact["n"] == 8).all()
    assert (exact[["ap_50", "ap_kitti"]] == 100).all(axis=None)
    wide = toy_pictures.take(np.arange(8))
    wide = replace(wide, boxes=np.tile(np.float32([10, 8, 30, 20]), (8, 1, 1)))
    shifted = Detection(fewest=1)._precisions(_found(wide, 4.5), wide)  # overlap 15.5 / 24.5 = 0.63
    assert shifted[["ap_50", "ap_kitti"]].to_numpy().tolist() == [[100, 0]]


def test_drives_without_an_object_that_is_asked_for_are_left_out(toy_pictures: Pictures) -> None:
    kind = toy_pictures.kind.copy()
    kind[toy_pictures.drive == "0003"] = KINDS.index("Van")
    pictures = replace(toy_pictures, kind=kind)
    assert "0003" not in set(Detection(fewest=1)._precisions(_found(pictures), pictures)["drive"])
    with pytest.raises(UserError, match="No Car is large and visible enough"):
        Detection(fewest=1)._precisions(_found(pictures), pictures.take(pictures.drive == "0003"))


def test_drives_that_show_few_objects_are_judged_together(toy_pictures: Pictures) -> None:
    pooled = Detection(fewest=20)._precisions(_found(toy_pictures), toy_pictures)  # eight cars in each of six drives
    assert pooled["drive"].tolist() == ["0000 to 0002", "0003 to 0005"]
    assert pooled[["n", "ap_50"]].to_numpy().tolist() == [[24, 100], [24, 100]]


@pytest.mark.parametrize(
    ("objects", "units"),
    [
        ({"a": 5, "b": 0, "c": 1}, [["a", "b", "c"]]),
        ({"a": 1, "b": 2, "c": 9, "d": 1}, [["a", "b"], ["c", "d"]]),  # what is left joins the last
        ({"a": 1, "b": 1}, [["a", "b"]]),  # too few for one unit: better than nothing
        ({"a": 0, "b": 0}, []),
        ({}, []),
    ],
)
def test_units_hold_enough_objects_and_every_drive_is_in_one(objects: dict[str, int], units: list[list[str]]) -> None:
    assert pooled_drives(objects, 3) == units


def test_precision_is_told_by_difficulty_too(toy_pictures: Pictures) -> None:
    """Boxes of 6 to 11 of 32 rows are 70 px high or more in a picture of KITTI's height; occluded ones are hard."""
    hidden = replace(toy_pictures, occluded=np.where(np.arange(48) % 2, 2, 0)[:, None])
    task = configured(Detection(), SHORT, "task")
    found = task.evaluate(task.train(toy_pictures, None, Schedule(), toy_pictures, np.random.default_rng(0)), hidden)
    columns = [f"{name}{level}" for name in ("ap_50", "ap_kitti") for level in ("", "_easy", "_hard")]
    assert set(columns) <= set(found.columns)
    np.testing.assert_array_equal(found["ap_50_easy"], found["ap_50"])
    assert found["n"].sum() == 24


def test_the_night_of_held_out_drives_is_examined_and_synthetic_pictures_as_they_are(toy_pictures: Pictures) -> None:
    task = configured(Detection(), SHORT, "task")
    model = task.train(toy_pictures, None, Schedule(), toy_pictures, np.random.default_rng(0))
    by_night = replace(task, by_night=True)
    night = toy_pictures.made_by("oracle", toy_pictures.night)
    assert by_night.evaluate(model, toy_pictures).equals(task.evaluate(model, night))
    assert by_night.evaluate(model, night).equals(task.evaluate(model, night))


def test_classes_it_does_not_look_for_are_no_evidence(toy_pictures: Pictures) -> None:
    kind = np.full((len(toy_pictures), 1), KINDS.index("Van"))
    kind[0], kind[1], kind[2] = PADDING, UNLABELLED, KINDS.index("Pedestrian")
    codes = Detection(kinds=("Car", "Pedestrian"))._tensors(replace(toy_pictures, kind=kind))[2]
    assert codes[:4, 0].tolist() == [PADDING, UNLABELLED, 1, UNLABELLED]
    with pytest.raises(ValueError, match='cannot examine "Tram"'):
        Detection(kinds=("Tram",))


def test_an_arm_on_pictures_leaves_what_one_on_tracks_leaves(toy_pictures: Pictures) -> None:
    result = run_arm(Arm("flip", 0.5, 0, 0), DESIGN, SPLIT, toy_pictures)
    again = run_arm(Arm("flip", 0.5, 0, 0), DESIGN, SPLIT, toy_pictures)
    assert result.errors.equals(again.errors)
    assert result.errors[["drive", "n"]].to_numpy().tolist() == [["0004", 8], ["0005", 8]]
    assert isinstance(result.synthetic, Pictures)
    assert len(result.synthetic) == 12
    assert set(result.synthetic.drive) <= set(SPLIT.train)
    baselines = run_baselines(DESIGN, SPLIT, 0, toy_pictures)
    assert set(baselines.columns) == set(result.errors.columns)
    assert set(baselines["strategy"]) == {"commonest_boxes"}
    reverse = examine_synthetic(Arm("flip", 0.5, 0, 0), DESIGN, result.model, result.synthetic)
    assert set(reverse["drive"]) == {"synthetic"}


def test_stored_weights_find_the_same(toy_pictures: Pictures) -> None:
    task = configured(Detection(), SHORT, "task")
    model = task.train(toy_pictures, toy_pictures, Schedule(), toy_pictures, np.random.default_rng(0))
    again = task.from_arrays(task.to_arrays(model))
    assert task.evaluate(again, toy_pictures).equals(task.evaluate(model, toy_pictures))


def test_strategies_for_tracks_are_unknown_to_pictures(toy_pictures: Pictures) -> None:
    with pytest.raises(UserError, match='Unknown strategy "jitter"'):
        run_arm(Arm("jitter", 1.0, 0, 0), DESIGN, SPLIT, toy_pictures)
    with pytest.raises(UserError, match="No sample to train on in the drives 0009"):
        run_arm(Arm(NONE, 1.0, 0, 0), DESIGN, Split(("0009",), ("0003",), ("0004",)), toy_pictures)


def test_a_loss_that_is_not_a_number_stops_the_arm_and_names_it(
    toy_pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "pipeline.tasks.detection.detection_loss", lambda model, images, *_: model(images).heat.sum() * np.nan
    )
    with pytest.raises(UserError, match=r"none-1-fold0-seed0: The loss is nan at step 3"):
        run_arm(Arm(NONE, 1.0, 0, 0), DESIGN, SPLIT, toy_pictures)
