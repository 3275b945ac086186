"""What each classical strategy does to a window, in numbers one can compute by hand."""

import numpy as np
import pytest

from pipeline.boxes import centre_and_size, to_relative
from pipeline.schema import KINDS, UserError
from pipeline.strategies.compose import Mirrored, Mixture, Sequential, apportion
from pipeline.strategies.copies import Copies
from pipeline.strategies.flip import Flip, mirror
from pipeline.strategies.jitter import Jitter
from pipeline.strategies.noise import Noise
from pipeline.strategies.scale import Scale
from pipeline.strategies.speed import Speed
from pipeline.strategies.time_warp import TimeWarp
from pipeline.strategies.transforms import shuffled, transforming
from pipeline.windows import Windows


@pytest.fixture
def crossing() -> Windows:
    """One car of 60 x 40 px that moves 5 px to the right per frame, starting at the left of a 1000 x 300 image."""
    left = 100 + 5.0 * np.arange(20)
    boxes = np.stack([left, np.full(20, 100.0), left + 60, np.full(20, 140.0)], axis=-1)[None].astype(np.float32)
    one = np.zeros(1, np.int64)
    return Windows(boxes, np.ones((1, 20), bool), one + KINDS.index("Car"), np.float32([[1000, 300]]), np.array(["a"]),
                   one, one, one, np.array(["real"]))  # fmt: skip


def test_the_mirror_image_of_the_first_column_is_the_last(crossing: Windows) -> None:
    np.testing.assert_allclose(mirror(crossing)[0, 0], [999 - 160, 100, 999 - 100, 140])


def test_flipping_twice_changes_nothing(toy_windows: Windows) -> None:
    once = toy_windows.moved_to(mirror(toy_windows), "flip")
    np.testing.assert_allclose(mirror(once), toy_windows.boxes, atol=1e-4)


def test_copies_hold_every_real_window_once_before_any_twice(toy_windows: Windows, rng: np.random.Generator) -> None:
    samples = Copies().fit(toy_windows, rng)(len(toy_windows), rng)
    key = toy_windows.boxes.reshape(len(toy_windows), -1)
    assert sorted(map(tuple, samples.boxes.reshape(len(samples), -1))) == sorted(map(tuple, key))


def test_noise_keeps_the_place_and_destroys_the_motion(toy_windows: Windows, rng: np.random.Generator) -> None:
    samples = Noise().fit(toy_windows, rng)(len(toy_windows), rng)

    def persistence(windows: Windows) -> float:
        """Correlation of successive steps of the box centre."""
        steps = np.diff(centre_and_size(windows.boxes)[0][..., 0], axis=1)
        return float(np.corrcoef(steps[:, :-1].ravel(), steps[:, 1:].ravel())[0, 1])

    assert persistence(toy_windows) > 0.9
    assert persistence(samples) < 0
    assert abs(samples.boxes[..., 0].mean() - toy_windows.boxes[..., 0].mean()) < 30


def test_scaling_moves_boxes_along_rays_from_the_image_centre(crossing: Windows, rng: np.random.Generator) -> None:
    sample = Scale(most=1.2).fit(crossing, rng)(1, rng)
    factor = (sample.boxes[0, 0, 2] - sample.boxes[0, 0, 0]) / 60
    assert 1 / 1.2 <= factor <= 1.2
    assert factor != pytest.approx(1)
    np.testing.assert_allclose(sample.boxes[0, :, 0] - 500, factor * (crossing.boxes[0, :, 0] - 500), rtol=1e-4)


def test_speed_multiplies_every_step_by_one_factor(crossing: Windows, rng: np.random.Generator) -> None:
    sample = Speed(most=1.25).fit(crossing, rng)(1, rng)
    steps = np.diff(centre_and_size(sample.boxes)[0][0, :, 0])
    assert 5 / 1.25 <= steps[0] <= 5 * 1.25
    np.testing.assert_allclose(steps, steps[0], rtol=1e-3)


