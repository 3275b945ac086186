"""Gains drawn: with their intervals, and over the fraction of real data."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.design import NONE
from pipeline.figures.style import Theme, label, label_ends, margin, new_axes
from pipeline.scoring.conclusion import p_words, signed
from pipeline.scoring.metrics import describe
from pipeline.scoring.scores import ArmScore, Placebo, Scores

MOST_LINES = 8
"""As many lines as the eye can follow, and as there are colours."""
MANY = 16
"""More strategies than these move closer together."""


def forest(scores: Scores, fraction: float, theme: Theme) -> Figure:
    """Every strategy's gain at one fraction with its interval; placebos below, with the interval they are judged by."""
    arms = [arm for arm in scores.at(fraction) if arm.strategy != NONE]
    checks = {check.strategy: check for check in scores.placebos if check.fraction == fraction}
    candidates = sorted((arm for arm in arms if arm.strategy not in checks), key=lambda arm: -gain_of(arm))
    placebos = [arm for arm in arms if arm.strategy in checks]
    left = margin([arm.strategy for arm in arms])
    row_in = 0.34 if len(arms) <= MANY else 0.24
    figure, axes = new_axes(theme, 0.75 + row_in * (len(arms) + bool(placebos)), left, right=0.38)
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
    names = leading(scores)
    colours = dict(zip(names, theme.cycle, strict=False))
    ends = []
    for index, name in enumerate(names):
        colour = colours[name]
        arms = {arm.fraction: arm for arm in scores.arms if arm.strategy == name and arm.gain_pct is not None}
        shift = 0.05 * (index - (len(names) - 1) / 2)
        places = [at + shift for at, fraction in enumerate(fractions) if fraction in arms]
        gains = [gain_of(arms[fraction]) for fraction in fractions if fraction in arms]
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


def leading(scores: Scores, fraction: float | None = None) -> list[str]:
    """The strategies that gain most at one fraction, or at any: as many as there are colours, in the study's order."""
    placebos = {check.strategy for check in scores.placebos}
    best: dict[str, float] = {}
    for arm in scores.arms if fraction is None else scores.at(fraction):
        if arm.strategy not in (NONE, *placebos):
            best[arm.strategy] = max(best.get(arm.strategy, -np.inf), gain_of(arm))
    chosen = sorted(best, key=lambda name: -best[name])[:MOST_LINES]
    return [name for name in best if name in chosen]


def gain_of(arm: ArmScore) -> float:
    """Its gain in percent, by which arms are ordered; what failed comes last."""
    return -np.inf if arm.gain_pct is None else arm.gain_pct


def _name(metric: str) -> str:
    return describe(metric).short or describe(metric).label
