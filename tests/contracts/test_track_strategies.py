"""What every entry of the table of track strategies promises."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.boxes import visible
from pipeline.registry import configured
from pipeline.schema import UserError
from pipeline.strategies import PLACEBOS, TRACK_STRATEGIES, TrackStrategy
from pipeline.strategies.base import Synthesizer
from pipeline.strategies.filters import Filtered
from pipeline.windows import Windows

COUNT = 60
SHORT = (
    {"steps": 10, "critic_steps": 1, "batch": 32, "hidden": 16},
    {"steps": 20, "batch": 32, "hidden": 16},
    {"steps": 40},
    {"drives": 2, "frames": 60},
)
"""Hyperparameters of short training; a recipe takes the first of which it has every name."""
PASSABLE = ({"steps": 40},)
"""The same for what is filtered afterwards: filters must find something to let pass."""


def _shortened(recipe: TrackStrategy, options: Sequence[Mapping[str, int]] = SHORT) -> TrackStrategy:
    """The recipe with training shortened as far as it has any: quality is tested elsewhere."""
    own = {field.name: getattr(recipe, field.name) for field in fields(recipe)}
    if "parts" in own:
        return replace(recipe, parts=tuple(_shortened(part, options) for part in own["parts"]))
    if "part" in own:
        recipe = replace(recipe, part=_shortened(own["part"], PASSABLE if isinstance(recipe, Filtered) else options))
        if "steps" not in own:
            return recipe
    for option in options:
        with suppress(UserError):  # it has none of that name
            return configured(recipe, option, "recipe")
    return recipe


def _arrays(windows: Windows) -> dict[str, np.ndarray]:
    """Everything that windows hold, their scenes included."""
    return windows.arrays() | ({} if windows.scenes is None else windows.scenes.arrays())


@pytest.fixture(scope="module", params=sorted(TRACK_STRATEGIES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def fitted(name: str, street_windows: Windows) -> Synthesizer:
    """Fitted once: what only draws need not learn again."""
    return _shortened(TRACK_STRATEGIES[name]).fit(street_windows, np.random.default_rng(1))


def _drawn(fitted: Synthesizer, seed: int, count: int = COUNT) -> Windows:
    return fitted(count, np.random.default_rng(seed))


def test_a_recipe_is_a_frozen_dataclass_that_can_be_logged(name: str) -> None:
    recipe = TRACK_STRATEGIES[name]
    assert is_dataclass(recipe)
    assert recipe.__dataclass_params__.frozen
    assert isinstance(asdict(recipe), dict)


def test_same_seed_same_samples_and_other_seed_other_samples(
    name: str, fitted: Synthesizer, street_windows: Windows
) -> None:
    again = _shortened(TRACK_STRATEGIES[name]).fit(street_windows, np.random.default_rng(1))
    np.testing.assert_array_equal(_drawn(fitted, 2).boxes, _drawn(again, 2).boxes)
    assert not np.array_equal(_drawn(fitted, 2).boxes, _drawn(fitted, 3).boxes)


def test_samples_are_as_many_as_asked_for_finite_in_view_and_signed(
    name: str, fitted: Synthesizer, street_windows: Windows
) -> None:
    samples = _drawn(fitted, 3)
    assert len(samples) == COUNT
    assert samples.boxes.shape[1:] == street_windows.boxes.shape[1:]
    assert np.isfinite(samples.boxes).all()
    assert visible(samples.boxes).all()
    assert (samples.boxes >= 0).all()
    assert (samples.boxes[..., 2:] <= samples.image_size[:, None] - 1).all()
    assert set(samples.origin) <= set(TRACK_STRATEGIES)
    assert set(samples.kind) <= set(street_windows.kind)
    assert (samples.scenes is not None) == TRACK_STRATEGIES[name].keeps_scenes


def test_zero_samples_can_be_asked_for(fitted: Synthesizer) -> None:
    assert len(_drawn(fitted, 3, count=0)) == 0


def test_samples_survive_save_and_load(fitted: Synthesizer, tmp_path: Path) -> None:
    samples = _drawn(fitted, 5)
    samples.save(tmp_path / "samples.npz")
    loaded = Windows.load(tmp_path / "samples.npz")
    found, expected = _arrays(loaded), _arrays(samples)
    assert found.keys() == expected.keys()
    for field, values in expected.items():
        np.testing.assert_array_equal(found[field], values)


def test_real_windows_are_left_as_they_were_and_more_can_be_made_than_there_are(
    name: str, street_windows: Windows
) -> None:
    few = street_windows.take(np.arange(120))
    before = {field: values.copy() for field, values in _arrays(few).items()}
    made = _shortened(TRACK_STRATEGIES[name]).fit(few, np.random.default_rng(6))
    assert len(_drawn(made, 6, count=250)) == 250
    for field, values in _arrays(few).items():
        np.testing.assert_array_equal(values, before[field])


@pytest.mark.parametrize("name", [name for name, recipe in TRACK_STRATEGIES.items() if recipe.ends_tracks])
def test_tracks_that_end_are_learnt_and_end(name: str, street_windows: Windows) -> None:
    recipe, count = _shortened(TRACK_STRATEGIES[name]), len(street_windows)
    there = np.arange(20) < np.random.default_rng(0).integers(6, 28, (count, 1))
    frames = np.minimum(np.arange(20), there.sum(axis=1, keepdims=True) - 1)
    held = np.take_along_axis(street_windows.boxes, frames[..., None], axis=1)
    ending = replace(street_windows, boxes=held, valid=there)
    samples = recipe.fit(ending, np.random.default_rng(7))(COUNT, np.random.default_rng(8))
    frames = samples.valid.sum(axis=1)
    assert frames.min() >= 2
    assert len(np.unique(frames)) > 1
    assert (samples.valid == (np.arange(20) < frames[:, None])).all()
    last = samples.boxes[np.arange(COUNT), frames - 1]
    assert (np.where(samples.valid[..., None], last[:, None], samples.boxes) == last[:, None]).all()


def test_every_placebo_is_in_the_table() -> None:
    assert set(PLACEBOS) <= set(TRACK_STRATEGIES)
