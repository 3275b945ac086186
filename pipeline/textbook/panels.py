"""A grid of small plots: what most pictures of the textbook are."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pipeline.figures.style import WIDTH_IN, Theme


def panels(theme: Theme, rows: int, columns: int, height_in: float, dpi: int = 100) -> tuple[Figure, np.ndarray]:
    """A figure and its axes as an array of ``rows`` by ``columns``; ``dpi`` is that of rasterised parts."""
    figure = Figure(figsize=(WIDTH_IN, height_in), facecolor=theme.paper, dpi=dpi)
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_facecolor(theme.paper)
    return figure, grid
