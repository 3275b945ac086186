"""What a lesson is: a recipe that, run, becomes a chapter of the guided tour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd

from models.reporting import Report, silent
from pipeline.figures.style import Picture


@dataclass(frozen=True, eq=False)
class Chapter:
    """What a lesson found: the answer first, then the pictures and tables that show it."""

    title: str
    question: str
    """What the experiment asks, in one sentence."""
    answer: str
    """What came out, in one or two sentences with the measured numbers in them."""
    story: tuple[str, ...] = ()
    """Further paragraphs: what was done, what each picture shows, what to take home."""
    pictures: tuple[Picture, ...] = ()
    """``draw``: a module-level function or a ``partial`` of one over arrays, for chapters travel between processes."""
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """By caption."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """What is logged: ``modes_kept``, ``parzen_nats``, ..."""
    sources: tuple[str, ...] = ()
    """Papers, as "Author et al., title, venue year, section"."""


@runtime_checkable
class Lesson(Protocol):
    """A frozen dataclass whose fields are the experiment's settings; the defaults fit the ten-minute tour."""

    def run(self, rng: np.random.Generator, digits: Path | None = None, report: Report = silent) -> Chapter:
        """Run the experiment on one thread; the same arguments give the same chapter.

        Args:
            rng: The only source of randomness.
            digits: Folder of MNIST's idx files, for lessons about digits; None: scikit-learn's bundled digits.
            report: Called now and then with the step and losses.
        """
        ...
