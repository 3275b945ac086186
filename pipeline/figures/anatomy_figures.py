"""Where the error lives, and what would be left of it to one who knew a part of the future."""

from functools import partial

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.design import NONE
from pipeline.figures.style import Picture, Theme, label, margin, new_axes
from pipeline.scoring.anatomy import BY_DRIVE
from pipeline.scoring.anatomy_traits import TRAITS
from pipeline.scoring.conclusion import of_data

ROLES = ("model", "baseline", "oracle")
"""In the order in which they are drawn."""

ROOM = 0.16
"""Least share of a bar, per ten letters, that takes its name inside."""


def anatomy_pictures(anatomy: pd.DataFrame | None) -> list[Picture]:
    """Two pictures a fraction: the parts of the error, and what every forecast leaves of it."""
    if anatomy is None or anatomy.empty:
        return []
    pictures = []
    for fraction in sorted(set(anatomy["fraction"])):
        rows, where = anatomy[anatomy["fraction"] == fraction], of_data(fraction)
        pictures += [
            Picture(
                f"error_parts_{fraction:g}",
                f"Where the plain model's error lives, {where}",
                f"Shares of the windows and of the error by class, distance, motion and border, {where}.",
                partial(error_parts, rows),
            ),
            Picture(
                f"error_left_{fraction:g}",
                f"What is left of the plain model's error, {where}",
                f"Error of every model, baseline and oracle in percent of the plain model's, {where}.",
                partial(error_left, rows),
            ),
        ]
    return pictures


def error_parts(rows: pd.DataFrame, theme: Theme) -> Figure:
    """For each trait two full bars: how the windows part, and how the error does."""
    plain = rows[rows["subject"] == NONE]
    figure, axes = new_axes(theme, 0.8 + 0.78 * len(TRAITS), left=0.27, right=0.02)
    ticks: dict[float, str] = {}
    for number, trait in enumerate(TRAITS):
        parts = plain[plain["by"] == trait]
        for offset, column, name in ((0.0, "windows_pct", "windows"), (0.4, "share_pct", "error")):
            _stacked(axes, number + offset, parts, column, theme)
            ticks[number + offset] = f"{trait}, {name}" if offset == 0 else name
    axes.set_yticks(list(ticks), list(ticks.values()))
    axes.set_ylim(len(TRAITS) - 0.25, -0.35)
    axes.set_xlim(0, 100)
    axes.set_xlabel("share, %")
    axes.tick_params(axis="y", labelcolor=theme.ink)
    axes.grid(visible=False)
    return figure


def _stacked(axes: Axes, place: float, parts: pd.DataFrame, column: str, theme: Theme) -> None:
    left = 0.0
    for number, row in enumerate(parts.to_dict("records")):
        width = float(row[column])
        faint = 0.55 if column == "windows_pct" else 1.0
        colour = theme.cycle[number % len(theme.cycle)]
        axes.barh(place, width, 0.36, left=left, color=colour, alpha=faint, edgecolor=theme.paper, linewidth=1.2)
        text = f"{row['part']} {width:.0f}"
        if width / 100 > ROOM * len(text) / 10:
            ink = theme.ink if faint < 1 else theme.paper
            axes.text(left + width / 2, place, text, ha="center", va="center", fontsize=7.5, color=ink)
        left += width


def error_left(rows: pd.DataFrame, theme: Theme) -> Figure:
    """A bar for each forecast, models first; whiskers are 95 % intervals over seeds and drives."""
    shown = rows[(rows["by"] == BY_DRIVE) & rows["left_pct"].notna()]
    shown = shown.sort_values("role", key=lambda roles: roles.map(ROLES.index), kind="stable")
    names = [str(name) for name in shown["subject"]]
    colours = dict(zip(ROLES, (theme.better, theme.muted, theme.cycle[2]), strict=True))
    figure, axes = new_axes(theme, 0.8 + 0.33 * len(shown), left=margin(names), right=0.1)
    for place, row in enumerate(shown.to_dict("records")):
        axes.barh(place, row["left_pct"], 0.62, color=colours[row["role"]])
        if pd.notna(row["low_pct"]):
            axes.plot([row["low_pct"], row["high_pct"]], [place, place], color=theme.ink, linewidth=1.2)
        end = max(row["left_pct"], row["high_pct"] if pd.notna(row["high_pct"]) else 0)
        axes.text(end + 1.5, place, f"{row['left_pct']:.0f}", va="center", fontsize=9, color=theme.ink)
    axes.axvline(100, color=theme.ink, linewidth=0.8, linestyle=":")
    axes.set_yticks(range(len(names)), [label(name) for name in names])
    axes.invert_yaxis()
    axes.tick_params(axis="y", labelcolor=theme.ink)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("error left, % of the plain model's")
    return figure
