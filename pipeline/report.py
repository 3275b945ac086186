"""The report of a study: one HTML file that opens from disk without a network, and the numbers behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from pipeline import fidelity_views
from pipeline import report_views as views
from pipeline.credits import credit_of
from pipeline.figures import curve_pictures, drive_pictures, gain_pictures, horizon_pictures, sample_pictures
from pipeline.figures.style import LIGHT, Picture, to_png
from pipeline.pages import environment, file_name, inline, photograph, write_whole
from pipeline.samples import Samples
from pipeline.schema import UserError
from pipeline.scoring.conclusion import of_data, p_words, signed, span, words
from pipeline.scoring.metrics import describe
from pipeline.scoring.scores import Scores, installed_versions
from pipeline.splits import Split

CITY_SOURCES = ("mini_city", "rendered_city")
"""Sources whose drives lead through the embedded city; their reports show it."""


@dataclass(frozen=True)
class StudyFacts:
    """What a reader must know of a study besides its numbers: what was asked, of which data, and how to ask again."""

    name: str
    about: str
    """What is asked, in one sentence."""
    command: str
    """The command that runs the study again."""
    source: str
    """Name of the reader in ``pipeline.sources.SOURCES``; decides the credit."""
    data_digest: str
    splits: tuple[Split, ...]
    """One per fold."""
    seeds: int
    fractions: tuple[float, ...]
    strategies: Mapping[str, Mapping[str, Any]]
    """Hyperparameters by strategy; empty for ``none``."""
    versions: Mapping[str, str] = field(default_factory=installed_versions)
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    duration_s: float | None = None
    history: int = 10
    """Observed frames of a window; the rest is to be predicted."""
    tracks: int | None = None
    rows: int | None = None
    notes: tuple[str, ...] = ()
    """What the reader of the data wants a person to know, quarantined rows included."""


def write_report(
    folder: Path,
    facts: StudyFacts,
    scores: Scores,
    errors: pd.DataFrame,
    baselines: pd.DataFrame,
    curves: pd.DataFrame,
    samples: Mapping[str, Samples],
    real: Samples,
    fidelity: pd.DataFrame | None = None,
) -> Path:
    """Write ``report.html``, ``scores.json``, ``errors.parquet`` and ``figures/*.png``.

    Each file appears whole or not at all, the report last: where there is a report, there is all it speaks of.

    Args:
        folder: Made if missing; files of an earlier report are replaced.
        facts: What was asked and how.
        scores: What was found (``scoring.score_study``).
        errors: The error table that was scored.
        baselines: That of the forecasts without learning; stored behind ``errors`` in one table.
        curves: ``strategy``, ``fraction``, ``synthetic_only``, ``phase``, ``step``, ``name``, ``value``; may be empty.
        samples: Synthetic samples by strategy; a few are drawn.
        real: Real samples to draw beside them.
        fidelity: How real, varied and new each strategy's samples are (``fidelity_views.tables`` names its columns);
            None where that was not measured.

    Returns:
        Path of ``report.html``.

    Raises:
        UserError: the folder cannot be written.
    """
    scores = replace(
        scores, study=facts.name, created=facts.created, data_digest=facts.data_digest, versions=dict(facts.versions)
    )
    pictures = {
        "gains": gain_pictures(scores),
        "horizon": horizon_pictures(scores),
        "drives": drive_pictures(scores),
        **sample_pictures(samples, real, facts.history),
        "curves": curve_pictures(scores, curves),
    }
    try:
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        for picture in (picture for group in pictures.values() for picture in group):
            write_whole(folder / "figures" / f"{file_name(picture.name)}.png", to_png(picture.draw(LIGHT)))
        write_whole(
            folder / "errors.parquet", pd.concat([errors, baselines], ignore_index=True).to_parquet(index=False)
        )
        write_whole(folder / "scores.json", scores.to_json().encode())
        report = folder / "report.html"
        write_whole(report, render_html(facts, scores, pictures, fidelity).encode())
    except OSError as failure:
        raise UserError(f"Cannot write the report to {folder}: {failure.strerror or failure}.") from failure
    return report


def render_html(
    facts: StudyFacts,
    scores: Scores,
    pictures: Mapping[str, Sequence[Picture]],
    fidelity: pd.DataFrame | None = None,
) -> str:
    """The whole page as text: figures, style and script inside, nothing loaded from anywhere."""
    page = environment()
    page.filters.update(
        signed=signed, words=words, of_data=of_data, p_words=p_words, number=views.number, duration=views.duration,
        picture=inline,
    )  # fmt: skip
    template = page.get_template("report.html.j2")
    return template.render(
        facts=facts, scores=scores, pictures=pictures, views=views, span=span, metric=describe(scores.metric),
        fidelity=fidelity_views.tables(fidelity), alarms=fidelity_views.alarms(fidelity),
        credit=credit_of(facts.source), city=_city() if facts.source in CITY_SOURCES else None,
    )  # fmt: skip


def _city() -> Markup:
    picture = Path(__file__).parent / "city" / "gallery.jpg"
    return photograph("Four cities by day, by night, as depth and as road users", picture.read_bytes())
