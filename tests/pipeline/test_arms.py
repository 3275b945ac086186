"""Arms of one seed are paired: same tracks, same first weights, same steps; the held-out drives are seen by none."""

import numpy as np
import pandas as pd
import pytest

from pipeline.arms import examine_synthetic, run_arm, run_baselines, training_samples
from pipeline.design import NONE, Arm, Design, the_task
from pipeline.schema import UserError
from pipeline.splits import Split
from pipeline.tasks.prediction import Prediction
from pipeline.windows import Windows, of_drives

SPLIT = Split(("0000", "0001", "0002"), ("0003",), ("0004", "0005"))
STEPS = 20
DESIGN = Design(options={"task": {"steps": STEPS, "validate_every": 10, "hidden": 8}}, held_out_stride=1)


def test_an_arm_leaves_errors_for_every_held_out_drive_and_none_else(toy_windows: Windows) -> None:
    result = run_arm(Arm(NONE, 1.0, 0, 0), DESIGN, SPLIT, toy_windows)
    assert set(result.errors["drive"]) == {"0004", "0005"}
    assert result.errors["n"].sum() == len(of_drives(toy_windows, SPLIT.held_out))
    assert result.synthetic is None
    labels = result.errors[["strategy", "fraction", "seed"]].drop_duplicates()
    assert labels.to_dict("records") == [{"strategy": NONE, "fraction": 1.0, "seed": 0}]
    assert set(result.curves["phase"]) == {"train"}


def test_the_same_arm_gives_the_same_numbers_again(toy_windows: Windows) -> None:
    first, again = (run_arm(Arm("flip", 0.5, 0, 1), DESIGN, SPLIT, toy_windows) for _ in range(2))
    pd.testing.assert_frame_equal(first.errors, again.errors)
    assert first.synthetic is not None
    assert again.synthetic is not None
    np.testing.assert_array_equal(first.synthetic.boxes, again.synthetic.boxes)


def test_strategies_of_one_seed_learn_from_the_same_tracks(toy_windows: Windows) -> None:
    chosen = [training_samples(Arm(name, 0.5, 0, 3), SPLIT, toy_windows) for name in (NONE, "flip", "gan")]
    for windows in chosen[1:]:
        np.testing.assert_array_equal(windows.boxes, chosen[0].boxes)
    other_seed = training_samples(Arm(NONE, 0.5, 0, 4), SPLIT, toy_windows)
    assert set(other_seed.track) != set(chosen[0].track)


def test_nothing_is_learnt_from_held_out_drives(toy_windows: Windows) -> None:
    """Changing what was recorded on a held-out drive changes no weight and no synthetic sample."""
    changed = toy_windows.moved_to(toy_windows.boxes.copy(), "real")
    changed.boxes[np.isin(changed.drive, SPLIT.held_out)] += 7
    for name in (NONE, "classical"):
        first, second = (run_arm(Arm(name, 0.5, 0, 0), DESIGN, SPLIT, windows) for windows in (toy_windows, changed))
        for key, value in first.model.items():
            np.testing.assert_array_equal(second.model[key], value, err_msg=key)
        if first.synthetic is not None and second.synthetic is not None:
            np.testing.assert_array_equal(first.synthetic.boxes, second.synthetic.boxes)


def test_a_task_trained_on_synthetic_samples_alone_sees_no_real_window(
    toy_windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[set[str], object]] = []
    task = the_task(DESIGN)
    original = type(task).train

    def spy(self: object, train: Windows, synthetic: Windows | None, *rest: object) -> object:
        seen.append((set(train.origin), synthetic))
        return original(self, train, synthetic, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(type(task), "train", spy)
    run_arm(Arm("flip", 1.0, 0, 0, synthetic_only=True), DESIGN, SPLIT, toy_windows)
    assert seen == [({"flip"}, None)]


def test_synthetic_windows_are_seen_about_four_times(toy_windows: Windows, monkeypatch: pytest.MonkeyPatch) -> None:
    pools: list[Windows] = []
    original = Prediction.train

    def spy(self: Prediction, train: Windows, synthetic: Windows | None, *rest: object) -> object:
        pools.extend([] if synthetic is None else [synthetic])
        return original(self, train, synthetic, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Prediction, "train", spy)
    arm = Arm("flip", 1.0, 0, 0)
    kept = run_arm(arm, DESIGN, SPLIT, toy_windows).synthetic
    (pool,) = pools
    assert len(pool) == arm.schedule.drawn(STEPS, 128) // 4
    assert kept is not None
    assert len(kept) == len(training_samples(arm, SPLIT, toy_windows)) < len(pool)
    assert not np.array_equal(kept.boxes, pool.boxes[: len(kept)])  # some strategies end on other samples than at first


def test_the_model_of_the_none_arm_can_be_examined_on_synthetic_samples(toy_windows: Windows) -> None:
    none = run_arm(Arm(NONE, 1.0, 0, 0), DESIGN, SPLIT, toy_windows)
    errors = examine_synthetic(Arm("flip", 1.0, 0, 0), DESIGN, none.model, toy_windows.made_by("flip"))
    assert set(errors["drive"]) == {"synthetic"}
    assert errors["n"].sum() == len(toy_windows)


def test_baselines_have_the_columns_of_an_arm(toy_windows: Windows) -> None:
    table = run_baselines(DESIGN, SPLIT, 0, toy_windows)
    assert set(table["strategy"]) == {"constant_position", "constant_velocity", "kalman"}
    assert set(table.columns) == set(run_arm(Arm(NONE, 1.0, 0, 0), DESIGN, SPLIT, toy_windows).errors.columns)


def test_an_unknown_strategy_is_refused_with_a_suggestion(toy_windows: Windows) -> None:
    with pytest.raises(UserError, match='Did you mean "flip"'):
        run_arm(Arm("flipp", 1.0, 0, 0), DESIGN, SPLIT, toy_windows)


def test_drives_without_windows_are_named(toy_windows: Windows) -> None:
    with pytest.raises(UserError, match="No sample to train on in the drives 0009"):
        run_arm(Arm(NONE, 1.0, 0, 0), DESIGN, Split(("0009",), ("0003",), ("0004",)), toy_windows)


def test_a_diverged_training_names_its_arm_and_leaves_no_traceback(toy_windows: Windows) -> None:
    design = Design(options={"task": {"steps": 20, "validate_every": 10, "learning_rate": 1e30}})
    with pytest.raises(UserError, match="none-1-fold0-seed0: The loss is"):
        run_arm(Arm(NONE, 1.0, 0, 0), design, SPLIT, toy_windows)
