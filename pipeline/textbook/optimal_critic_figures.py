"""The optimal critic drawn: learnt against closed form."""

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from pipeline.figures.style import Theme, dress
from pipeline.textbook.known_densities import Mixture, jensen_shannon
from pipeline.textbook.panels import panels

Line = Float[np.ndarray, " place"]


def draw_critic(x: Line, p: Line, q: Line, learnt: Line, best: Line, theme: Theme) -> Figure:
    """Densities below, critics above; the closed form is a broad grey band so that the learnt one can lie on it."""
    figure, grid = panels(theme, 1, 1, 3.2)
    axes = grid[0][0]
    dress(axes, theme)
    seen = (x > -6) & (x < 7)
    axes.fill_between(x[seen], p[seen], color=theme.better, alpha=0.3, linewidth=0)
    axes.fill_between(x[seen], q[seen], color=theme.worse, alpha=0.3, linewidth=0)
    axes.plot(x[seen], best[seen], color=theme.muted, linewidth=5, alpha=0.45, solid_capstyle="butt")
    axes.plot(x[seen], learnt[seen], color=theme.ink, linewidth=1.4)
    axes.set_xlim(-6, 7)
    axes.set_ylim(0, 1.02)
    legend = (
        ("learnt critic", theme.ink), ("p / (p + q)", theme.muted), ("data p", theme.better),
        ("generator q", theme.worse),
    )  # fmt: skip
    for number, (text, colour) in enumerate(legend):
        axes.text(0.985, 0.97 - 0.085 * number, text, color=colour, fontsize=9, ha="right", va="top",
                  transform=axes.transAxes)  # fmt: skip
    figure.tight_layout(pad=0.4)
    return figure


def draw_values(distance: np.ndarray, value: np.ndarray, mover: np.ndarray, theme: Theme) -> Figure:
    """Dots: trained critics; lines: closed forms."""
    figure, grid = panels(theme, 1, 2, 2.7)
    left, right = grid[0]
    fine = np.linspace(0, 6, 61)
    data = Mixture((0.0,)).density()
    closed = [2 * jensen_shannon(data, Mixture((float(mean),)).density()) - np.log(4) for mean in fine]
    for axes, curve, dots, name in (
        (left, closed, value, "minimax: 2 JSD - log 4, nats"),
        (right, fine, mover, "Wasserstein: earth mover's distance"),
    ):
        dress(axes, theme)
        axes.plot(fine, curve, color=theme.muted, linewidth=1.6)
        axes.plot(distance, dots, "o", color=theme.better, markersize=5)
        axes.set_title(name, fontsize=8.5, color=theme.ink, loc="left")
        axes.set_xlabel("distance of the means")
    left.axhline(-np.log(4), color=theme.worse, linewidth=1, linestyle=":")
    left.text(6, -np.log(4) + 0.03, "-log 4", color=theme.worse, fontsize=8.5, ha="right", va="bottom")
    figure.tight_layout(pad=0.4)
    return figure
