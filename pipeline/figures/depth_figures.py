"""Depth as colours: the picture, what was measured, what each strategy's network says, and where it is wrong."""

from functools import partial

import matplotlib
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LogNorm, Normalize
from matplotlib.figure import Figure

from pipeline.depth_examples import DepthExamples
from pipeline.design import NONE
from pipeline.figures.style import WIDTH_IN, Picture, Theme, label

LARGEST_ERROR = 1.0
"""Relative errors from here on have one colour."""
KEYS_IN = 0.62
TICKS_M = (2, 5, 10, 20, 50, 100, 200, 500, 1000)


def depth_pictures(examples: DepthExamples | None) -> list[Picture]:
    """One figure a strategy, the plain network beside it; none in studies of anything but depth."""
    if examples is None or not len(examples.pictures):
        return []
    names = [name for name in examples.estimates_m if name != NONE] or [NONE]
    return [
        Picture(
            f"depth_{name}",
            name,
            f"Held-out pictures, their measured depth, and the depth and relative errors of {NONE} and {name}.",
            partial(depth_panel, examples, name),
            photographic=True,
        )
        for name in names
    ]


def depth_panel(examples: DepthExamples, strategy: str, theme: Theme) -> Figure:
    """A column a picture: seen, measured, then estimates of the plain network and of ``strategy`` with their errors."""
    names = list(dict.fromkeys([NONE, strategy]))
    count, height, width = examples.pictures.image.shape[:3]
    rows = ["picture", "measured", *(row for name in names for row in (name, f"{name}: error"))]
    left = 0.19
    cell = WIDTH_IN * (0.99 - left) / count * height / width
    figure = Figure(figsize=(WIDTH_IN, len(rows) * (cell + 0.03) + KEYS_IN), facecolor=theme.paper)
    FigureCanvasAgg(figure)
    below = KEYS_IN / figure.get_figheight()
    grid = figure.subplots(len(rows), count, squeeze=False)
    figure.subplots_adjust(left, below, 0.99, 0.995, 0.03, 0.06)
    near, far = _range(examples)
    depth, error = ScalarMappable(LogNorm(near, far), _colours("turbo_r")), _error_key()
    for row, name in enumerate(rows):
        grid[row, 0].set_ylabel(label(name), rotation=0, ha="right", va="center", fontsize=8, color=theme.muted)
        for column in range(count):
            _show(grid[row, column], _content(examples, name, column), error if "error" in name else depth, theme)
    for place, key, title in ((left, depth, "depth in m"), (0.62, error, "relative error")):
        axes = figure.add_axes((place, 0.62 * below, 0.36, 0.16 * below))
        bar = figure.colorbar(key, cax=axes, orientation="horizontal")
        if key is depth:
            ticks = [tick for tick in TICKS_M if near <= tick <= far]
            bar.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
            bar.minorticks_off()
        bar.set_label(title, fontsize=8, color=theme.muted)
        bar.ax.tick_params(labelsize=7.5, colors=theme.muted, length=2)
        bar.outline.set_visible(False)
    return figure


def relative_error(examples: DepthExamples, strategy: str, picture: int) -> Float[np.ndarray, "height width"]:
    """|estimate - truth| / truth where pixels are compared, else NaN."""
    assert examples.pictures.depth_m is not None
    truth, estimate = examples.pictures.depth_m[picture], examples.estimates_m[strategy][picture]
    compared = examples.protocol.counted(truth)
    return np.where(compared, np.abs(estimate - truth) / np.where(compared, truth, 1), np.nan)


def _content(examples: DepthExamples, row: str, picture: int) -> np.ndarray:
    if row == "picture":
        return examples.pictures.image[picture]
    if row == "measured":
        assert examples.pictures.depth_m is not None
        return examples.pictures.depth_m[picture]
    name, colon, _ = row.rpartition(": ")
    return relative_error(examples, name, picture) if colon else examples.estimates_m[row][picture]


def _show(axes: Axes, content: np.ndarray, key: ScalarMappable, theme: Theme) -> None:
    shown = content if content.ndim == 3 else key.to_rgba(np.ma.masked_invalid(content))
    axes.imshow(shown, interpolation="nearest", aspect="auto")
    axes.set(xticks=[], yticks=[], facecolor=theme.grid)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _range(examples: DepthExamples) -> tuple[float, float]:
    """Nearest and farthest metres of one scale for all pictures; its steps are of equal ratio, as errors are."""
    assert examples.pictures.depth_m is not None
    known = examples.pictures.depth_m[examples.protocol.counted(examples.pictures.depth_m)]
    near, far = np.quantile(known, [0.005, 0.995]).tolist() if known.size else (1.0, examples.protocol.farthest_m)
    return near, max(far, 1.1 * near)


def _error_key() -> ScalarMappable:
    return ScalarMappable(Normalize(0, LARGEST_ERROR), _colours("magma"))


def _colours(name: str) -> Colormap:
    return matplotlib.colormaps[name].with_extremes(bad=(0, 0, 0, 0))
