"""What a task is: the model the data is for. It is trained with and without synthetic samples and then examined."""

from collections.abc import Mapping
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import numpy as np
import pandas as pd

from models.reporting import Report, silent
from pipeline.samples import Samples
from pipeline.schedule import Schedule

Sample = TypeVar("Sample", bound=Samples, contravariant=True)
Fitted = TypeVar("Fitted")


@runtime_checkable
class Task(Protocol, Generic[Sample, Fitted]):
    """A downstream task on track windows or on pictures."""

    samples: type[Any]
    """``Windows`` or ``Pictures``: what it learns from."""

    metric: str
    """The column of ``evaluate`` that the gain is computed on."""
    unit: str
    higher_is_better: bool
    needs_scenes: bool
    """Whether the task works in the world, and can learn only from windows that come with their scenes."""

    def train(
        self,
        train: Sample,
        synthetic: Sample | None,
        schedule: Schedule,
        valid: Sample,
        rng: np.random.Generator,
        report: Report = silent,
    ) -> Fitted:
        """Train for a fixed number of optimiser steps on batches of which ``schedule`` says how much is synthetic.

        The steps and the batch size do not depend on how much data there is: more data never means more training.
        ``valid`` are samples of the training drives' side, kept for choosing the checkpoint.
        """
        ...

    def wanted(self, real: int, schedule: Schedule) -> int:
        """How many synthetic samples are worth making for a training beside ``real`` recorded ones."""
        ...

    def evaluate(self, fitted: Fitted, held_out: Sample) -> pd.DataFrame:
        """One row per held-out sample: ``drive``, ``kind``, ``border`` and one column per metric.

        A task whose metric means nothing for a single sample gives one row per drive and class, and ``n`` with it.
        """
        ...

    def examine_baselines(self, train: Sample, held_out: Sample) -> dict[str, pd.DataFrame]:
        """The errors of models that learn nothing, by name, in columns of ``evaluate``.

        ``train`` are all samples of the training drives, for what there is to tune.
        """
        ...

    def to_arrays(self, fitted: Fitted) -> dict[str, np.ndarray]:
        """Everything ``evaluate`` needs, as plain arrays (never a pickled object)."""
        ...

    def from_arrays(self, arrays: Mapping[str, np.ndarray]) -> Fitted:
        """The inverse of ``to_arrays``."""
        ...
