"""The report of a study: one HTML file that opens from disk without a network, and the numbers behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from pipeline import report_views as views
from pipeline.credits import credit_of
from pipeline.depth_examples import DepthExamples
from pipeline.figures.style import LIGHT, to_png
from pipeline.findings import Findings, StudyFacts
from pipeline.frame_paths import FramePaths
from pipeline.pages import environment, file_name, inline, write_whole
from pipeline.report_sections import Drawn, draw_sections
from pipeline.samples import Samples
from pipeline.schema import UserError
from pipeline.scoring.conclusion import of_data, p_words, signed, span, words
from pipeline.scoring.metrics import describe
from pipeline.scoring.scores import Scores
from pipeline.windows import Windows


def write_report(
    folder: Path,
    facts: StudyFacts,
    scores: Scores,
    errors: pd.DataFrame,
    baselines: pd.DataFrame,
    curves: pd.DataFrame,
    samples: Mapping[str, Samples],
    real: Samples,
    held_out: Samples | None = None,
    fidelity: pd.DataFrame | None = None,
    anatomy: pd.DataFrame | None = None,
    depth: DepthExamples | None = None,
    walks: Mapping[str, Windows] | None = None,
    frames: FramePaths | None = None,
) -> Path:
    """Write ``report.html``, ``scores.json``, ``errors.parquet`` and ``figures/*.png``.

    Each file appears whole or not at all, the report last: where there is a report, there is all it speaks of.

    Args:
        folder: Made if missing; files of an earlier report are replaced.
        facts: What was asked and how.
        scores: What was found (``scoring.score_study``).
        errors: The error table that was scored.
        baselines: That of the forecasts without learning; stored behind ``errors`` in one table.
        curves: How training went, as ``findings.Findings`` says; may be empty.
        samples: Synthetic samples by strategy; a few are drawn.
        real: Real samples to draw beside them.
        held_out: Real samples of drives that nothing was learnt from; None where there are none to show.
        fidelity: How real, varied and new each strategy's samples are (``fidelity.base.COLUMNS``); None where that
            was not measured.
        anatomy: What the error consists of (``scoring.anatomy.COLUMNS``); None where that was not looked at.
        depth: Estimates for some held-out pictures, by strategy; None in studies of anything else.
        walks: Samples on the way between latents, by strategy; None where no generator has any.
        frames: Pictures of the recorded frames, by drive and number; None where there are none.

    Returns:
        Path of ``report.html``.

    Raises:
        UserError: the folder cannot be written.
    """
    scores = replace(
        scores, study=facts.name, created=facts.created, data_digest=facts.data_digest, versions=dict(facts.versions)
    )
    findings = Findings(
        facts, scores, errors, baselines, curves, samples, real, held_out, fidelity, anatomy, depth, walks or {},
        frames or {},
    )  # fmt: skip
    sections = draw_sections(findings)
    try:
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        for picture in (picture for section in sections for picture in section.pictures):
            write_whole(
                folder / "figures" / f"{file_name(picture.name)}.png",
                to_png(picture.draw(LIGHT), 110 if picture.photographic else 160),
            )
        write_whole(
            folder / "errors.parquet", pd.concat([errors, baselines], ignore_index=True).to_parquet(index=False)
        )
        write_whole(folder / "scores.json", scores.to_json().encode())
        report = folder / "report.html"
        write_whole(report, render_html(findings, sections).encode())
    except OSError as failure:
        raise UserError(f"Cannot write the report to {folder}: {failure.strerror or failure}.") from failure
    return report


def render_html(findings: Findings, sections: Sequence[Drawn]) -> str:
    """The whole page as text: figures, style and script inside, nothing loaded from anywhere."""
    page = environment()
    page.filters.update(
        signed=signed, words=words, of_data=of_data, p_words=p_words, number=views.number,
        rough=views.rough, duration=views.duration, size=views.size, picture=inline,
    )  # fmt: skip
    return page.get_template("report.html.j2").render(
        facts=findings.facts, scores=findings.scores, noun=findings.real.noun, sections=sections, views=views,
        tiles=views.tiles(findings), span=span, metric=describe(findings.scores.metric),
        credit=credit_of(findings.facts.source),
    )  # fmt: skip
