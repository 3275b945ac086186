"""Gains drive by drive: is a gain found everywhere, or one drive's doing?"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from pipeline.design import NONE
from pipeline.figures.gain_figures import gain_of
from pipeline.figures.style import Theme, label, margin, new_axes
from pipeline.scoring.conclusion import signed
from pipeline.scoring.scores import Scores

MOST_COLUMNS = 10
"""Drives whose numbers stand side by side; of more, each is a dot."""
MOST_ROWS = 14
"""Strategies in one figure, those that gain most; the table below it holds all."""


def gain_by_drive(scores: Scores, fraction: float, theme: Theme) -> Figure:
    """A row a strategy: its gain on each held-out drive, in numbers where there are few drives, else as dots."""
    names, drives, table = gains_of_drives(scores, fraction)
    return (_heat_map if len(drives) <= MOST_COLUMNS else _strips)(table, names, drives, theme)


def gains_of_drives(
    scores: Scores, fraction: float
) -> tuple[list[str], list[str], Float[np.ndarray, "strategy drive"]]:
    """The strategies that gain most, placebos last, the held-out drives, and gains in percent; NaN where unknown."""
    rows = [row for row in scores.groups["drive"] if row.fraction == fraction]
    gains = {(row.strategy, row.group): row.gain_pct for row in rows}
    placebos = {check.strategy for check in scores.placebos}
    arms = sorted((arm for arm in scores.at(fraction) if arm.strategy != NONE), key=lambda arm: -gain_of(arm))
    leading = [arm.strategy for arm in arms if arm.strategy not in placebos][:MOST_ROWS]
    names = leading + [arm.strategy for arm in arms if arm.strategy in placebos]
    drives = sorted({row.group for row in rows if row.strategy == NONE})
    found = [[gains.get((name, drive)) for drive in drives] for name in names]
    return names, drives, np.array(found, float).reshape(len(names), len(drives))


def _heat_map(
    table: Float[np.ndarray, "strategy drive"], names: Sequence[str], drives: Sequence[str], theme: Theme
) -> Figure:
    height, left = 1.0 + 0.25 * len(names), margin(names, least=0.15)
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
    axes.set_xticks(
        range(len(drives)), [label(drive) for drive in drives], rotation=35, ha="left", rotation_mode="anchor"
    )
    axes.xaxis.tick_top()
    axes.spines["bottom"].set_visible(False)
    axes.grid(visible=False)
    return _with_names(figure, axes, names, theme)


def _strips(
    table: Float[np.ndarray, "strategy drive"], names: Sequence[str], drives: Sequence[str], theme: Theme
) -> Figure:
    figure, axes = new_axes(theme, 0.75 + 0.26 * len(names), margin(names), right=0.36)
    low, high = _limits(table)
    for row, gains in enumerate(table):
        known = gains[np.isfinite(gains)]
        if not known.size:
            continue
        colours = np.where(known < 0, theme.worse, theme.better)
        axes.scatter(np.clip(known, low, high), np.full(len(known), row), 16, c=colours, alpha=0.6, linewidths=0)
        axes.plot(np.clip(np.median(known), low, high), row, "|", color=theme.ink, markersize=11, markeredgewidth=1.6)
        worst = int(np.nanargmin(gains))
        text = f"{(known > 0).sum()} of {len(known)} gain, {label(drives[worst], 12)} {signed(gains[worst], 0)}"
        axes.annotate(text, (1, row), xycoords=("axes fraction", "data"), xytext=(8, 0), textcoords="offset points",
                      va="center", fontsize=8.5, color=theme.muted, annotation_clip=False)  # fmt: skip
    axes.axvline(0, color=theme.ink, linewidth=1, zorder=1)
    axes.set(xlim=(low, high), ylim=(len(names) - 0.4, -0.6), xlabel="gain, %   (better →)")
    axes.grid(axis="y", visible=False)
    return _with_names(figure, axes, names, theme)


def _limits(table: Float[np.ndarray, "strategy drive"]) -> tuple[float, float]:
    """Room for nearly all dots; the far ones lie on the edge, as noise may lose several hundred percent."""
    known = table[np.isfinite(table)]
    low, high = np.quantile(known, [0.05, 0.995]) if known.size else (-5.0, 5.0)
    low, high = max(min(low, -5.0), -2 * max(high, 10.0)), max(high, 5.0)
    return float(low - 0.04 * (high - low)), float(high + 0.04 * (high - low))


def _with_names(figure: Figure, axes: Axes, names: Sequence[str], theme: Theme) -> Figure:
    axes.set_yticks(range(len(names)), [label(name) for name in names])
    axes.tick_params(labelcolor=theme.ink)
    return figure
