"""One arm of a study: fit a strategy on one split with one seed, train the task with its samples, examine it.

Pure: data in, tables out. ``flows`` decides in which order and process arms run; the numbers do not depend on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from models.reporting import Report, silent
from pipeline.splits import Split
from pipeline.windows import PREDICTED_KINDS, Windows

NONE = "none"
"""The arm without synthetic samples, which every gain is measured against."""


@dataclass(frozen=True)
class Arm:
    """What distinguishes one training run of a study from the others."""

    strategy: str
    """``NONE`` or a name in ``TRACK_STRATEGIES``."""
    fraction: float
    """Share of the training tracks that are available."""
    fold: int
    seed: int
    synthetic_only: bool = False
    """Train on synthetic samples alone (train on synthetic, test on real)."""

    @property
    def name(self) -> str:
        """A short name for logs and files."""
        only = "-synthetic-only" if self.synthetic_only else ""
        return f"{self.strategy}{only}-{self.fraction:g}-fold{self.fold}-seed{self.seed}"


@dataclass(frozen=True)
class Design:
    """What all arms of a study share."""

    task: str = "prediction"
    history: int = 10
    """Observed frames."""
    future: int = 10
    """Frames to predict."""
    held_out_stride: int = 5
    """Frames between two windows that are examined; training uses every window."""
    kinds: tuple[str, ...] = PREDICTED_KINDS
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Changed hyperparameters by strategy name, or under "task": ``{"gan": {"steps": 500}}``."""


@dataclass(frozen=True, eq=False)
class ArmResult:
    """What one arm leaves behind."""

    errors: pd.DataFrame
    """One row per held-out drive, class and border flag: ``n`` windows and their mean errors; see ``summarise``."""
    synthetic: Windows | None
    """The samples trained on; None for the ``none`` arm."""
    reverse: pd.DataFrame | None
    """The ``none`` arm's model examined on synthetic samples (train on real, test on synthetic), where asked for."""
    history: pd.DataFrame
    """Training curves: ``step``, ``name``, ``value``."""
    fit_s: float
    """CPU seconds for fitting the strategy and drawing samples."""
    train_s: float
    """CPU seconds for training the task."""


def run_arm(arm: Arm, design: Design, split: Split, windows: Windows, report: Report = silent) -> ArmResult:
    """Run one arm on one thread; the same arguments give the same numbers in any process."""
    raise NotImplementedError
