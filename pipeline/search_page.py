"""A search on one page that opens from disk: the best settings, every trial, and what mattered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.figures.search_figures import TrialPoint, setting_importances, trial_history
from pipeline.figures.style import LIGHT, Picture, to_png
from pipeline.pages import environment, inline, write_whole
from pipeline.schema import UserError

PAGE = "report.html"


@dataclass(frozen=True)
class TrialRow:
    """One trial for readers."""

    number: int
    outcome: str
    """``finished``, ``given up early``, or why there is no gain."""
    gain_pct: float | None
    seeds: int
    """Seeds that were trained."""
    settings: Mapping[str, Any]

    @property
    def finished(self) -> bool:
        """Whether every seed was trained."""
        return self.outcome == "finished"


@dataclass(frozen=True)
class SearchFacts:
    """What a reader must know of a search."""

    study: str
    strategy: str
    fraction: float
    seeds: int
    train: Sequence[str]
    valid: Sequence[str]
    command: str
    """The command of this search."""
    examine: str
    """The command that examines the best settings on drives that the search has not seen; empty without a best."""
    best: TrialRow | None
    trials: Sequence[TrialRow]
    importances: Mapping[str, float]
    """By setting; empty where too few trials finished."""
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))


def write_search(folder: Path, facts: SearchFacts) -> Path:
    """Write ``report.html`` and ``figures/*.png``, the page last.

    Raises:
        UserError: the folder cannot be written.
    """
    pictures = _pictures(facts)
    page = environment()
    page.filters.update(picture=inline, setting=setting_text)
    try:
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        for picture in pictures:
            write_whole(folder / "figures" / f"{picture.name}.png", to_png(picture.draw(LIGHT)))
        text = page.get_template("search.html.j2").render(facts=facts, pictures=pictures)
        write_whole(folder / PAGE, text.encode())
    except OSError as failure:
        raise UserError(f"Cannot write the search to {folder}: {failure.strerror or failure}.") from failure
    return folder / PAGE


def setting_text(value: Any) -> str:
    """A setting as tables show it."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _pictures(facts: SearchFacts) -> list[Picture]:
    points = [
        TrialPoint(trial.number, trial.gain_pct, trial.finished) for trial in facts.trials if trial.gain_pct is not None
    ]
    found = []
    if points:
        alt = f"Gain on the validation drives of {len(points)} trials, in the order they were tried"
        found.append(Picture("history", "Every trial", alt, lambda theme: trial_history(points, theme)))
    if facts.importances:
        alt = ", ".join(f"{name} {share:.0%}" for name, share in facts.importances.items())
        draw = lambda theme: setting_importances(facts.importances, theme)  # noqa: E731
        found.append(Picture("importances", "What mattered", f"Share of the differences: {alt}", draw))
    return found
