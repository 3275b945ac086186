"""The ring drawn: samples over training, modes kept, what the critic believes, and losses."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from pipeline.figures.style import WIDTH_IN, Theme, dress
from pipeline.textbook.panels import panels

EDGE = 3.2
"""Half the side of the square that is drawn."""
MOMENTS = 5
"""Columns of the small multiples."""
SHOWN = 600
"""Samples drawn in one panel."""

Points = Float[np.ndarray, "_ 2"]


def samples_over_training(
    samples: Mapping[str, tuple[Sequence[int], Sequence[Points]]], centres: Points, theme: Theme
) -> Figure:
    """One row a remedy, one column a moment; circles mark the modes."""
    cell = (WIDTH_IN - 0.2) / MOMENTS
    figure, grid = panels(theme, len(samples), MOMENTS, (cell + 0.2) * len(samples) + 0.1, dpi=200)
    for row, (name, (steps, moments)) in zip(grid, samples.items(), strict=True):
        chosen = np.linspace(0, len(steps) - 1, MOMENTS).round().astype(int)
        for axes, index in zip(row, chosen, strict=True):
            _plane(axes, centres, theme)
            _dots(axes, moments[index], theme)
            axes.set_title(f"step {steps[index]}", fontsize=7.5, color=theme.muted, pad=2)
        row[0].set_ylabel(name, fontsize=8, color=theme.ink)
    figure.tight_layout(pad=0.3, h_pad=0.6)
    return figure


def modes_over_training(
    kept: Mapping[str, Sequence[tuple[Sequence[int], Sequence[int]]]], modes: int, theme: Theme
) -> Figure:
    """One panel a remedy, one line a seed."""
    figure, grid = panels(theme, 2, -(-len(kept) // 2), 4.0)
    for axes, colour, (name, seeds) in zip(grid.flat, theme.cycle, kept.items(), strict=False):
        dress(axes, theme)
        for steps, counts in seeds:
            axes.plot(steps, counts, color=colour, linewidth=1.6, alpha=max(0.35, 1 / len(seeds) ** 0.5))
        axes.set_ylim(-0.3, modes + 0.4)
        axes.set_yticks(range(0, modes + 1, 2))
        axes.set_title(name, fontsize=8, color=theme.ink, loc="left")
        axes.set_xlabel("step")
    for axes in grid[:, 0]:
        axes.set_ylabel("modes kept")
    for axes in grid.flat[len(kept) :]:
        axes.set_visible(False)
    figure.tight_layout(pad=0.4)
    return figure


def critic_maps(
    surfaces: Mapping[str, tuple[Float[np.ndarray, "row column"], Points]], centres: Points, theme: Theme
) -> Figure:
    """Scores as a filled map (blue: believed real), the last samples on it; each panel has its own scale."""
    figure, grid = panels(theme, 2, -(-len(surfaces) // 2), 6.0, dpi=200)
    colours = LinearSegmentedColormap.from_list("belief", [theme.worse, theme.paper, theme.better])
    line = np.linspace(-EDGE, EDGE, next(iter(surfaces.values()))[0].shape[0])
    for axes, (name, (scores, samples)) in zip(grid.flat, surfaces.items(), strict=False):
        middle = float(np.median(scores))
        reach = max(float(np.quantile(np.abs(scores - middle), 0.98)), 1e-6)
        levels = np.linspace(middle - reach, middle + reach, 15)
        filled = axes.contourf(line, line, scores, levels, cmap=colours, extend="both")
        filled.set_rasterized(True)
        _plane(axes, centres, theme)
        axes.plot(*_few(samples).T, ".", color=theme.ink, markersize=1.5, alpha=0.6, rasterized=True)
        axes.set_title(name, fontsize=8.5, color=theme.ink, loc="left")
    for axes in grid.flat[len(surfaces) :]:
        axes.set_visible(False)
    figure.tight_layout(pad=0.4)
    return figure


def loss_curves(losses: Mapping[str, tuple[Sequence[int], Sequence[Mapping[str, float]]]], theme: Theme) -> Figure:
    """Both players' mean losses between reports, one panel a remedy."""
    figure, grid = panels(theme, 2, -(-len(losses) // 2), 4.2)
    for axes, (name, (steps, values)) in zip(grid.flat, losses.items(), strict=False):
        dress(axes, theme)
        for key, colour in (("critic_loss", theme.better), ("generator_loss", theme.worse)):
            axes.plot(steps, [value[key] for value in values], color=colour, linewidth=1.2)
        axes.set_title(name, fontsize=8.5, color=theme.ink, loc="left")
        axes.set_xlabel("step")
    for axes in grid.flat[len(losses) :]:
        axes.set_visible(False)
    for place, text, colour in ((0.62, "critic", theme.better), (0.5, "generator", theme.worse)):
        grid[0][0].text(0.97, place, text, color=colour, fontsize=8.5, ha="right", va="top",
                        transform=grid[0][0].transAxes)  # fmt: skip
    figure.tight_layout(pad=0.4)
    return figure


def _plane(axes: Axes, centres: Points, theme: Theme) -> None:
    axes.set_xlim(-EDGE, EDGE)
    axes.set_ylim(-EDGE, EDGE)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color(theme.grid)
    axes.plot(*centres.T, "o", markerfacecolor="none", markeredgecolor=theme.muted, markersize=7, markeredgewidth=0.7)


def _dots(axes: Axes, samples: Points, theme: Theme) -> None:
    axes.plot(*_few(samples).T, ".", color=theme.better, markersize=1.8, alpha=0.5, rasterized=True)


def _few(samples: Points) -> Points:
    return samples[:SHOWN]
