"""A study's answer as a table in the terminal."""

import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipeline.design import NONE
from pipeline.report_views import number
from pipeline.scoring.conclusion import of_data
from pipeline.scoring.metrics import describe
from pipeline.scoring.scores import ArmScore, Scores

COLOURS = {"helps": "green", "harms": "red", "failed": "red"}


def print_summary(scores: Scores, console: Console | None = None) -> None:
    """One table a fraction of the real data, then the conclusion."""
    console = console or Console(file=sys.stdout, highlight=False, soft_wrap=True)
    for fraction in scores.fractions():
        console.print(table(scores, fraction))
    for line in (*scores.invalid_reasons, *scores.conclusion, *scores.caveats):
        console.print(line, markup=False)


def print_lessons(lessons: Mapping[str, Mapping[str, Any]], console: Console | None = None) -> None:
    """What each lesson of the textbook found."""
    console = console or Console(file=sys.stdout, highlight=False)
    for name, found in lessons.items():
        console.print(f"{found['title']} ({name}, {found['seconds']:.0f} s)", style="bold", markup=False)
        console.print(Padding(Text(found["answer"]), (0, 0, 0, 4)))


def table(scores: Scores, fraction: float) -> Table:
    """Every strategy at one fraction, best gain first."""
    shown = Table(title=of_data(fraction).capitalize(), title_justify="left")
    for name in ("strategy", describe(scores.metric).head, "gain %", "95 % interval", "p (Holm)", "verdict"):
        shown.add_column(name, justify="left" if name in ("strategy", "verdict") else "right", overflow="fold")
    for arm in sorted(scores.at(fraction), key=lambda arm: (arm.strategy != NONE, -(arm.gain_pct or 0))):
        shown.add_row(*_row(arm), style=COLOURS.get(arm.verdict))
    return shown


def _row(arm: ArmScore) -> tuple[str, ...]:
    interval = "" if arm.ci_low is None or arm.ci_high is None else f"{arm.ci_low:+.1f} … {arm.ci_high:+.1f}"
    gain = "" if arm.strategy == NONE or arm.gain_pct is None else f"{arm.gain_pct:+.1f}"
    mean = "" if arm.mean is None else number(arm.mean)
    p = "" if arm.p_holm is None else f"{arm.p_holm:.3f}"
    return arm.strategy, mean, gain, interval, p, arm.verdict
