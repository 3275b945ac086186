"""What moves another strategy's windows toward the recordings."""

from dataclasses import dataclass

import numpy as np
import pytest

from models.reporting import Report, silent
from pipeline.strategies.adapted import Adapted
from pipeline.strategies.base import Synthesizer
from pipeline.strategies.copies import Copies
from pipeline.strategies.facts import Facts
from pipeline.windows import Windows


@dataclass(frozen=True)
class Displaced(Facts):
    """Copies that lie too far to the right."""

    pixels: float = 150.0

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Nothing to learn."""
        draw = Copies().fit(real, rng)

        def synthesize(count: int, rng: np.random.Generator) -> Windows:
            windows = draw(count, rng)
            return windows.moved_to(windows.boxes + np.float32([self.pixels, 0, self.pixels, 0]), "displaced")

        return synthesize


def _across(windows: Windows) -> float:
    return float(windows.boxes[:, 9, [0, 2]].mean())


def test_samples_are_moved_toward_the_recordings_but_not_beyond_reach(toy_windows: Windows) -> None:
    recipe = Adapted(part=Displaced(), steps=120, batch=64, hidden=32, components=8, reach=1.0)
    samples = recipe.fit(toy_windows, np.random.default_rng(0))(200, np.random.default_rng(1))
    wrong = Displaced().fit(toy_windows, np.random.default_rng(0))(200, np.random.default_rng(1))
    truth = _across(toy_windows)
    assert abs(_across(samples) - truth) < 0.7 * abs(_across(wrong) - truth)
    still = Adapted(part=Displaced(), steps=5, batch=64, hidden=32, components=8, reach=1e-6)
    unmoved = still.fit(toy_windows, np.random.default_rng(0))(200, np.random.default_rng(1))
    assert _across(unmoved) == pytest.approx(_across(wrong), abs=1.0)
    assert set(samples.origin) == {"adapted"}
