"""The task of depth: what it learns from which pictures, how it is examined, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline.arms import examine_synthetic, run_arm, run_baselines
from pipeline.design import NONE, Arm, Design
from pipeline.pictures import Pictures
from pipeline.registry import configured
from pipeline.schedule import Schedule
from pipeline.schema import UserError
from pipeline.splits import Split
from pipeline.tasks.depth import Depth
from pipeline.tasks.depth_errors import METRICS

SPLIT = Split(("0000", "0001", "0002"), ("0003",), ("0004", "0005"))
SHORT = {"steps": 3, "batch": 4, "width": 4, "levels": 2, "halvings": 1, "crop": "none"}
DESIGN = Design(task="depth", held_out_stride=1, options={"task": SHORT})


def _task(**options):
    return configured(Depth(), {**SHORT, **options}, "task")


def _trained(task, pictures, synthetic=None, schedule=None):
    return task.train(pictures, synthetic, schedule or Schedule(), pictures, np.random.default_rng(0))


@pytest.fixture
def towards_the_right(toy_pictures: Pictures) -> Pictures:
    """Brighter and farther column by column, from 4 m to 64 m; half of the truth is unknown."""
    share = np.linspace(0, 1, 64, dtype=np.float32)
    depth = np.broadcast_to(4 * 16**share, (48, 32, 64)).copy()
    depth[:, ::2] = np.nan
    image = np.broadcast_to((255 * share).astype(np.uint8)[None, None, :, None], (48, 32, 64, 3)).copy()
    return replace(toy_pictures, image=image, depth_m=depth)


def test_depth_is_learnt_and_beats_the_median_of_each_row(towards_the_right: Pictures) -> None:
    task = _task(steps=80, width=8, rate=1e-2)
    train, held_out = (
        towards_the_right.take(np.isin(towards_the_right.drive, part)) for part in (SPLIT.train, SPLIT.held_out)
    )
    errors = task.evaluate(_trained(task, train), held_out)
    assert len(errors) == 16
    assert set(errors.columns) == {"drive", "kind", "border", *METRICS}
    guessed = task.examine_baselines(train, held_out)
    assert errors["abs_rel"].mean() < 0.25 * guessed["median_by_row"]["abs_rel"].mean()


def test_a_guess_by_row_is_right_where_depth_depends_on_the_row_alone(toy_pictures: Pictures) -> None:
    depth = np.broadcast_to(np.linspace(60, 5, 32, dtype=np.float32)[:, None], (48, 32, 64)).copy()
    depth[:, :4] = np.nan
    pictures = replace(toy_pictures, depth_m=depth)
    found = _task().examine_baselines(pictures, pictures)
    assert found["median_by_row"]["abs_rel"].tolist() == pytest.approx([0] * 48, abs=1e-6)
    assert (found["median"]["abs_rel"] > 0.3).all()


def test_synthetic_pictures_come_when_the_schedule_says(
    toy_pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    black = toy_pictures.made_by("black", np.zeros_like(toy_pictures.image))
    seen: list[int] = []
    task = _task(steps=6)
    monkeypatch.setattr(
        "pipeline.tasks.depth.as_tensor",
        lambda images: seen.append(0 if images.any() else len(images)) or torch.zeros(len(images), 3, 32, 64),
    )
    _trained(task, toy_pictures, black, Schedule(1.0, "fine_tune", 0.5))
    assert seen == [4, 4, 4, 0, 0, 0]


def test_every_objective_starts_alike_and_ends_elsewhere(toy_pictures: Pictures) -> None:
    ends = [_trained(_task(objective=name), toy_pictures).state_dict() for name in ("l1", "gan", "l1_gan")]
    assert len({float(end["unet.network.down.0.0.weight"].sum()) for end in ends}) == 3


def test_quantised_depth_is_an_option(toy_pictures: Pictures) -> None:
    task = _task(bins=8)
    model = _trained(task, toy_pictures)
    assert model.state_dict()["unet.network.last.1.weight"].shape[0] == 8
    again = task.from_arrays(task.to_arrays(model))
    assert task.evaluate(again, toy_pictures).equals(task.evaluate(model, toy_pictures))


def test_an_arm_of_depth_leaves_what_others_leave(toy_pictures: Pictures) -> None:
    arm = Arm("flip", 0.5, 0, 0)
    result, again = (run_arm(arm, DESIGN, SPLIT, toy_pictures) for _ in range(2))
    assert result.errors.equals(again.errors)
    assert result.errors[["drive", "kind", "n"]].to_numpy().tolist() == [["0004", "all", 8], ["0005", "all", 8]]
    baselines = run_baselines(DESIGN, SPLIT, 0, toy_pictures)
    assert set(baselines.columns) == set(result.errors.columns)
    reverse = examine_synthetic(arm, DESIGN, result.model, result.synthetic)
    assert set(reverse["drive"]) == {"synthetic"}


def test_an_objective_is_an_arm_without_samples(toy_pictures: Pictures) -> None:
    plain, other = (run_arm(Arm(name, 1.0, 0, 0), DESIGN, SPLIT, toy_pictures) for name in (NONE, "l1_gan"))
    by_hand = replace(DESIGN, options={"task": {**SHORT, "objective": "l1_gan"}})
    assert len(other.synthetic) == 0
    assert not plain.errors[METRICS].equals(other.errors[METRICS])
    assert run_arm(Arm(NONE, 1.0, 0, 0), by_hand, SPLIT, toy_pictures).errors[METRICS].equals(other.errors[METRICS])


def test_pictures_without_any_depth_are_refused(toy_pictures: Pictures) -> None:
    task, unknown = _task(), replace(toy_pictures, depth_m=np.full_like(toy_pictures.depth_m, np.nan))
    with pytest.raises(UserError, match="nothing to learn: no pixel of the drives 0000"):
        _trained(task, unknown)
    with pytest.raises(UserError, match="nothing to learn"):
        task.examine_baselines(unknown, toy_pictures)
    with pytest.raises(UserError, match=r"No pixel of the drives 0000.* up to 80 m"):
        task.evaluate(_trained(task, toy_pictures), unknown)
    with pytest.raises(UserError, match="needs pictures with depth"):
        _trained(task, replace(toy_pictures, depth_m=None))


def test_pictures_without_depth_among_others_are_left_out_of_the_mean(toy_pictures: Pictures) -> None:
    depth = toy_pictures.depth_m.copy()
    depth[0] = np.nan
    task = _task()
    assert len(task.evaluate(_trained(task, toy_pictures), replace(toy_pictures, depth_m=depth))) == 47


def test_one_picture_is_enough_to_learn_from(toy_pictures: Pictures) -> None:
    assert np.isfinite(_task().estimate(_trained(_task(), toy_pictures.take(np.array([0]))), toy_pictures)).all()


def test_a_range_that_holds_nothing_is_refused() -> None:
    with pytest.raises(UserError, match="nearest_m < farthest_m"):
        _task(farthest_m=1)
