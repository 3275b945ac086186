"""The Gaussian GAN drawn: densities at a few moments, and where each seed went."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from scipy.special import expit
from scipy.stats import norm

from pipeline.figures.style import Theme, dress
from pipeline.textbook.panels import panels

Places = Float[np.ndarray, "look 2"]
"""Mean and deviation at each look."""


def draw_moments(
    steps: Sequence[int], places: Places, critics: Float[np.ndarray, "look 3"], truth: tuple[float, float], theme: Theme
) -> Figure:
    """Four moments: density of data (ink) and generator (orange), and the critic's probability of real (blue)."""
    figure, grid = panels(theme, 2, 2, 4.4)
    x = np.linspace(min(-2.5, truth[0] - 4 * truth[1]), truth[0] + max(2.5, 4 * truth[1]), 300)
    for axes, look in zip(grid.flat, _moments(len(steps) - 1), strict=True):
        dress(axes, theme)
        mean, deviation = places[look]
        axes.plot(x, norm.pdf(x, *truth), color=theme.ink, linewidth=1.4)
        axes.fill_between(x, norm.pdf(x, mean, max(deviation, 1e-3)), color=theme.worse, alpha=0.35, linewidth=0)
        axes.plot(x, expit(np.polyval(critics[look], x)), color=theme.better, linewidth=1.4)
        axes.set_ylim(0, 1.7 * max(1.0, float(norm.pdf(truth[0], *truth))) / 1.4)
        axes.set_title(f"step {steps[look]}", fontsize=8.5, color=theme.ink, loc="left")
    legend = (("data", theme.ink), ("generator", theme.worse), ("critic, probability of real", theme.better))
    for place, (text, colour) in zip((0.96, 0.86, 0.76), legend, strict=True):
        grid[0][0].text(0.98, place, text, color=colour, fontsize=8, ha="right", va="top",
                        transform=grid[0][0].transAxes)  # fmt: skip
    figure.tight_layout(pad=0.4)
    return figure


def _moments(last: int) -> tuple[int, int, int, int]:
    """Most happens early."""
    return 0, last // 8, last // 3, last


def draw_courses(steps: Sequence[int], courses: Sequence[Places], truth: tuple[float, float], theme: Theme) -> Figure:
    """One line a seed; the truth is dashed."""
    figure, grid = panels(theme, 1, 2, 2.5)
    for axes, column, name in zip(grid[0], (0, 1), ("mean", "deviation"), strict=True):
        dress(axes, theme)
        for places in courses:
            axes.plot(steps, places[:, column], color=theme.worse, linewidth=1.1, alpha=0.55)
        axes.axhline(truth[column], color=theme.ink, linewidth=1.2, linestyle="--")
        axes.set_title(name, fontsize=8.5, color=theme.ink, loc="left")
        axes.set_xlabel("generator step")
    figure.tight_layout(pad=0.4)
    return figure
