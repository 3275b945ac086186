"""From error tables to paired arrays, and from paired arrays to gains.

An error table has one row per arm, held-out drive, class and border flag, with means over ``n`` windows.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Float

from pipeline.design import NONE, Arm
from pipeline.schema import UserError
from pipeline.scoring.metrics import Metric, describe
from pipeline.scoring.statistics import Interval, bootstrap_gain, gain_percent, signed_rank_p

ARM = ["strategy", "fraction", "synthetic_only"]
"""Columns that tell arms apart, seeds and folds aside."""


@dataclass(frozen=True, eq=False)
class Paired:
    """One metric of a strategy and of ``none``, by seed and held-out drive."""

    reference: Float[np.ndarray, "seed drive"]
    strategy: Float[np.ndarray, "seed drive"]
    windows: Float[np.ndarray, " drive"]
    """Held-out windows of each drive."""
    metric: Metric

    @property
    def failed(self) -> bool:
        """Whether an error of the strategy is not a number: its training diverged."""
        return not np.isfinite(self.strategy).all()

    @property
    def judgeable(self) -> bool:
        """Whether there are seeds and drives to take an interval over."""
        return min(self.reference.shape) >= 2 and not self.failed

    @property
    def _errors(self) -> tuple[Float[np.ndarray, "seed drive"], Float[np.ndarray, "seed drive"]]:
        """Of ``none`` and of the strategy: smaller is better."""
        return self.metric.error(self.reference), self.metric.error(self.strategy)

    def _weights(self, by_window: bool) -> Float[np.ndarray, " drive"]:
        weights = self.windows if by_window else np.ones_like(self.windows)
        return weights / weights.sum()

    def mean(self, by_window: bool = False) -> float:
        """Macro mean over drives (or plain mean over windows), averaged over seeds."""
        return float(self.strategy.mean(axis=0) @ self._weights(by_window))

    def seed_sd(self) -> float | None:
        """Standard deviation over seeds of the macro mean; None for one seed."""
        return float(self.strategy.mean(axis=1).std(ddof=1)) if len(self.strategy) > 1 else None

    def gain_pct(self, by_window: bool = False) -> float:
        """How much better than ``none``, in percent."""
        return gain_percent(*self._errors, self._weights(by_window))

    def interval(self, rng: np.random.Generator, confidence: float = 0.95, by_window: bool = False) -> Interval | None:
        """Bootstrap interval of the gain; None from one seed or one drive, which tell nothing of others."""
        if not self.judgeable:
            return None
        return bootstrap_gain(*self._errors, self._weights(by_window), rng, confidence)

    def p_value(self) -> float:
        """Wilcoxon signed-rank over the (seed, drive) pairs.

        Pairs of one drive are not independent, so this alone is too sure: a verdict also asks for the interval.
        """
        without, with_it = self._errors
        return signed_rank_p((without - with_it).ravel())


class PairedErrors:
    """One metric of a study's error table, ready to be compared arm by arm."""

    def __init__(self, errors: pd.DataFrame, metric: str) -> None:
        """Average over classes and border flags, and check that every arm was examined on the same windows.

        Raises:
            UserError: the metric is unknown, a drive is held out in two folds, ``none`` is missing or not a number,
                an arm misses a drive or was examined on other windows than ``none``.
        """
        if metric not in errors:
            raise UserError(f'The task does not report "{metric}".')
        self._metric = describe(metric)
        self._fold = _fold_of_drive(errors)
        cells = drive_means(errors, [*ARM, "seed"], metric)
        self._windows = self._same_windows(cells)
        self._order = list(dict.fromkeys(cells[ARM].itertuples(index=False, name=None)))
        wide = cells.pivot(index=[*ARM, "seed"], columns="drive", values="mean").reindex(columns=list(self._fold))
        self._tables = {arm: rows.droplevel([0, 1, 2]) for arm, rows in wide.groupby(level=ARM)}

    def arms(self, synthetic_only: bool = False) -> list[tuple[str, float]]:
        """Every (strategy, fraction), by fraction, ``none`` first, then in the order of the table."""
        pairs = [(strategy, fraction) for strategy, fraction, only in self._order if bool(only) == synthetic_only]
        return sorted(pairs, key=lambda pair: (pair[1], pair[0] != NONE))

    def pair(self, strategy: str, fraction: float, synthetic_only: bool = False, reference: str = NONE) -> Paired:
        """A strategy beside ``reference`` at the same fraction.

        Raises:
            UserError: an arm of the comparison is missing, or ``reference`` makes no error or one that is not a number.
        """
        # Arms on synthetic samples alone may have been run with fewer seeds; all others must have every seed.
        seeds = self._seeds(fraction, strategy if synthetic_only else None)
        compared = self._matrix(Arm(reference, fraction, 0, 0), seeds)
        if not np.isfinite(compared).all():
            raise UserError(f'The arm "{reference}" with {fraction:g} of the data has an error that is not a number.')
        if not self._metric.error(compared).mean() > 0:
            raise UserError(
                f'The arm "{reference}" with {fraction:g} of the data makes no error: nothing is left to gain.'
            )
        own = self._matrix(Arm(strategy, fraction, 0, 0, synthetic_only=synthetic_only), seeds)
        return Paired(compared, own, self._windows, self._metric)

    def _seeds(self, fraction: float, only: str | None) -> list[int]:
        """Every seed of a fraction, or those of one strategy on synthetic samples alone."""
        tables = [
            table.index
            for (strategy, at, alone), table in self._tables.items()
            if at == fraction and (only is None or (bool(alone) and strategy == only))
        ]
        return sorted({int(seed) for index in tables for seed in index})

    def _matrix(self, arm: Arm, seeds: list[int]) -> Float[np.ndarray, "seed drive"]:
        """Errors of an arm; those that are not numbers are NaN."""
        table = self._tables.get((arm.strategy, arm.fraction, arm.synthetic_only), pd.DataFrame())
        matrix = table.reindex(index=seeds, columns=list(self._fold)).to_numpy(float)
        for row, column in np.argwhere(np.isnan(matrix)):
            drive = list(self._fold)[column]
            missing = replace(arm, seed=seeds[row], fold=self._fold[drive])
            raise UserError(
                f'The arm "{missing.name}" is missing: it has no errors for drive {drive}. '
                "Gains are paired by seed and drive; run the study again to complete it."
            )
        return np.where(np.isfinite(matrix), matrix, np.nan)

    def _same_windows(self, cells: pd.DataFrame) -> Float[np.ndarray, " drive"]:
        """Held-out windows of each drive, the same for every arm."""
        counts = cells.groupby("drive")["n"].agg(["min", "max"]).loc[list(self._fold)]
        for drive, fewest, most in counts[counts["min"] != counts["max"]].itertuples(name=None):
            raise UserError(
                f"Drive {drive} was examined on {fewest:g} windows by one arm and {most:g} by another; "
                "gains compare only on the same windows."
            )
        return counts["min"].to_numpy(float)


def drive_means(errors: pd.DataFrame, by: list[str], metric: str) -> pd.DataFrame:
    """Window-weighted mean of ``metric`` per drive and ``by``: columns ``mean`` (inf if not a number) and ``n``."""
    rows = errors.assign(total=(errors[metric] * errors["n"]).fillna(np.inf))
    sums = rows.groupby([*by, "drive"], sort=False)[["total", "n"]].sum().reset_index()
    return sums.assign(mean=sums["total"] / sums["n"])


def _fold_of_drive(errors: pd.DataFrame) -> dict[str, int]:
    folds = errors.groupby("drive")["fold"].unique()
    for drive, several in folds.items():
        if len(several) > 1:
            raise UserError(
                f"Drive {drive} is held out in folds {sorted(several.tolist())}; each drive may be held out once."
            )
    return {str(drive): int(several[0]) for drive, several in folds.items()}
