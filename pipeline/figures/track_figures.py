"""Example tracks drawn on an empty picture of the camera's size: real ones beside synthetic ones."""

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pipeline.boxes import centre_and_size
from pipeline.figures.style import WIDTH_IN, Theme
from pipeline.windows import Windows

SHOWN = 6
"""Tracks in one picture; more would hide each other."""


def example_tracks(windows: Windows, history: int, theme: Theme) -> Figure:
    """Some windows, box by box: history and future in different colours, early boxes faint."""
    width, height = (float(side) for side in windows.image_size.max(axis=0)) if len(windows) else (1242.0, 375.0)
    figure = Figure(figsize=(WIDTH_IN, WIDTH_IN * 0.98 * height / width + 0.1), facecolor=theme.paper)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.01, 0.02, 0.98, 0.96))
    axes.add_patch(Rectangle((0, 0), width, height, facecolor="none", edgecolor=theme.grid, linewidth=1.5))
    for index in spread(windows):
        _draw_track(axes, windows.boxes[index], history, theme)
    axes.set_xlim(-3, width + 3)
    axes.set_ylim(height + 3, -3)
    axes.axis("off")
    return figure


def spread(windows: Windows, count: int = SHOWN) -> Int[np.ndarray, " shown"]:
    """Windows to show: evenly spaced from the slowest to the fastest, outermost 4 % aside: none is picked."""
    centre = centre_and_size(windows.boxes)[0]
    moved = np.linalg.norm(centre[:, -1] - centre[:, 0], axis=-1)
    order = np.argsort(moved, kind="stable")
    last = len(order) - 1
    return order[np.unique(np.linspace(0.04 * last, 0.96 * last, min(count, len(order))).round().astype(int))]


def _draw_track(axes: Axes, boxes: Float[np.ndarray, "time 4"], history: int, theme: Theme) -> None:
    """Boxes and the way of their centre, as one collection: patches added one by one take most of a report's time."""
    corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    frames = np.arange(len(boxes))
    colours = np.array([to_rgba(theme.better)] * history + [to_rgba(theme.worse)] * (len(boxes) - history))
    bold = np.isin(frames, (0, history - 1, len(boxes) - 1))
    colours[~bold, 3] = 0.3
    axes.add_collection(
        PolyCollection(list(corners), facecolors="none", edgecolors=colours, linewidths=0.5 + 0.6 * bold)
    )
    centre = centre_and_size(boxes)[0]
    axes.plot(*centre[:history].T, color=theme.better, linewidth=1.4)
    axes.plot(*centre[history - 1 :].T, ">-", color=theme.worse, linewidth=1.4, markersize=3, markevery=[-1])
