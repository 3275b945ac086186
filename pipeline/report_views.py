"""What a report shows besides figures, as plain rows for its template: tiles, tables, and numbers in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.design import NONE
from pipeline.findings import Findings
from pipeline.scoring.conclusion import best_arm, detectable, of_data, p_words, signed, span
from pipeline.scoring.metrics import describe
from pipeline.scoring.scores import ArmScore, Group, OtherMetric, Scores


@dataclass(frozen=True)
class Tile:
    """One figure worth a large print."""

    value: str
    label: str
    detail: str
    tone: str = ""
    """``better``, ``worse`` or empty."""


@dataclass(frozen=True)
class Cell:
    """A mean with the gain it stands for."""

    mean: float | None
    gain_pct: float | None
    note: str = ""


@dataclass(frozen=True)
class Matrix:
    """Strategies and baselines by parts of the data or by metrics."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def tiles(found: Findings) -> list[Tile]:
    """The answer in a few numbers; only what cannot mislead if the study is invalid."""
    scores = found.scores
    gains = [_gain_tile(scores, fraction) for fraction in scores.fractions()] if scores.valid else []
    return [*gains, *_cost_tiles(found), *_baseline_tile(scores)]


def _gain_tile(scores: Scores, fraction: float) -> Tile:
    where = of_data(fraction)
    best = best_arm(scores.at(fraction))
    if best is None or best.gain_pct is None or best.ci_low is None or best.ci_high is None or best.p_holm is None:
        limit = detectable(scores.at(fraction))
        detail = "no interval" if limit is None else f"true gains below about {limit:.0f} % would go unnoticed"
        return Tile("none", f"shown to help {where}", detail)
    detail = f"95 % interval {span(best.ci_low, best.ci_high)}, p\N{NO-BREAK SPACE}{p_words(best.p_holm)}"
    return Tile(f"{signed(best.gain_pct)} %", f"{best.strategy}, {where}", detail, "better")


def _cost_tiles(found: Findings) -> list[Tile]:
    """What the best strategy costs beside the plain model, or the dearest one where none helps."""
    scores = found.scores
    best = next((arm for f in reversed(scores.fractions()) if (arm := best_arm(scores.at(f)))), None)
    timed = [
        arm
        for arm in scores.at(scores.fractions()[-1])
        if arm.fit_s is not None and arm.verdict not in ("reference", "placebo")
    ]
    chosen = best or max(timed, key=lambda arm: arm.fit_s or 0.0, default=None)
    return [] if chosen is None else [*_time_tile(chosen), *_size_tile(chosen.strategy, found)]


def _time_tile(arm: ArmScore) -> list[Tile]:
    if arm.fit_s is None or arm.train_s is None:
        return []
    detail = f"and {duration(arm.train_s)} to train, as without synthetic data"
    return [Tile(duration(arm.fit_s), f"CPU time to fit {arm.strategy}", detail)]


def _size_tile(strategy: str, found: Findings) -> list[Tile]:
    made = found.facts.sizes.get(strategy)
    if made is None:
        return []
    detail = f"{made.samples:,} {found.real.noun} kept of one training run {of_data(found.scores.fractions()[-1])}"
    return [Tile(size(made.bytes), f"synthetic data of {strategy}", detail)]


def _baseline_tile(scores: Scores) -> list[Tile]:
    fraction = f"{scores.fractions()[-1]:g}"
    for baseline in scores.baselines:
        gain = baseline.model_gain_pct.get(fraction)
        if baseline.name == "constant_velocity" and gain is not None:
            tone = "better" if gain > 0 else "worse"
            return [
                Tile(
                    f"{signed(gain)} %",
                    "lead of the plain model over constant velocity",
                    of_data(float(fraction)),
                    tone,
                )
            ]
    return []


def by_group(scores: Scores, by: str, noun: str) -> list[Matrix]:
    """Errors by class, border flag or drive: one table a fraction, the largest gain first, baselines last.

    ``noun`` is what samples are called.
    """
    rows = scores.groups.get(by, ())
    return [
        _matrix(
            of_data(fraction).capitalize(),
            [row for row in rows if row.fraction == fraction],
            noun,
            [arm.strategy for arm in ranked(scores) if arm.fraction == fraction],
        )
        for fraction in scores.fractions()
    ]


def _matrix(title: str, rows: Sequence[Group], noun: str, order: Sequence[str]) -> Matrix:
    columns = tuple(sorted({row.group for row in rows}))
    cells = {(row.strategy, row.group): Cell(row.mean, row.gain_pct, f"{row.windows} {noun}") for row in rows}
    names = sorted({row.strategy for row in rows}, key=lambda name: (order.index(name) if name in order else 1e9, name))
    empty = Cell(None, None)
    table = tuple((name, tuple(cells.get((name, column), empty) for column in columns)) for name in names)
    return Matrix(title, columns, table)


def by_metric(scores: Scores) -> list[Matrix]:
    """The other metrics of every arm: one table a fraction."""
    return [
        _metric_matrix(
            of_data(fraction).capitalize(), [row for row in scores.other_metrics if row.fraction == fraction]
        )
        for fraction in scores.fractions()
    ]


def _metric_matrix(title: str, rows: Sequence[OtherMetric]) -> Matrix:
    metrics = tuple(dict.fromkeys(row.metric for row in rows))
    cells = {(row.strategy, row.metric): Cell(row.mean, row.gain_pct, _interval_note(row)) for row in rows}
    names = dict.fromkeys(row.strategy for row in rows)
    table = tuple((name, tuple(cells[name, metric] for metric in metrics)) for name in names)
    return Matrix(title, tuple(describe(metric).head for metric in metrics), table)


def _interval_note(row: OtherMetric) -> str:
    return "" if row.ci_low is None or row.ci_high is None else f"95 % interval {span(row.ci_low, row.ci_high)}"


def ranked(scores: Scores) -> list[ArmScore]:
    """All arms as the main table shows them first: by fraction, best gain first, the plain model on top."""
    return sorted(
        scores.arms,
        key=lambda arm: (arm.fraction, arm.strategy != NONE, 1e9 if arm.gain_pct is None else -arm.gain_pct),
    )


def studied(scores: Scores) -> int:
    """How many strategies the plain model was compared with."""
    return len({arm.strategy for arm in scores.arms} - {NONE})


def number(value: float | None) -> str:
    """Three significant digits, never in powers of ten; a dash for what does not exist."""
    if value is None:
        return "\N{EN DASH}"
    return _digits(value, 3)


def rough(value: float) -> str:
    """An error of a number: two significant digits, never in powers of ten."""
    return _digits(value, 2)


def _digits(value: float, count: int) -> str:
    if value and abs(value) < 1e-4:
        return "< 0.0001" if value > 0 else "> \N{MINUS SIGN}0.0001"
    text = f"{value:.0f}" if abs(value) >= 10**count - 0.5 else f"{value:#.{count}g}".rstrip(".")
    return text.replace("-", "\N{MINUS SIGN}")


def duration(seconds: float | None) -> str:
    """Seconds, minutes or hours, whichever reads best."""
    if seconds is None:
        return "\N{EN DASH}"
    if seconds < 0.01:
        return "< 0.01 s"
    if seconds < 100:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def size(count: int) -> str:
    """Bytes, kB, MB or GB (powers of 1000), with two or three digits."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB"):
        if amount < 999.5:
            return f"{amount:.2g} {unit}" if unit != "bytes" and amount < 99.5 else f"{amount:.0f} {unit}"
        amount /= 1000
    return f"{amount:.3g} GB"
