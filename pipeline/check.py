"""Is a folder of data fit for use? Every bad row named, a summary, and what the reader wants a person to know."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.registry import lookup
from pipeline.schema import Problem, UserError
from pipeline.sources import SOURCES
from pipeline.sources.base import Examining, read_source


@dataclass(frozen=True)
class CheckReport:
    """What a reader found in a data set."""

    source: str
    """Name of the reader."""
    root: Path
    drives: int
    tracks: int
    rows: int
    """Good rows, regions to ignore included."""
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


def check(root: Path, source: str | None = None) -> CheckReport:
    """Read a data set and report on it; without ``source``, the layout is recognised by itself.

    Raises:
        UserError: no such folder or source, or a layout that no reader knows; the message says what was looked for.
    """
    if not root.exists():
        raise UserError(f"{root} does not exist.")
    source = source or recognise(root)
    reader = lookup(SOURCES, source, "source")
    reading = read_source(reader, root)
    problems, notes = reading.problems, reading.notes
    if isinstance(reader, Examining):
        found, figures = reader.examine(reading)
        problems, notes = problems + found, notes + figures
    return CheckReport(source, root, len(reading.drives), reading.tracks, reading.rows, problems, notes)


def recognise(root: Path) -> str:
    """Name of the first source that recognises ``root``.

    Raises:
        UserError: none does; the message lists what each looked for.
    """
    for name, source in SOURCES.items():
        if source.recognises(root):
            return name
    looked_for = "\n".join(f"  {name}: {source.looks_for}" for name, source in SOURCES.items())
    raise UserError(f"{root} is of no layout known here. Looked for:\n{looked_for}")


def render(report: CheckReport, shown: int = 100) -> str:
    """The report as text: problems as ``file:line: reason``, notes, and a last line that sums up."""
    lines = [str(problem) for problem in report.problems[:shown]]
    if len(report.problems) > shown:
        lines.append(f"... and {len(report.problems) - shown} more problems")
    lines += [f"note: {note}" for note in report.notes]
    count = len(report.problems)
    verdict = "no problems" if count == 0 else f"{count} problem{'s' if count > 1 else ''}"
    counts = f"{report.drives} drives, {report.tracks} tracks, {report.rows} rows"
    return "\n".join([*lines, f"{report.root}: {report.source}, {counts}, {verdict}"])
