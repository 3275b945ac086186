"""Pictures of digits: rows of samples with the nearest real digit at the end, class balances, loss curves."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from pipeline.figures.style import WIDTH_IN, Theme, dress, label_ends, new_axes

FRAME = "#f2c200"
"""The frame round a real digit: yellow, as in Goodfellow's figure."""
DPI = 200
"""Of the digits within an SVG file: fine enough for square pixels to stay square."""
GAP = 0.12
"""Between digits, as a part of their side."""


def digit_grid(
    panel: Float[np.ndarray, "row column height width"],
    real: Bool[np.ndarray, "row column"],
    rows: Sequence[str],
    columns: Sequence[str],
    theme: Theme,
) -> Figure:
    """Digits in rows and columns, in ink on paper; real ones have a yellow frame.

    Args:
        panel: Brightness from 0 to 1.
        real: Where to put frames.
        rows: A name for each row, or none.
        columns: A name for each column, or none.
        theme: Colours.
    """
    longest = max((len(name) for name in rows), default=0)
    left, top = 0.08 + 0.075 * longest, (0.28 if columns else 0.08)
    cell = (WIDTH_IN - left - 0.08) / panel.shape[1]
    height = top + 0.08 + cell * panel.shape[0]
    figure = Figure(figsize=(WIDTH_IN, height), facecolor=theme.paper, dpi=DPI)
    FigureCanvasAgg(figure)
    box = (left / WIDTH_IN, 0.08 / height, cell * panel.shape[1] / WIDTH_IN, cell * panel.shape[0] / height)
    axes = figure.add_axes(box)
    _draw_panel(axes, panel, real, theme)
    for row, name in enumerate(rows):
        axes.text(-0.12, row + 0.5, name, ha="right", va="center", fontsize=9, color=theme.ink)
    for column, name in enumerate(columns):
        axes.text(column + 0.5, -0.08, name, ha="center", va="bottom", fontsize=9, color=theme.muted)
    return figure


def _draw_panel(
    axes: Axes, panel: Float[np.ndarray, "row column height width"], real: Bool[np.ndarray, "row column"], theme: Theme
) -> None:
    rows, columns = panel.shape[:2]
    ink = LinearSegmentedColormap.from_list("ink", [theme.paper, theme.ink])
    for row, column in np.ndindex(rows, columns):
        place = (column + GAP / 2, column + 1 - GAP / 2, row + 1 - GAP / 2, row + GAP / 2)
        axes.imshow(panel[row, column], cmap=ink, vmin=0, vmax=1, extent=place, interpolation="nearest")
        if real[row, column]:
            side = 1 - GAP / 2
            corner = (column + GAP / 4, row + GAP / 4)
            axes.add_patch(Rectangle(corner, side, side, fill=False, edgecolor=FRAME, linewidth=1.6))
    axes.set_xlim(0, columns)
    axes.set_ylim(rows, 0)
    axes.axis("off")


def balance_bars(shares: Mapping[str, Float[np.ndarray, " class"]], theme: Theme) -> Figure:
    """Share of each class in %, one group of bars a class, one colour a maker; the line is what real digits have."""
    figure, axes = new_axes(theme, 2.9, left=0.09)
    width = 0.8 / len(shares)
    for index, (name, part) in enumerate(shares.items()):
        place = np.arange(len(part)) + (index - (len(shares) - 1) / 2) * width
        colour = theme.muted if name == "real" else theme.cycle[(index - ("real" in shares)) % len(theme.cycle)]
        axes.bar(place, 100 * part, width * 0.92, color=colour, label=name)
    axes.axhline(4, color=theme.ink, linewidth=1, linestyle=(0, (4, 3)))
    axes.set_xticks(range(10))
    axes.set_xlabel("class")
    axes.set_ylabel("share, %")
    axes.grid(visible=False, axis="x")
    axes.set_ylim(0, axes.get_ylim()[1] * 1.15)  # room for the legend
    axes.set_yticks([tick for tick in axes.get_yticks() if tick <= 100])
    axes.legend(frameon=False, fontsize=9, labelcolor=theme.ink, ncols=len(shares), loc="upper right")
    return figure


def loss_panels(curves: Mapping[str, Sequence[tuple[int, Mapping[str, float]]]], theme: Theme) -> Figure:
    """Losses of both players over the steps, one plot a run, each with its own scale."""
    height = 1.9 * len(curves) + 0.2
    figure = Figure(figsize=(WIDTH_IN, height), facecolor=theme.paper)
    FigureCanvasAgg(figure)
    for index, (name, curve) in enumerate(curves.items()):
        bottom = (1.9 * (len(curves) - 1 - index) + 0.5) / height
        axes = figure.add_axes((0.09, bottom, 0.74, 1.15 / height))
        dress(axes, theme)
        steps = [step for step, _ in curve]
        ends = []
        for role, colour in (("critic", theme.better), ("generator", theme.worse)):
            values = [losses[f"{role}_loss"] for _, losses in curve]
            axes.plot(steps, values, color=colour, linewidth=1.4)
            ends.append((values[-1], role, colour))
        axes.set_title(name, fontsize=9.5, loc="left", color=theme.ink)
        axes.set_xlabel("step")
        axes.margins(x=0.01)
        label_ends(axes, ends, gap=0.15)
    return figure


def score_lines(lines: Mapping[str, Sequence[tuple[float, float]]], across: str, up: str, theme: Theme) -> Figure:
    """One line a name through its points (x, y)."""
    figure, axes = new_axes(theme, 2.6, left=0.14, right=0.2)
    ends = []
    for index, (name, points) in enumerate(lines.items()):
        x, y = zip(*points, strict=True)
        colour = theme.cycle[index % len(theme.cycle)]
        axes.plot(x, y, "o-", color=colour, linewidth=1.6, markersize=4)
        ends.append((y[-1], name, colour))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    label_ends(axes, ends)
    return figure
