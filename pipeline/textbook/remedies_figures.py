"""Two failures drawn: gradients over distance, and paths of a game."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from pipeline.figures.style import Theme, dress, label_ends, new_axes
from pipeline.textbook.panels import panels

REACH = 2.2
"""Half the side of a game's panel; what spirals away may leave it."""


def draw_pulls(
    distances: Float[np.ndarray, " distance"], pulls: Mapping[str, Float[np.ndarray, " distance"]], theme: Theme
) -> Figure:
    """One line a loss, on a logarithmic axis; nothing is drawn at distance 0, where none pulls."""
    figure, axes = new_axes(theme, 3.4, left=0.13, right=0.24)
    ends = []
    axes.set_yscale("log")
    for (name, pull), colour in zip(pulls.items(), (theme.worse, theme.better, theme.cycle[2]), strict=False):
        axes.plot(distances[1:], pull[1:], color=colour, linewidth=1.8)
        ends.append((float(pull[-1]), name, colour))
    axes.set_xlim(0, float(distances[-1]))
    axes.set_xlabel("distance between generator and data, deviations")
    axes.set_ylabel("length of the generator's gradient")
    label_ends(axes, ends)
    return figure


def draw_games(paths: Mapping[str, Float[np.ndarray, "step 2"]], theme: Theme) -> Figure:
    """One panel a rule: from the ring at the start to the dot at the end."""
    figure, grid = panels(theme, 2, -(-len(paths) // 2), 4.2)
    for axes, (name, path) in zip(grid.flat, paths.items(), strict=False):
        dress(axes, theme)
        axes.plot(*path.T, color=theme.better, linewidth=0.9)
        axes.plot(*path[0], "o", markerfacecolor=theme.paper, markeredgecolor=theme.ink, markersize=5)
        axes.plot(*path[-1], "o", color=theme.worse, markersize=5)
        axes.set_xlim(-REACH, REACH)
        axes.set_ylim(-REACH, REACH)
        axes.set_aspect("equal")
        axes.set_title(name, fontsize=8.5, color=theme.ink, loc="left")
    for axes in grid.flat[len(paths) :]:
        axes.set_visible(False)
    figure.tight_layout(pad=0.4)
    return figure
