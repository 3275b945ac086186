"""Tracks drawn on real frames of the camera: does what was made stand where such road users stand?"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, UInt8
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from PIL import Image

from pipeline.boxes import centre_and_size
from pipeline.figures.style import DARK, WIDTH_IN, Theme
from pipeline.figures.track_figures import spread
from pipeline.frame_paths import FramePaths
from pipeline.windows import Windows

SHOWN = 2
"""Frames in one figure."""
TRACKS = 5
"""On one frame."""
WIDTH_PX = 1000
"""A page is no place for whole pictures."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A frame and what is drawn on it."""

    picture: Path
    windows: Windows


def scenes(windows: Windows, frames: FramePaths, history: int) -> tuple[list[Scene], bool]:
    """Frames with the windows that belong to them, and whether they do.

    A window belongs to the last frame it observes. Windows without a recorded drive, as generators make them, are put
    on frames of the same size.
    """
    places = zip(windows.drive.tolist(), (windows.frame + history - 1).tolist(), strict=True)
    hosted: dict[tuple[str, int], list[int]] = {}
    for row, place in enumerate(places):
        if place in frames:
            hosted.setdefault(place, []).append(row)
    return (_at_home(windows, hosted, frames, 2 * history), True) if hosted else (_guests(windows, frames), False)


def _at_home(
    windows: Windows, hosted: Mapping[tuple[str, int], list[int]], frames: FramePaths, apart: int
) -> list[Scene]:
    """The most crowded frame, and the next ones that show something else."""
    chosen: list[tuple[str, int]] = []
    for drive, frame in sorted(hosted, key=lambda place: -len(hosted[place])):
        if len(chosen) < SHOWN and all(drive != other or abs(frame - at) >= apart for other, at in chosen):
            chosen.append((drive, frame))
    return [Scene(frames[place], _some(windows, np.array(hosted[place]))) for place in chosen]


def _guests(windows: Windows, frames: FramePaths) -> list[Scene]:
    """Evenly chosen frames, each with windows of its size that no other has."""
    names = sorted(frames)
    chosen = sorted({round(at) for at in np.linspace(0, len(names) - 1, SHOWN)}) if names else []
    found = []
    for number, picture in enumerate(frames[names[at]] for at in chosen):
        fitting = np.flatnonzero((windows.image_size == _size(picture)).all(axis=1))[number::SHOWN]
        if len(fitting):
            found.append(Scene(picture, _some(windows, fitting)))
    return found


def tracks_on_frames(shown: list[Scene], history: int, theme: Theme) -> Figure:
    """One frame below the other: last observed boxes in blue, last ones to be predicted in orange."""
    pictures = [_small(scene.picture) for scene in shown]
    heights = [WIDTH_IN * len(image) / image.shape[1] + 0.06 for image in pictures]
    figure = Figure(figsize=(WIDTH_IN, sum(heights)), facecolor=theme.paper)
    FigureCanvasAgg(figure)
    top = 1.0
    for scene, image, height in zip(shown, pictures, heights, strict=True):
        top -= height / sum(heights)
        axes = figure.add_axes((0, top, 1, (height - 0.06) / sum(heights)))
        width, depth = _size(scene.picture)
        axes.imshow(image, extent=(0, width, depth, 0), interpolation="antialiased", aspect="auto")
        for boxes in scene.windows.boxes:
            _draw(axes, boxes, history)
        axes.set(xlim=(0, width), ylim=(depth, 0))
        axes.axis("off")
    return figure


def _draw(axes: Axes, boxes: Float[np.ndarray, "time 4"], history: int) -> None:
    """The last observed box, the last one to be predicted, and the way there; edged, to be seen on any ground."""
    edge = [withStroke(linewidth=3, foreground="#000000b0")]
    for (left, top, right, bottom), colour in ((boxes[history - 1], DARK.better), (boxes[-1], DARK.worse)):
        axes.add_patch(
            Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=colour, linewidth=1.4,
                      path_effects=edge)
        )  # fmt: skip
    centre = centre_and_size(boxes)[0][history - 1 :]
    axes.plot(*centre.T, ">-", color=DARK.worse, linewidth=1.4, markersize=3, markevery=[-1], path_effects=edge)


def _some(windows: Windows, rows: Int[np.ndarray, " row"]) -> Windows:
    own = windows.take(rows)
    return own.take(spread(own, TRACKS))


def _size(picture: Path) -> tuple[int, int]:
    with Image.open(picture) as opened:
        return opened.size


def _small(picture: Path) -> UInt8[np.ndarray, "height width 3"]:
    with Image.open(picture) as opened:
        width, height = opened.size
        return np.asarray(opened.convert("RGB").resize((WIDTH_PX, round(height * WIDTH_PX / width))))
