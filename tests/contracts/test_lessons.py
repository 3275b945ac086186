"""What every entry of the table of lessons promises, at settings cut down as far as a picture can still be drawn."""

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models.latent_gan import LatentGan
from models.supervised import SupervisedRecipe
from pipeline.figures.style import DARK, LIGHT, to_svg
from pipeline.registry import configured
from pipeline.textbook import LESSONS, Chapter
from pipeline.textbook.chapter_files import load_chapter, save_chapter
from pipeline.textbook.digit_scores import Scoring

DIGITS = {
    "epochs": 1,
    "steps_per_epoch": 2,
    "scoring": Scoring(samples=60, held_out=40, judge=SupervisedRecipe(steps=20)),
}

TINY: dict[str, dict[str, Any]] = {
    "gaussian": {"seeds": 2, "steps": 40, "critic_steps": 1, "batch": 8},
    "optimal_critic": {"distances": [0.0, 2.0], "steps": 3, "batch": 16, "width": 4},
    "remedies": {"points": 5, "steps": 10},
    "ring": {
        "seeds": 1, "looks": 2, "plain_steps": 2, "unrolled_steps": 2, "minibatch_steps": 2, "wgan_gp_steps": 2,
    },
    "digits_dense": {**DIGITS, "hidden": [16], "lecture_epochs": 1, "sick_epochs": 1},
    "digits_conv": {**DIGITS, "width": 4},
    "digits_latent": {**DIGITS, "told_epochs": 1, "hidden": [16], "width": 4},
    "digits_table": {**DIGITS, "convolutional_epochs": 1, "hidden": [16], "width": 4, "gaussians": 2,
                     "autoencoder": SupervisedRecipe(steps=5), "code_steps": 2,
                     "latent_gan": LatentGan(players=(8,), stage_one=SupervisedRecipe(steps=5))},
}  # fmt: skip
"""A new lesson needs a line here."""


def _chapter(name: str, seed: int) -> Chapter:
    return configured(LESSONS[name], TINY[name], name).run(np.random.default_rng(seed))


@pytest.fixture(scope="module")
def chapters() -> dict[str, Chapter]:
    """Chapters by lesson, run once for all tests."""
    return {}


@pytest.fixture(params=list(LESSONS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def chapter(name: str, chapters: dict[str, Chapter]) -> Chapter:
    if name not in chapters:
        chapters[name] = _chapter(name, 0)
    return chapters[name]


def test_a_lesson_is_a_frozen_dataclass(name: str) -> None:
    assert is_dataclass(LESSONS[name])
    assert LESSONS[name].__dataclass_params__.frozen
    assert {field.name for field in fields(LESSONS[name])}


def test_a_chapter_asks_answers_shows_and_cites(chapter: Chapter) -> None:
    assert chapter.question.endswith("?")
    assert chapter.answer.endswith(".")
    assert chapter.pictures
    assert all(picture.title and picture.alt for picture in chapter.pictures)
    assert len({picture.name for picture in chapter.pictures}) == len(chapter.pictures)
    assert chapter.sources


def test_metrics_are_finite_numbers(chapter: Chapter) -> None:
    assert chapter.metrics
    assert all(np.isfinite(value) for value in chapter.metrics.values())


def test_the_same_seed_gives_the_same_chapter(name: str, chapter: Chapter) -> None:
    again = _chapter(name, 0)
    timed = {key for key in chapter.metrics if key.endswith(("seconds", "_s"))}
    assert {key: value for key, value in chapter.metrics.items() if key not in timed} == {
        key: value for key, value in again.metrics.items() if key not in timed
    }
    assert again.answer == chapter.answer


def test_it_survives_save_and_load_with_its_pictures_in_both_themes(chapter: Chapter, tmp_path: Path) -> None:
    save_chapter(tmp_path, chapter)
    loaded = load_chapter(tmp_path)
    for field in ("title", "question", "answer", "story", "metrics", "sources"):
        assert getattr(loaded, field) == getattr(chapter, field), field
    assert list(loaded.tables) == list(chapter.tables)
    for caption, table in chapter.tables.items():
        pd.testing.assert_frame_equal(loaded.tables[caption], table, check_dtype=False)
    for stored, picture in zip(loaded.pictures, chapter.pictures, strict=True):
        assert (stored.title, stored.alt) == (picture.title, picture.alt)
        assert stored.svg("light") != stored.svg("dark")
        assert stored.png().startswith(b"\x89PNG")


def test_every_picture_draws_alike_twice(chapter: Chapter) -> None:
    picture = chapter.pictures[0]
    sizes = {theme.paper: picture.draw(theme).get_size_inches().tolist() for theme in (LIGHT, DARK)}
    assert sizes[LIGHT.paper] == sizes[DARK.paper]
    assert b"<svg" in to_svg(picture.draw(LIGHT))


def test_every_lesson_has_tiny_settings() -> None:
    assert set(TINY) == set(LESSONS)
