"""A search drawn: the gain of each trial and the best so far, and how much each setting mattered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipeline.figures.style import Theme, label, margin, new_axes


@dataclass(frozen=True)
class TrialPoint:
    """A trial as it is drawn."""

    number: int
    gain_pct: float
    finished: bool
    """Over every seed; False: given up early, by the seeds it had."""


def trial_history(points: Sequence[TrialPoint], theme: Theme) -> Figure:
    """Every trial in the order it was tried, and the best finished one so far."""
    figure, axes = new_axes(theme, 3.0, left=0.12)
    for finished, colour, name in ((True, theme.better, "all seeds"), (False, theme.muted, "given up early")):
        shown = [point for point in points if point.finished is finished]
        numbers, gains = [point.number for point in shown], [point.gain_pct for point in shown]
        axes.plot(numbers, gains, "o", color=colour, markersize=5, label=name)
    best = np.maximum.accumulate([point.gain_pct if point.finished else -np.inf for point in points])
    axes.step([point.number for point in points], best, where="post", color=theme.ink, linewidth=1.4, label="best")
    axes.axhline(0, color=theme.grid, linewidth=1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("trial")
    axes.set_ylabel("gain on validation drives, %")
    legend = axes.legend(fontsize=9, frameon=False, labelcolor=theme.ink)
    legend.set_in_layout(False)
    return figure


def setting_importances(importances: Mapping[str, float], theme: Theme) -> Figure:
    """The share of the differences between trials that each setting accounts for, the largest first."""
    ordered = sorted(importances.items(), key=lambda item: item[1])
    names = [name for name, _ in ordered]
    left = margin(names)
    figure, axes = new_axes(theme, 0.8 + 0.3 * len(names), left=left)
    axes.barh([label(name) for name in names], [value for _, value in ordered], color=theme.better, height=0.6)
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of the differences in gain")
    return figure
