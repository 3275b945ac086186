"""Gains drawn: with their intervals, over the fraction of real data, and drive by drive."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from pipeline.arms import NONE
from pipeline.figures.style import Theme, label, label_ends, margin, new_axes, strategy_colours
from pipeline.scoring.conclusion import p_words, signed
from pipeline.scoring.metrics import describe
from pipeline.scoring.scores import ArmScore, Placebo, Scores

MOST_LINES = 8
"""As many lines as the eye can follow, and as there are colours."""
MOST_COLUMNS = 12


def forest(scores: Scores, fraction: float, theme: Theme) -> Figure:
    """Every strategy's gain at one fraction with its interval; placebos below, with the interval they are judged by."""
    arms = [arm for arm in scores.at(fraction) if arm.strategy != NONE]
    checks = {check.strategy: check for check in scores.placebos if check.fraction == fraction}
    candidates = sorted((arm for arm in arms if arm.strategy not in checks), key=lambda arm: -_gain(arm))
    placebos = [arm for arm in arms if arm.strategy in checks]
    left = margin([arm.strategy for arm in arms])
    figure, axes = new_axes(theme, 0.75 + 0.34 * (len(arms) + bool(placebos)), left, right=0.38)
    limits = gain_limits(scores)
    axes.set_xlim(*limits)
    rows = [*candidates, *([None, *placebos] if placebos else [])]
    for row, arm in enumerate(rows):
        if arm is None:
            _separator(axes, row, theme)
        elif check := checks.get(arm.strategy):
            _row(axes, row, arm, check, limits, theme)
        else:
            _row(axes, row, arm, None, limits, theme)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks([row for row, arm in enumerate(rows) if arm], [label(arm.strategy) for arm in rows if arm])
    axes.tick_params(axis="y", labelcolor=theme.ink, labelsize=10, pad=9)
    axes.grid(axis="y", visible=False)
    axes.axvline(0, color=theme.ink, linewidth=1, zorder=1)
    axes.set_xlabel(f"gain, % of {_name(scores.metric)}   (better →)")
    return figure


def gain_limits(scores: Scores) -> tuple[float, float]:
    """One scale for all fractions, made for the strategies: placebos and disasters may run off its left edge."""
    shown = [arm for arm in scores.arms if arm.verdict not in ("reference", "placebo")]
    ends = [end for arm in shown for end in (arm.ci_low, arm.ci_high, arm.gain_pct) if end is not None]
    high = max([*ends, 4.0])
    low = max(min([*ends, -4.0]), -2.5 * max(high, 8.0))
    room = 0.05 * (high - low)
    return low - room, high + room


def _row(axes: Axes, row: int, arm: ArmScore, check: Placebo | None, limits: tuple[float, float], theme: Theme) -> None:
    """One line of a forest plot: interval, point, and the numbers at the right."""
    source = arm if check is None else check
    colour = theme.colour_of(arm.verdict)
    if check is not None:
        colour = theme.alarm if check.passed is False else theme.muted
    if arm.gain_pct is not None:
        if source.ci_low is not None and source.ci_high is not None:
            axes.plot(
                np.clip([source.ci_low, source.ci_high], *limits),
                [row, row],
                color=colour,
                linewidth=2.2,
                solid_capstyle="butt",
            )
        inside = float(np.clip(arm.gain_pct, *limits))
        marker = "<" if inside > arm.gain_pct else "D" if check else "o"
        fill = theme.paper if check else colour
        axes.plot(inside, row, marker, markersize=7, color=colour, markerfacecolor=fill, markeredgewidth=1.6, zorder=3,
                  clip_on=False)  # fmt: skip
    axes.annotate(
        _numbers(arm, source, check), (1, row), xycoords=("axes fraction", "data"), xytext=(8, 0),
        textcoords="offset points", va="center", fontsize=8.5, color=colour, annotation_clip=False,
    )  # fmt: skip


def _numbers(arm: ArmScore, source: ArmScore | Placebo, check: Placebo | None) -> str:
    if arm.gain_pct is None:
        return "failed"
    text = signed(arm.gain_pct)
    if source.ci_low is not None and source.ci_high is not None:
        text += f" [{signed(source.ci_low)}, {signed(source.ci_high)}]"
    if check is not None:
        return text + {True: "  ok", False: "  ALARM", None: ""}[check.passed]
    return text if arm.p_holm is None else f"{text}  p {p_words(arm.p_holm)}"


def _separator(axes: Axes, row: int, theme: Theme) -> None:
    axes.axhline(row + 0.1, color=theme.grid, linewidth=1)
    axes.annotate("placebos: must not gain", (0, row), xycoords=("axes fraction", "data"), xytext=(2, -2),
                  textcoords="offset points", va="bottom", fontsize=8.5, style="italic", color=theme.muted,
                  bbox={"facecolor": theme.paper, "edgecolor": "none", "pad": 1})  # fmt: skip


