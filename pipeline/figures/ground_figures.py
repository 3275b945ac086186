"""Tracks seen from above: where road users go around the car that recorded them, in metres."""

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from pipeline.figures.style import WIDTH_IN, Theme, new_axes
from pipeline.windows import Windows

SHOWN = 60
"""Tracks in one picture, evenly chosen."""
FAR_M = 60.0
"""Height of the plot, in metres."""
HEIGHT_IN = 3.4


def tracks_from_above(windows: Windows, theme: Theme) -> Figure:
    """Positions in the camera's frame, frame by frame: the car stands below the middle and looks up."""
    figure, axes = new_axes(theme, HEIGHT_IN, left=0.11)
    positions = known_positions(windows)
    picked = positions[np.unique(np.linspace(0, len(positions) - 1, min(len(positions), SHOWN)).round().astype(int))]
    axes.add_collection(LineCollection(list(picked), colors=theme.better, linewidths=1.2, alpha=0.7))
    axes.plot(*picked[:, -1].T, ".", color=theme.worse, markersize=4)
    axes.plot(0, 0, "^", color=theme.ink, markersize=8)
    box = axes.get_position()
    half = FAR_M / 2 * (box.width * WIDTH_IN) / (box.height * HEIGHT_IN)  # a metre is as long as it is wide
    axes.set(xlim=(-half, half), ylim=(-2, FAR_M - 2), xlabel="right of the camera, m", ylabel="ahead, m")
    return figure


def known_positions(windows: Windows) -> np.ndarray:
    """(n, time, 2) metres to the right and ahead, of the windows whose place in the world is known."""
    if windows.scenes is None:
        return np.zeros((0, windows.boxes.shape[1], 2))
    place = windows.scenes.position_cam_m[:, :, [0, 2]]
    return place[np.isfinite(place).all(axis=(1, 2))]
