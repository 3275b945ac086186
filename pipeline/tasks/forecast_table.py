"""Forecasts as a table: for every road user where its box will be, frame by frame."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from jaxtyping import Float

from pipeline.schema import KINDS
from pipeline.windows import Windows

LEAST_PX = 0.01
"""Height and width of a box that can still be seen; what has left the picture is flat at its border."""


def latest(windows: Windows) -> Windows:
    """The last window of each track."""
    order = np.lexsort((windows.frame, windows.track, windows.drive))
    drive, track = windows.drive[order], windows.track[order]
    ends = np.append((drive[1:] != drive[:-1]) | (track[1:] != track[:-1]), len(order) > 0)
    return windows.take(order[ends])


def forecast_table(windows: Windows, forecast: Callable[[Windows], Float[np.ndarray, "n future 4"]]) -> pd.DataFrame:
    """One row for each window and frame to come.

    Columns are those of a tracks table (``frame`` is the one foretold), and ``horizon``: how many frames it lies after
    the last one that was seen. Whoever has left the picture by then has no box.

    Args:
        windows: What was seen: all their frames.
        forecast: Boxes in pixels of the frames that follow.
    """
    boxes = forecast(windows)
    count, future = boxes.shape[:2]
    horizon = np.tile(np.arange(1, future + 1), count)
    seen_last = windows.frame + windows.boxes.shape[1] - 1
    names = {"drive": windows.drive, "track": windows.track, "class": np.array(KINDS)[windows.kind]}
    in_view = (boxes[..., 2:] - boxes[..., :2] >= LEAST_PX).all(axis=-1, keepdims=True)
    edges = np.where(in_view, boxes, np.nan).reshape(-1, 4).round(2).T
    size = {name: windows.image_size[:, axis].astype(int) for axis, name in enumerate(("image_width", "image_height"))}
    return pd.DataFrame({
        **{name: np.repeat(values, future) for name, values in names.items()},
        "frame": np.repeat(seen_last, future) + horizon,
        "horizon": horizon,
        **dict(zip(("left", "top", "right", "bottom"), edges, strict=True)),
        **{name: np.repeat(values, future) for name, values in size.items()},
    })  # fmt: skip
