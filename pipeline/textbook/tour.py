"""The guided tour: every chapter of the textbook on one page that opens from disk without a network."""

import math
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from pipeline.pages import environment, file_name, themed, write_whole
from pipeline.report_views import duration, number
from pipeline.schema import UserError
from pipeline.scoring.scores import installed_versions
from pipeline.textbook.chapter_files import DrawnPicture, StoredChapter

PAGE = "report.html"
LONG = 40
"""Letters from which a cell's text is wrapped."""


@dataclass(frozen=True, eq=False)
class TourStop:
    """A lesson on the tour."""

    name: str
    settings: Mapping[str, Any]
    chapter: StoredChapter
    seconds: float
    """CPU time of the lesson when it was computed."""


@dataclass(frozen=True)
class TourFacts:
    """What a reader must know besides the chapters."""

    command: str
    """The command that makes the tour again."""
    seed: int
    credits: tuple[str, ...] = ()
    """Data sets, their authors and terms."""
    versions: Mapping[str, str] = field(default_factory=installed_versions)
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))


@dataclass(frozen=True)
class Cell:
    """A cell of a table, ready to be written."""

    text: str
    style: str


def write_tour(folder: Path, facts: TourFacts, stops: Sequence[TourStop]) -> Path:
    """Write ``report.html`` and ``figures/LESSON-PICTURE.png``, the page last.

    Raises:
        UserError: the folder cannot be written.
    """
    try:
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        for stop in stops:
            for picture in stop.chapter.pictures:
                write_whole(folder / "figures" / f"{stop.name}-{file_name(picture.name)}.png", picture.png())
        write_whole(folder / PAGE, render_tour(facts, stops).encode())
    except OSError as failure:
        raise UserError(f"Cannot write the tour to {folder}: {failure.strerror or failure}.") from failure
    return folder / PAGE


def render_tour(facts: TourFacts, stops: Sequence[TourStop]) -> str:
    """The whole page as text."""
    page = environment()
    page.filters.update(picture=_inline, duration=duration, heads=heads, rows=rows)
    total_s = sum(stop.seconds for stop in stops)
    return page.get_template("textbook/tour.html.j2").render(facts=facts, stops=stops, total_s=total_s)


def heads(table: pd.DataFrame) -> list[Cell]:
    """The names of the columns, aligned like what is below them."""
    below = rows(table.head(1))
    styles = [cell.style for cell in below[0]] if below else [""] * table.shape[1]
    return [Cell(str(name), style) for name, style in zip(table.columns, styles, strict=True)]


def rows(table: pd.DataFrame) -> list[list[Cell]]:
    """The cells of a table: numbers short, long texts to be wrapped."""
    return [[_cell(value) for value in row] for row in table.itertuples(index=False, name=None)]


def _cell(value: object) -> Cell:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return Cell(str(value), "wrap" if len(str(value)) > LONG else "text")
    if isinstance(value, numbers.Integral):
        return Cell(str(int(value)), "")
    return Cell(number(None if math.isnan(value) else float(value)), "")


def _inline(picture: DrawnPicture) -> Markup:
    return themed(picture.alt, picture.svg("light"), picture.svg("dark"))
