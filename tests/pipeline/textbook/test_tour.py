"""The tour as a page: everything in it, nothing loaded from elsewhere, text safe."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.figures.style import Picture
from pipeline.textbook.base import Chapter
from pipeline.textbook.bilinear_game import GAMES, play
from pipeline.textbook.chapter_files import load_chapter, save_chapter
from pipeline.textbook.remedies_figures import draw_games
from pipeline.textbook.tour import TourFacts, TourStop, rows, write_tour


@pytest.fixture
def stop(tmp_path: Path) -> TourStop:
    path = play(GAMES["plain"], np.array([1.0, 0.0]), 5, 0.1)
    chapter = Chapter(
        title="Circles & <spirals>", question="Why?", answer="Because.", story=("First.", "Then."),
        pictures=(Picture("a/b", "Paths", 'A "path"', partial(draw_games, {"plain": path})),),
        tables={"Ends": pd.DataFrame({"rule": ["plain"], "steps": [5], "end": [1.02512]})},
        metrics={"end": 1.0}, sources=("Somebody, 2018",),
    )  # fmt: skip
    (tmp_path / "chapter").mkdir()
    save_chapter(tmp_path / "chapter", chapter)
    return TourStop("circles", {"steps": "5"}, load_chapter(tmp_path / "chapter"), 1.5)


def test_the_page_holds_every_chapter_and_loads_nothing(stop: TourStop, tmp_path: Path):
    page = write_tour(tmp_path / "tour", TourFacts("augment-kitti run textbook", seed=0), [stop]).read_text()
    for text in ("Circles &amp; &lt;spirals&gt;", "Why?", "Because.", "First.", "Somebody, 2018", "1.03",
                 "augment-kitti run textbook", 'href="#circles"', 'id="circles"', "steps = 5"):  # fmt: skip
        assert text in page, text
    assert 'src="http' not in page
    assert page.count("data:image/svg+xml;base64,") == 2
    assert (tmp_path / "tour" / "figures" / "circles-a_b.png").read_bytes().startswith(b"\x89PNG")


def test_numbers_are_short_and_long_texts_are_wrapped():
    table = pd.DataFrame({"count": [3], "share": [0.123456], "missing": [np.nan], "words": ["long " * 20]})
    (cells,) = rows(table)
    assert [cell.text for cell in cells[:3]] == ["3", "0.123", "\N{EN DASH}"]
    assert [cell.style for cell in cells] == ["", "", "", "wrap"]
