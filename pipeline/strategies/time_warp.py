"""Time warping: the same path, run through at an uneven pace (Um et al., ICMI 2017, section 3)."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from models.reporting import Report, silent
from pipeline.schema import require
from pipeline.search_space import Floats, Space
from pipeline.strategies.base import Synthesizer
from pipeline.strategies.facts import Facts
from pipeline.strategies.transforms import transforming
from pipeline.windows import Windows


@dataclass(frozen=True)
class TimeWarp(Facts):
    """Frame t shows what happened at t + a sin(pi t / T) + b sin(2 pi t / T): both ends stay, the pace changes."""

    most_frames: float = 1.5
    """Largest shift of a frame by either wave; small enough that time never runs backwards."""

    search: ClassVar[Space] = {"most_frames": Floats(0.2, 2.0, log=True)}

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Nothing to learn.

        Raises:
            ValueError: the shift is so large for these windows that time would run backwards.
        """
        last = real.boxes.shape[1] - 1
        require(
            self.most_frames * 3 * np.pi < last, f"most_frames {self.most_frames} is too large for {last + 1} frames"
        )

        def warp(windows: Windows, rng: np.random.Generator) -> np.ndarray:
            phase = np.pi * np.arange(last + 1) / last
            waves = np.stack([np.sin(phase), np.sin(2 * phase)])
            amplitude = rng.uniform(-self.most_frames, self.most_frames, (len(windows), 2))
            return _at(windows.boxes, np.clip(np.arange(last + 1) + amplitude @ waves, 0, last))

        return transforming(real, warp, "time_warp")


def _at(boxes: np.ndarray, time: np.ndarray) -> np.ndarray:
    """(n, time, 4) boxes read at fractional frames (n, time), linear in between."""
    before = np.minimum(time.astype(int), boxes.shape[1] - 2)
    weight = (time - before)[..., None]
    row = np.arange(len(boxes))[:, None]
    return (1 - weight) * boxes[row, before] + weight * boxes[row, before + 1]
