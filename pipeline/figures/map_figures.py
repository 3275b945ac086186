"""Domains drawn in one plane: in each panel one domain over the real samples that were learnt from."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pipeline.domain_maps import REAL, DomainMap, Method
from pipeline.figures.style import WIDTH_IN, Theme, dress, label
from pipeline.scoring.conclusion import signed

COLUMNS = 4


def domain_panels(found: DomainMap, method: Method, theme: Theme) -> Figure:
    """One panel a domain, all in the same plane; the title holds the gap to the real samples."""
    places, domains = found.places[method], list(found.gaps)
    columns = min(COLUMNS, len(domains))
    rows = -(-len(domains) // columns)
    side = WIDTH_IN / columns
    figure = Figure(figsize=(WIDTH_IN, rows * (side + 0.42)), facecolor=theme.paper)
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    figure.subplots_adjust(0.01, 0.01, 0.99, 1 - 0.4 / figure.get_figheight(), 0.05, 0.42 / side)
    real = found.domain == REAL
    for axes, domain in zip(grid, domains, strict=False):
        dress(axes, theme)
        axes.plot(*places[real].T, ".", color=theme.muted, markersize=3, alpha=0.6)
        axes.plot(*places[found.domain == domain].T, ".", color=theme.better, markersize=3.5)
        axes.set_title(
            f"{label(domain)}\ngap {signed(found.gaps[domain].gap, 2)}", fontsize=8.5, color=theme.ink, pad=4
        )
        axes.set(xticks=[], yticks=[])
    for axes in grid[len(domains) :]:
        axes.set_visible(False)
    low, high = np.quantile(places, [0.003, 0.997], axis=0)
    room = 0.1 * (high - low)
    grid[0].set(xlim=(low[0] - room[0], high[0] + room[0]), ylim=(low[1] - room[1], high[1] + room[1]))
    return figure
