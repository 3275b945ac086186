"""Synthetic tracks, each on top of the real training track that it comes closest to: a copy would hide it."""

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from scipy.spatial.distance import cdist

from pipeline.boxes import centre_and_size
from pipeline.domain_maps import features, whole
from pipeline.figures.style import WIDTH_IN, Theme
from pipeline.figures.track_figures import spread
from pipeline.windows import Windows

COLUMNS, ROWS = 3, 2
MOST_REAL = 4000
"""Real tracks that are compared; evenly spaced, where there are more."""


def nearest_tracks(samples: Windows, real: Windows, theme: Theme) -> Figure:
    """Evenly chosen synthetic tracks in colour, the nearest real one behind each in grey; first and last box drawn."""
    samples, real = whole(samples), whole(real)
    shown = samples.take(spread(samples, COLUMNS * ROWS))
    known = real.take(np.unique(np.linspace(0, len(real) - 1, min(len(real), MOST_REAL)).round().astype(int)))
    found = known.take(nearest(shown, known))
    figure = Figure(figsize=(WIDTH_IN, WIDTH_IN * ROWS / COLUMNS * 0.62), facecolor=theme.paper)
    FigureCanvasAgg(figure)
    grid = figure.subplots(ROWS, COLUMNS, squeeze=False).ravel()
    figure.subplots_adjust(0.005, 0.01, 0.995, 0.99, 0.03, 0.05)
    for axes in grid:
        axes.set(xticks=[], yticks=[], facecolor=theme.paper)
        for spine in axes.spines.values():
            spine.set_color(theme.grid)
    for axes, made, recorded in zip(grid, shown.boxes, found.boxes, strict=False):
        _draw(axes, recorded, theme.muted, 4.0)
        _draw(axes, made, theme.worse, 1.4)
        _frame(axes, np.concatenate([made, recorded]))
    return figure


def nearest(samples: Windows, real: Windows) -> Int[np.ndarray, " sample"]:
    """Number of the real track that differs least from each sample; features count by their spread over ``real``."""
    theirs = features(real)
    scale = theirs.std(axis=0)
    scale = np.where(scale > 0, scale, 1)
    return cdist(features(samples) / scale, theirs / scale).argmin(axis=1)


def _draw(axes: Axes, boxes: Float[np.ndarray, "time 4"], colour: str, width: float) -> None:
    axes.plot(*centre_and_size(boxes)[0].T, color=colour, linewidth=width, solid_capstyle="round")
    for left, top, right, bottom in boxes[[0, -1]]:
        axes.add_patch(
            Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=colour, linewidth=0.6 * width)
        )


def _frame(axes: Axes, boxes: Float[np.ndarray, "n 4"]) -> None:
    """Limits around all boxes in the shape of the panel, rows downwards."""
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    middle, half = (low + high) / 2, np.maximum((high - low).max() * np.array([0.58, 0.36]), (high - low) * 0.58)
    axes.set(xlim=(middle[0] - half[0], middle[0] + half[0]), ylim=(middle[1] + half[1], middle[1] - half[1]))
