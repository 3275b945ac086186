"""Errors drawn: how they grow with the horizon, beside forecasts without learning, and how training went."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from pipeline.design import NONE
from pipeline.figures.gain_figures import MOST_LINES, leading
from pipeline.figures.style import Theme, label, label_ends, new_axes
from pipeline.scoring.conclusion import words
from pipeline.scoring.scores import Scores

MOST_TICKS = 14
"""More numbers than these would touch each other below a figure."""


def error_by_horizon(scores: Scores, fraction: float, theme: Theme) -> Figure:
    """The plain model and the forecasts without learning, step by step into the future."""
    figure, axes = new_axes(theme, 3.2, left=0.11, right=0.27)
    baselines = [baseline.name for baseline in scores.baselines]
    ends = []
    for name, colour, style in [
        (NONE, theme.better, "-"),
        *((name, theme.muted, style) for name, style in zip(baselines, ("--", "-.", ":", "--"), strict=False)),
    ]:
        steps, errors = _steps(scores, name, 1.0 if name in baselines else fraction, "mean")
        if errors:
            axes.plot(steps, errors, style, color=colour, linewidth=2.2 if name == NONE else 1.4)
            ends.append((errors[-1], "plain model" if name == NONE else label(words(name)), colour))
    axes.set_ylim(bottom=0)
    _horizon_axis(figure, steps)
    axes.set_ylabel(f"centre error, {scores.unit}")
    label_ends(axes, ends)
    return figure


def gain_by_horizon(scores: Scores, fraction: float, theme: Theme) -> Figure:
    """The gain of the strategies that gain most, step by step into the future; no intervals."""
    figure, axes = new_axes(theme, 3.2, left=0.11, right=0.27)
    names = leading(scores, fraction)
    colours = dict(zip(names, theme.cycle, strict=False))
    ends = []
    steps: list[int] = [1]
    for name in names:
        steps, gains = _steps(scores, name, fraction, "gain_pct")
        if gains:
            axes.plot(steps, gains, color=colours[name], linewidth=1.6)
            ends.append((gains[-1], label(name), colours[name]))
    low, high = _range_of(names, scores, fraction)
    axes.set_ylim(low, high)
    axes.axhline(0, color=theme.ink, linewidth=1)
    _horizon_axis(figure, steps)
    axes.set_ylabel("gain, %   (better ↑)")
    label_ends(axes, [(min(max(gain, low), high), text, colour) for gain, text, colour in ends])
    return figure


def _range_of(names: Sequence[str], scores: Scores, fraction: float) -> tuple[float, float]:
    gains = [0.0, *(gain for name in names for gain in _steps(scores, name, fraction, "gain_pct")[1])]
    room = 0.08 * (max(gains) - min(gains)) + 2
    return min(gains) - room, max(gains) + room


def _steps(scores: Scores, strategy: str, fraction: float, value: str) -> tuple[list[int], list[float]]:
    rows = [row for row in scores.groups["step"] if row.strategy == strategy and row.fraction == fraction]
    pairs = sorted((int(row.group), getattr(row, value)) for row in rows if getattr(row, value) is not None)
    return [step for step, _ in pairs], [number for _, number in pairs]


def _horizon_axis(figure: Figure, steps: Sequence[int]) -> None:
    (axes,) = figure.axes
    axes.set_xlabel("frames ahead")
    if steps:
        axes.set_xlim(min(steps), max(steps))
        axes.set_xticks(steps[:: -(-len(steps) // MOST_TICKS)])


def training_curves(scores: Scores, rows: pd.DataFrame, name: str, theme: Theme) -> Figure:
    """One quantity over the training steps, the mean over seeds and folds: the plain model and what gains most."""
    figure, axes = new_axes(theme, 2.9, left=0.13, right=0.24)
    colours = {NONE: theme.ink, **dict(zip(leading(scores), theme.cycle, strict=False))}
    ends = []
    known, shown = list(dict.fromkeys(rows["strategy"])), [NONE, *leading(scores)]
    for strategy in [name for name in known if name in shown] or known[:MOST_LINES]:
        colour = colours.get(strategy, theme.muted)
        mean = rows[rows["strategy"] == strategy].groupby("step")["value"].mean()
        axes.plot(mean.index, mean.to_numpy(), color=colour, linewidth=1.4)
        ends.append((float(mean.iloc[-1]), label(strategy), colour))
    values = rows["value"]
    if values.min() > 0 and values.max() > 20 * values.min():
        axes.set_yscale("log")
    axes.set_xlabel("optimiser steps")
    axes.set_ylabel(label(name))
    label_ends(axes, ends)
    return figure
