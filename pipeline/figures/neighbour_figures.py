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

COLUMNS, ROWS, SHAPE = 3, 2, 0.6
"""Cells of a figure, and their height over their width."""
MOST_REAL = 4000
"""Real tracks that are compared; evenly spaced, where there are more."""


def nearest_tracks(samples: Windows, real: Windows, theme: Theme) -> Figure:
    """Evenly chosen synthetic tracks in colour, the nearest real one behind each in grey; first and last box drawn."""
    samples, real = whole(samples), whole(real)
    shown = samples.take(spread(samples, COLUMNS * ROWS))
    known = real.take(np.unique(np.linspace(0, len(real) - 1, min(len(real), MOST_REAL)).round().astype(int)))
    found = known.take(nearest(shown, known))
    height = WIDTH_IN * ROWS / COLUMNS * SHAPE
    figure = Figure(figsize=(WIDTH_IN, height), facecolor=theme.paper)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, COLUMNS), ylim=(ROWS * SHAPE, 0))
    axes.axis("off")
    for number, (made, recorded) in enumerate(zip(shown.boxes, found.boxes, strict=True)):
        row, column = divmod(number, COLUMNS)
        cell = (float(column), row * SHAPE)
        axes.add_patch(Rectangle(cell, 1, SHAPE, fill=False, edgecolor=theme.grid))
        made, recorded = _into_cell(made, recorded, cell)
        _draw(axes, recorded, theme.muted, 4.0)
        _draw(axes, made, theme.worse, 1.4)
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


def _into_cell(
    made: Float[np.ndarray, "time 4"], recorded: Float[np.ndarray, "time 4"], cell: tuple[float, float]
) -> tuple[Float[np.ndarray, "time 4"], Float[np.ndarray, "time 4"]]:
    """Both tracks moved and scaled alike, so that they fill a cell of width 1 and height SHAPE."""
    both = np.concatenate([made, recorded])
    low, high = both[:, :2].min(axis=0), both[:, 2:].max(axis=0)
    scale = 0.88 / np.max((high - low) / np.array([1, SHAPE]))
    shift = np.array(cell) + np.array([0.5, SHAPE / 2]) - scale * (low + high) / 2
    return scale * made + np.tile(shift, 2), scale * recorded + np.tile(shift, 2)
