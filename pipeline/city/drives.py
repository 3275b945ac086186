"""Drives of the embedded city by number: which streets, whose traffic, all from one seed."""

import numpy as np

from pipeline.city.labels import as_drive
from pipeline.city.recording import Recording, record
from pipeline.city.streets import Streets
from pipeline.city.styles import STREET_PLANS
from pipeline.registry import lookup
from pipeline.schema import Drive


def record_drive(style: str, seed: int, number: int, frames: int) -> Recording:
    """The truth of drive ``number`` through a city; drives of one seed and style share their streets.

    Raises:
        UserError: there is no such city.
    """
    plan = lookup(STREET_PLANS, style, "city")
    streets = Streets.lay_out(plan, np.random.default_rng([seed, list(STREET_PLANS).index(style)]))
    return record(streets, f"{number:04d}", frames, np.random.default_rng([seed, number, 1]))


def labelled_drive(seed: int, number: int, frames: int) -> Drive:
    """Drive ``number`` as a labeller would hand it in; the four cities take turns."""
    style = tuple(STREET_PLANS)[number % len(STREET_PLANS)]
    return as_drive(record_drive(style, seed, number, frames), np.random.default_rng([seed, number, 2]))
