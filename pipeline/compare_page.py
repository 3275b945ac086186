"""The page of a comparison: one HTML file that opens from disk, its table as CSV, its figures as PNG."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from pipeline import report_views as views
from pipeline.comparison import COLUMNS, Finished, compared, predictors
from pipeline.figures.compare_figures import gain_by_cost, gains_side_by_side
from pipeline.figures.style import LIGHT, Picture, to_png
from pipeline.pages import environment, file_name, inline, write_whole
from pipeline.schema import UserError
from pipeline.scoring.conclusion import of_data, signed, span, words

PAGE = "comparison.html"


def write_comparison(folder: Path, studies: Sequence[Finished]) -> Path:
    """Write ``comparison.html``, ``comparison.csv``, ``predictors.csv`` and ``figures/*.png``; returns the page's path.

    Raises:
        UserError: the folder cannot be written.
    """
    table, predicted = compared(studies), predictors(studies)
    pictures = comparison_pictures(table)
    try:
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        for picture in pictures:
            write_whole(folder / "figures" / f"{file_name(picture.name)}.png", to_png(picture.draw(LIGHT)))
        write_whole(folder / "comparison.csv", table.to_csv(index=False).encode())
        write_whole(folder / "predictors.csv", predicted.to_csv(index=False).encode())
        write_whole(folder / PAGE, _html(studies, table, predicted, pictures).encode())
    except OSError as failure:
        raise UserError(f"Cannot write the comparison to {folder}: {failure.strerror or failure}.") from failure
    return folder / PAGE


def comparison_pictures(table: pd.DataFrame) -> list[Picture]:
    """Gains side by side, and at each fraction what they cost where that is known."""
    gains = Picture(
        "gains", "Gain of each strategy in each study", "Gains with intervals; the table holds the numbers.",
        partial(gains_side_by_side, table),
    )  # fmt: skip
    timed = table[table["fit_s"].notna() & (table["verdict"] != "placebo")]
    costs = [
        Picture(
            f"cost_{fraction:g}", f"Gain by cost, {of_data(fraction)}", "Gain over the CPU seconds it cost.",
            partial(gain_by_cost, table, fraction),
        )
        for fraction in sorted(set(timed["fraction"]))
    ]  # fmt: skip
    return [gains, *costs]


def _html(
    studies: Sequence[Finished], table: pd.DataFrame, predicted: pd.DataFrame, pictures: Sequence[Picture]
) -> str:
    page = environment()
    page.filters.update(
        signed=signed, words=words, number=views.number, duration=views.duration, size=views.size, picture=inline
    )
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    measures = [column for column in table.columns if column not in COLUMNS]
    return page.get_template("comparison.html.j2").render(
        studies=studies, rows=rows, measures=measures, span=span, pictures=pictures,
        predicted=predicted.to_dict("records"),
    )  # fmt: skip
