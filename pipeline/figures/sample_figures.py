"""Synthetic pictures beside what they were made from, the real night they come closest to, and the true one."""

import numpy as np
from jaxtyping import Float, Int, UInt8
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from models.detector import PADDING
from pipeline.figures.style import WIDTH_IN, Theme
from pipeline.pictures import Pictures

SHOWN = 4
"""Pictures of a strategy."""
NEAREST = "#f0c000"
"""Yellow frames mark the nearest real picture of another drive: a copy would be seen here."""
COARSE = 8
"""Pixels along each side of a cell in which pictures are compared."""


def sample_panel(samples: Pictures, real: Pictures, theme: Theme) -> Figure:
    """A row a picture: its source, the sample with its boxes, the nearest real picture, the true night if known."""
    shown = samples.take(spread(len(samples)))
    sources = sources_of(shown, real)
    world = real if real.night is None else real.made_by("real", real.night)
    columns = {
        **({} if sources is None else {"real": sources.image}),
        "sample": shown.image,
        "nearest real": world.image[nearest_elsewhere(shown, world)],
        **({} if sources is None or sources.night is None else {"true night": sources.night}),
    }
    height, width = real.image.shape[1:3]
    cell = WIDTH_IN / len(columns)
    figure = Figure(figsize=(WIDTH_IN, len(shown) * cell * height / width + 0.25), facecolor=theme.paper)
    FigureCanvasAgg(figure)
    grid = figure.subplots(len(shown), len(columns), squeeze=False)
    figure.subplots_adjust(0.005, 0.01, 0.995, 1 - 0.22 / figure.get_figheight(), 0.03, 0.04)
    for column, (title, images) in enumerate(columns.items()):
        grid[0, column].set_title(title, fontsize=9, color=theme.muted, pad=3)
        for row, image in enumerate(images):
            _show(grid[row, column], image, title == "nearest real")
            if title == "sample":
                _draw_boxes(grid[row, column], shown.boxes[row][shown.kind[row] != PADDING], theme)
    return figure


def spread(count: int) -> Int[np.ndarray, " shown"]:
    """Evenly spaced samples: none is picked."""
    return np.unique(np.linspace(0, count - 1, min(SHOWN, count)).round().astype(int))


def sources_of(samples: Pictures, real: Pictures) -> Pictures | None:
    """The real picture that each sample was made from, by drive and frame; None where there is none."""
    place = {key: row for row, key in enumerate(zip(real.drive.tolist(), real.index.tolist(), strict=True))}
    keys = list(zip(samples.drive.tolist(), samples.index.tolist(), strict=True))
    if not set(keys) <= set(place):
        return None
    return real.take(np.array([place[key] for key in keys], np.int64))


def nearest_elsewhere(samples: Pictures, real: Pictures) -> Int[np.ndarray, " sample"]:
    """The real picture of another drive that differs least from each sample in the mean square of coarse pixels."""
    ours, theirs = _coarse(samples.image), _coarse(real.image)
    distance = ((ours[:, None] - theirs[None]) ** 2).mean(axis=2)
    distance[samples.drive[:, None] == real.drive[None]] += 1e6  # its own drive only where there is no other
    return distance.argmin(axis=1)


def _coarse(images: UInt8[np.ndarray, "n height width 3"]) -> Float[np.ndarray, "n values"]:
    rows, columns = (side // COARSE * COARSE for side in images.shape[1:3])
    cells = images[:, :rows, :columns].reshape(len(images), rows // COARSE, COARSE, columns // COARSE, COARSE, 3)
    return cells.mean(axis=(2, 4)).reshape(len(images), -1)


def _show(axes: Axes, image: UInt8[np.ndarray, "height width 3"], framed: bool) -> None:
    axes.imshow(image, interpolation="nearest", aspect="auto")
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(visible=framed, color=NEAREST, linewidth=2.5)


def _draw_boxes(axes: Axes, boxes: Float[np.ndarray, "n 4"], theme: Theme) -> None:
    for left, top, right, bottom in boxes:
        axes.add_patch(
            Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=theme.better, linewidth=0.7)
        )