def test_jitter_is_in_proportion_to_the_box_height(toy_windows: Windows, rng: np.random.Generator) -> None:
    inner = toy_windows.take((toy_windows.boxes[..., 0] > 50).all(1) & (toy_windows.boxes[..., 2] < 1200).all(1))
    samples = transforming(inner, lambda w, r: w.boxes, "copies")(len(inner), np.random.default_rng(3))
    shaken = Jitter(sd_heights=0.01).fit(inner, rng)(len(inner), np.random.default_rng(3))
    height = centre_and_size(samples.boxes)[1][..., 1:]
    assert ((shaken.boxes - samples.boxes) / height).std() == pytest.approx(0.01, rel=0.05)


def test_a_time_warp_keeps_both_ends_and_the_path(crossing: Windows, rng: np.random.Generator) -> None:
    sample = TimeWarp().fit(crossing, rng)(1, rng)
    np.testing.assert_allclose(sample.boxes[0, [0, -1]], crossing.boxes[0, [0, -1]], atol=1e-3)
    assert (np.diff(sample.boxes[0, :, 0]) > 0).all()
    assert np.diff(sample.boxes[0, :, 0]).std() > 0.1


def test_a_time_warp_too_strong_for_the_window_is_refused(crossing: Windows, rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match="too large for 20 frames"):
        TimeWarp(most_frames=10.0).fit(crossing, rng)


def test_a_transform_that_leaves_the_view_says_so(crossing: Windows, rng: np.random.Generator) -> None:
    away = transforming(crossing, lambda windows, rng: windows.boxes + 5000, "away")
    with pytest.raises(UserError, match='"away" leaves almost no window in view: 0 of 3'):
        away(3, rng)


@pytest.mark.parametrize(("recipe", "reason"), [(Scale, "most"), (Speed, "most")])
def test_factors_below_one_are_refused(recipe: type, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        recipe(most=0.5)


def test_shares_are_rounded_to_whole_numbers_that_add_up() -> None:
    assert apportion(10, (0.6, 0.4)) == [6, 4]
    assert apportion(5, (0.6, 0.4)) == [3, 2]
    assert apportion(4, (1.0, 1.0, 1.0)) == [2, 1, 1]
    assert apportion(0, (0.6, 0.4)) == [0, 0]


def test_a_mixture_draws_from_each_part(toy_windows: Windows, rng: np.random.Generator) -> None:
    samples = Mixture((Copies(), Flip()), (0.75, 0.25), name="both").fit(toy_windows, rng)(80, rng)
    real = {tuple(boxes.ravel()) for boxes in toy_windows.boxes}
    copied = sum(tuple(boxes.ravel()) in real for boxes in samples.boxes)
    assert copied == 60
    assert set(samples.origin) == {"both"}


def test_half_of_mirrored_copies_are_flipped(toy_windows: Windows, rng: np.random.Generator) -> None:
    samples = Mirrored(Copies()).fit(toy_windows, rng)(100, rng)
    real = {tuple(boxes.ravel()) for boxes in toy_windows.boxes}
    assert sum(tuple(boxes.ravel()) in real for boxes in samples.boxes) == 50


def test_parts_in_sequence_are_all_applied(crossing: Windows, rng: np.random.Generator) -> None:
    sample = Sequential((Copies(), Flip(), Speed(most=1.25))).fit(crossing, rng)(1, rng)
    relative = to_relative(sample.boxes, sample.boxes[:, 10])
    assert (np.diff(relative[0, :, 0]) < 0).all()
    assert not np.allclose(np.diff(sample.boxes[0, :, 0]), -5, atol=1e-3)


def test_a_mixture_with_a_missing_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="2 parts need as many weights"):
        Mixture((Copies(), Flip()), (1.0,))


def test_shuffled_uses_every_index_equally() -> None:
    index = shuffled(3, 7, np.random.default_rng(0))
    assert sorted(np.bincount(index).tolist()) == [2, 2, 3]
