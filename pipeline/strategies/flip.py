"""Mirror the scene left to right: traffic on the other side of the road, seen by the same camera."""

from dataclasses import dataclass

import numpy as np

from models.reporting import Report, silent
from pipeline.scenes import Scenes
from pipeline.strategies.base import Synthesizer
from pipeline.strategies.facts import Facts
from pipeline.strategies.transforms import transforming
from pipeline.windows import Windows


@dataclass(frozen=True)
class Flip(Facts):
    """Horizontal flip, exact: a box and its mirror image are equally valid labels."""

    keeps_scenes = True
    ends_tracks = True

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Nothing to learn."""
        return transforming(real, lambda windows, rng: mirror(windows), "flip", _mirrored_scenes)


def mirror(windows: Windows) -> np.ndarray:
    """(n, time, 4) boxes mirrored about the vertical centre line: x -> (width - 1) - x."""
    left, top, right, bottom = np.moveaxis(windows.boxes, -1, 0)
    last_column = windows.image_size[:, :1] - 1
    return np.stack([last_column - right, top, last_column - left, bottom], axis=-1)


def _mirrored_scenes(windows: Windows, rng: np.random.Generator) -> Scenes | None:
    return windows.scenes and windows.scenes.mirrored(windows.image_size)