def gain_by_fraction(scores: Scores, theme: Theme) -> Figure:
    """Gain over the fraction of real data that was given, of the strategies that gain most anywhere."""
    figure, axes = new_axes(theme, 3.4, left=0.11, right=0.24)
    fractions = scores.fractions()
    placebos = {check.strategy for check in scores.placebos}
    colours = strategy_colours(scores, theme)
    best = {name: max(_gain(arm) for arm in scores.arms if arm.strategy == name) for name in colours}
    leading = sorted(best.keys() - {NONE, *placebos}, key=lambda name: -best[name])[:MOST_LINES]
    names = [name for name in colours if name in leading]
    colours |= {name: theme.cycle[index] for index, name in enumerate(names)}
    ends = []
    for index, name in enumerate(names):
        colour = colours[name]
        arms = {arm.fraction: arm for arm in scores.arms if arm.strategy == name and arm.gain_pct is not None}
        shift = 0.05 * (index - (len(names) - 1) / 2)
        places = [at + shift for at, fraction in enumerate(fractions) if fraction in arms]
        gains = [_gain(arms[fraction]) for fraction in fractions if fraction in arms]
        axes.plot(places, gains, "-o", color=colour, linewidth=1.8, markersize=5)
        for place, fraction in zip(places, (f for f in fractions if f in arms), strict=True):
            low, high = arms[fraction].ci_low, arms[fraction].ci_high
            if low is not None and high is not None:
                axes.plot([place, place], [low, high], color=colour, linewidth=1.4, alpha=0.55)
        if gains:
            ends.append((gains[-1], label(name), colour))
    low, high = gain_limits(scores)
    axes.set_ylim(low, high)
    axes.set_xlim(-0.35, len(fractions) - 0.65)
    axes.set_xticks(range(len(fractions)), [f"{100 * fraction:g} %" for fraction in fractions])
    axes.axhline(0, color=theme.ink, linewidth=1)
    axes.grid(axis="x", visible=False)
    axes.set_xlabel("real data available")
    axes.set_ylabel("gain, %")
    label_ends(axes, [(float(np.clip(gain, low, high)), text, colour) for gain, text, colour in ends])
    return figure


def gain_by_drive(scores: Scores, fraction: float, theme: Theme) -> Figure:
    """Gain of each strategy on each held-out drive, as a map: is it everywhere, or one drive's doing?"""
    rows = [row for row in scores.groups["drive"] if row.fraction == fraction]
    gains = {(row.group, row.strategy): row.gain_pct for row in rows}
    baselines = {baseline.name for baseline in scores.baselines}
    order = [arm.strategy for arm in sorted(scores.at(fraction), key=lambda arm: -_gain(arm))]
    names = [name for name in order if name != NONE and name not in baselines]
    drives = sorted({row.group for row in rows if row.strategy == NONE})
    table = np.array([[_or_nan(gains.get((drive, name))) for name in names] for drive in drives], float)
    table = table.reshape(len(drives), len(names))
    return (
        _heat_map(table.T, names, drives, theme)
        if len(names) > MOST_COLUMNS
        else _heat_map(table, drives, names, theme)
    )


def _heat_map(table: np.ndarray, rows: Sequence[str], columns: Sequence[str], theme: Theme) -> Figure:
    height, left = 1.0 + 0.25 * len(rows), margin(rows, least=0.15)
    figure, axes = new_axes(theme, height, left)
    axes.set_position((left, 0.04, 0.9 - left, 1 - 0.04 - 0.8 / height))
    known = np.abs(table[np.isfinite(table)])
    scale = float(max(5.0, np.quantile(known, 0.9))) if known.size else 5.0
    colours = LinearSegmentedColormap.from_list("gain", [theme.worse, theme.paper, theme.better])
    axes.imshow(table, cmap=colours, vmin=-scale, vmax=scale, aspect="auto")
    for (row, column), value in np.ndenumerate(table):
        strong = abs(value) > 0.6 * scale
        axes.text(column, row, "" if np.isnan(value) else signed(value, 0), ha="center", va="center", fontsize=8.5,
                  color=theme.paper if strong else theme.ink)  # fmt: skip
    axes.set_yticks(range(len(rows)), [label(row) for row in rows])
    axes.set_xticks(
        range(len(columns)), [label(column) for column in columns], rotation=35, ha="left", rotation_mode="anchor"
    )
    axes.xaxis.tick_top()
    axes.tick_params(labelcolor=theme.ink)
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    return figure


def _gain(arm: ArmScore) -> float:
    return -np.inf if arm.gain_pct is None else arm.gain_pct


def _or_nan(gain: float | None) -> float:
    return np.nan if gain is None else gain


def _name(metric: str) -> str:
    return describe(metric).short or describe(metric).label
