"""What lies between two samples of a generator: a row a path through its latents, a cell a stop."""

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pipeline.boxes import centre_and_size
from pipeline.figures.style import WIDTH_IN, Theme
from pipeline.schema import KINDS
from pipeline.windows import Windows

SHAPE = 0.8
"""Height of a cell over its width."""
HEAD = 0.22
"""Room for the class above a row, in cells."""


def latent_walks(walk: Windows, theme: Theme) -> Figure:
    """Every path from its first latent to its last; the cells of a row share a scale."""
    paths, stops = np.unique(walk.track), int(walk.index.max()) + 1
    height = WIDTH_IN / stops * (SHAPE + HEAD) * len(paths)
    figure = Figure(figsize=(WIDTH_IN, height), facecolor=theme.paper)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.005, 0, 0.99, 1), xlim=(0, stops), ylim=((SHAPE + HEAD) * len(paths), 0))
    axes.axis("off")
    for row, path in enumerate(paths):
        own = walk.take(walk.track == path)
        top = row * (SHAPE + HEAD) + HEAD
        axes.text(0.02, top - 0.05, KINDS[int(own.kind[0])], fontsize=8.5, color=theme.muted)
        for stop, boxes in enumerate(_into_cells(own.boxes)):
            axes.add_patch(Rectangle((stop, top), 1, SHAPE, fill=False, edgecolor=theme.grid))
            _draw(axes, boxes + np.tile([stop, top], 2), theme)
    return figure


def _into_cells(boxes: Float[np.ndarray, "stop time 4"]) -> Float[np.ndarray, "stop time 4"]:
    """Each in the middle of a cell of width 1 and height SHAPE, all at one scale."""
    low, high = boxes[..., :2].min(axis=1), boxes[..., 2:].max(axis=1)
    scale = 0.86 / np.max((high - low) / np.array([1, SHAPE]))
    shift = np.array([0.5, SHAPE / 2]) - scale * (low + high) / 2
    return scale * boxes + np.tile(shift, 2)[:, None]


def _draw(axes: Axes, boxes: Float[np.ndarray, "time 4"], theme: Theme) -> None:
    for (left, top, right, bottom), colour in ((boxes[0], theme.better), (boxes[-1], theme.worse)):
        axes.add_patch(Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=colour, linewidth=0.9))
    axes.plot(*centre_and_size(boxes)[0].T, color=theme.ink, linewidth=1.2, solid_capstyle="round")
