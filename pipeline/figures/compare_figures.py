"""Studies side by side: gains with their intervals, and what a gain cost."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pipeline.figures.style import Theme, label, label_ends, margin, new_axes
from pipeline.scoring.conclusion import of_data

MOST_SERIES = 8
"""As many as there are colours."""


def series_of(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of each study and fraction by what a figure calls them."""
    several = table.groupby("study")["fraction"].nunique().to_dict()
    parts = {}
    for study in dict.fromkeys(table["study"]):
        rows = table[table["study"] == study]
        for fraction in sorted(set(rows["fraction"])):
            name = f"{study} {100 * fraction:g} %" if several[study] > 1 else study
            parts[name] = rows[rows["fraction"] == fraction]
    return dict(list(parts.items())[:MOST_SERIES])


def gains_side_by_side(table: pd.DataFrame, theme: Theme) -> Figure:
    """A row a strategy, a point with its interval for each study and fraction; the best median gain on top."""
    parts = series_of(table)
    shown = pd.concat(parts.values())
    order = list(shown.groupby("strategy")["gain_pct"].median().sort_values(ascending=False).index)
    step = min(0.22, 0.8 / len(parts))
    height = 0.9 + len(order) * max(0.3, 0.09 * len(parts)) + 0.2 * len(parts)
    figure, axes = new_axes(theme, height, margin(order))
    low, high = _limits(shown)
    for number, (name, rows) in enumerate(parts.items()):
        colour = theme.cycle[number]
        places = np.array([order.index(strategy) for strategy in rows["strategy"]])
        places = places + step * (number - (len(parts) - 1) / 2)
        gains = rows["gain_pct"].to_numpy(float)
        axes.hlines(
            places, rows["ci_low"].clip(low, high), rows["ci_high"].clip(low, high), color=colour, linewidth=1.6
        )
        axes.plot(np.clip(gains, low, high), places, "o", color=colour, markersize=4.5, label=label(name, 40))
    axes.set(xlim=(low, high), ylim=(len(order) - 0.4, -0.6), xlabel="gain, %   (better →)")
    axes.set_yticks(range(len(order)), [label(name) for name in order])
    axes.tick_params(axis="y", labelcolor=theme.ink)
    axes.grid(axis="y", visible=False)
    axes.axvline(0, color=theme.ink, linewidth=1, zorder=1)
    space = 0.2 * len(parts) / height
    box = axes.get_position()
    axes.set_position((box.x0, box.y0, box.width, box.height - space))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False, fontsize=8.5, labelcolor=theme.ink)
    return figure


def _limits(rows: pd.DataFrame) -> tuple[float, float]:
    """Made for the strategies: placebos and disasters may run off the left edge."""
    ends = rows.loc[rows["verdict"] != "placebo", ["gain_pct", "ci_low", "ci_high"]].to_numpy(float)
    ends = ends[np.isfinite(ends)]
    high = max(4.0, float(ends.max(initial=0)))
    low = max(min(-4.0, float(ends.min(initial=0))), -2.5 * max(high, 8.0))
    return low - 0.05 * (high - low), high + 0.05 * (high - low)


def gain_by_cost(table: pd.DataFrame, fraction: float, theme: Theme) -> Figure:
    """CPU seconds of a strategy against its gain: what is up and to the left is worth having."""
    figure, axes = new_axes(theme, 3.4, left=0.11, right=0.26)
    rows = table[(table["fraction"] == fraction) & (table["verdict"] != "placebo")].dropna(subset=["fit_s", "gain_pct"])
    names: Mapping[str, str] = dict(zip(dict.fromkeys(table["study"]), theme.cycle, strict=False))
    ends = []
    for study, colour in names.items():
        part = rows[rows["study"] == study]
        if len(part):
            axes.plot(part["fit_s"].clip(lower=0.01), part["gain_pct"], "o", color=colour, markersize=6, alpha=0.85)
            best = part.iloc[int(part["gain_pct"].to_numpy(float).argmax())]
            ends.append((float(best["gain_pct"]), f"{label(best['strategy'])}\n{label(study)}", colour))
    axes.set_xscale("log")
    axes.axhline(0, color=theme.ink, linewidth=1)
    axes.set_xlabel("CPU seconds to fit and draw")
    axes.set_ylabel(f"gain, %, {of_data(fraction)}")
    label_ends(axes, ends, gap=0.15)
    return figure
