from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.sequence_code import SequenceCode
from pipeline.schema import KINDS, UserError
from pipeline.strategies.code_gan import FittedGan
from pipeline.strategies.sequence_gan import SequenceGan
from pipeline.strategies.window_code import decode_windows, encode_windows
from pipeline.windows import Windows

CAR, PEDESTRIAN = KINDS.index("Car"), KINDS.index("Pedestrian")


@pytest.fixture(scope="module")
def fitted(toy_windows: Windows) -> FittedGan:
    return SequenceGan(steps=60, batch=64).fit(toy_windows, np.random.default_rng(0))


def test_a_window_standing_still_has_no_shape_and_its_place_by_hand(toy_windows: Windows) -> None:
    still = np.tile(np.float32([100, 50, 140, 130]), (1, 20, 1))
    windows = replace(toy_windows.take(np.array([0])), boxes=still, image_size=np.float32([[1200, 400]]))
    shape, place = encode_windows(windows)
    assert torch.equal(shape, torch.zeros(1, 20, 4))
    assert place[0].tolist() == pytest.approx([120 / 1200, 130 / 400, np.log(80), np.log(0.5)], abs=1e-6)


def test_decoding_an_encoded_window_gives_its_boxes_back(toy_windows: Windows) -> None:
    shapes, places = encode_windows(toy_windows)
    code = SequenceCode.fitted(shapes, places, components=60)
    boxes = decode_windows(code, code.encode(shapes, places), toy_windows.image_size)
    assert np.abs(boxes - toy_windows.boxes).max() < 0.1


def test_classes_come_in_the_real_balance_and_look_like_themselves(fitted: FittedGan, toy_windows: Windows) -> None:
    samples = fitted(900, np.random.default_rng(1))
    assert np.mean(samples.kind == PEDESTRIAN) == pytest.approx(1 / 3, abs=0.05)
    size = samples.boxes[:, 9, 2:] - samples.boxes[:, 9, :2]
    aspect = np.log(size[:, 0] / size[:, 1])
    assert np.median(aspect[samples.kind == CAR]) > np.median(aspect[samples.kind == PEDESTRIAN]) + 0.1


def test_samples_name_their_maker_and_no_real_drive(fitted: FittedGan, toy_windows: Windows) -> None:
    samples = fitted(5, np.random.default_rng(1))
    assert set(samples.origin) == {"gan"}
    assert all(name.startswith("gan-") for name in samples.drive)
    assert not set(samples.drive) & set(toy_windows.drive)
    assert samples.track.tolist() == [0, 1, 2, 3, 4]


def test_a_fitted_generator_survives_save_and_load(fitted: FittedGan, toy_windows: Windows, tmp_path: Path) -> None:
    fitted.save(tmp_path / "gan.npz")
    loaded = FittedGan.load(tmp_path / "gan.npz", SequenceGan)
    assert loaded.recipe == fitted.recipe
    rng, again = np.random.default_rng(2), np.random.default_rng(2)
    np.testing.assert_array_equal(loaded(20, rng).boxes, fitted(20, again).boxes)
    np.testing.assert_array_equal(loaded.score(toy_windows), fitted.score(toy_windows))


def test_the_saved_file_holds_no_pickled_object(fitted: FittedGan, tmp_path: Path) -> None:
    fitted.save(tmp_path / "gan.npz")
    with np.load(tmp_path / "gan.npz", allow_pickle=False) as stored:
        assert all(stored[name].dtype != object for name in stored)


def test_the_score_of_a_window_does_not_depend_on_its_neighbours(fitted: FittedGan, toy_windows: Windows) -> None:
    alone = np.concatenate([fitted.score(toy_windows.take(np.array([number]))) for number in range(5)])
    np.testing.assert_allclose(alone, fitted.score(toy_windows)[:5], rtol=1e-4, atol=1e-5)


def test_a_generator_that_never_comes_into_view_says_so(fitted: FittedGan) -> None:
    narrow = replace(fitted.templates, image_size=np.full_like(fitted.templates.image_size, 3.0))
    tiny = replace(fitted, templates=narrow)
    with pytest.raises(UserError, match="never came into view"):
        tiny(4, np.random.default_rng(0))


@pytest.mark.parametrize("field", ["steps", "critic_steps", "batch", "components", "hidden"])
def test_a_recipe_refuses_zero(field: str) -> None:
    with pytest.raises(ValueError, match=field):
        SequenceGan(**{field: 0})


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("loss", "hinj", 'Did you mean "hinge"'),
        ("penalty", "r2", 'Unknown penalty "r2"'),
        ("loss", "energy_margin", "reconstructs"),
        ("evenness", -0.5, "must not be negative"),
        ("real_label", 0.9, "wasserstein has no labels to smooth"),
        ("swapped", 0.7, "swapped must lie in"),
        ("unrolled", 0, "unrolled must be positive"),
    ],
)
def test_a_recipe_refuses_what_cannot_be_played_with(field: str, value: object, message: str) -> None:
    with pytest.raises((ValueError, UserError), match=message):
        SequenceGan(**{field: value})


@pytest.mark.parametrize("penalty", ["none", "r1", "orthogonal", "weight_clipping"])
def test_every_loss_and_penalty_of_the_toolbox_finds_its_place(penalty: str, toy_windows: Windows) -> None:
    rules = SequenceGan(penalty=penalty, loss="hinge").rules()
    assert len(rules.penalties + rules.weight_penalties + rules.constraints) == (penalty != "none")
    fitted = SequenceGan(penalty=penalty, loss="hinge", steps=2, batch=16).fit(toy_windows, np.random.default_rng(0))
    assert fitted(3, np.random.default_rng(0)).boxes.shape == (3, 20, 4)


@pytest.mark.parametrize(
    "remedy", [{"real_label": 0.9}, {"swapped": 0.1}, {"instance_noise": 0.5}, {"unrolled": 2}], ids=str
)
def test_every_remedy_of_the_toolbox_changes_what_is_learnt(remedy: dict[str, float], toy_windows: Windows) -> None:
    plain = SequenceGan(loss="non_saturating", penalty="r1", steps=4, batch=16)
    learnt = [recipe.fit(toy_windows, np.random.default_rng(0)) for recipe in (plain, replace(plain, **remedy))]
    boxes = [fitted(3, np.random.default_rng(0)).boxes for fitted in learnt]
    assert boxes[0].shape == (3, 20, 4)
    assert not np.array_equal(*boxes)
