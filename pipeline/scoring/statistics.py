"""The arithmetic of a paired comparison: gain, bootstrap interval, rank test, correction for many tests.

Knows numbers only: arrays of errors with one row per seed and one column per held-out drive.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import stats

CONFIDENCE = 0.95
POWER = 0.80
RESAMPLES = 10_000


@dataclass(frozen=True)
class Interval:
    """A gain in percent with what the bootstrap says about it."""

    gain_pct: float
    low: float
    high: float
    standard_error: float


def bounds(interval: Interval | None) -> tuple[float | None, float | None]:
    """Low and high; None and None where there is no interval."""
    return (None, None) if interval is None else (interval.low, interval.high)


def gain_percent(
    reference: Float[np.ndarray, "seed drive"],
    strategy: Float[np.ndarray, "seed drive"],
    weights: Float[np.ndarray, " drive"],
) -> float:
    """100 · (E_reference - E_strategy) / E_reference, E being the mean over seeds and the weighted mean over drives."""
    without = reference.mean(axis=0) @ weights
    return float(100 * (without - strategy.mean(axis=0) @ weights) / without)


def bootstrap_gain(
    reference: Float[np.ndarray, "seed drive"],
    strategy: Float[np.ndarray, "seed drive"],
    weights: Float[np.ndarray, " drive"],
    rng: np.random.Generator,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
) -> Interval:
    """The gain with its hierarchical bootstrap interval over seeds and drives.

    Seeds and drives are crossed, not nested: the model of one seed is examined on all drives. So both are drawn with
    replacement, independently, and a cell counts as often as its seed times as often as its drive: the pigeonhole
    bootstrap (Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1(2), 2007). Reference and strategy
    keep their pairing. With rotating folds, where one seed trains a model per fold, this stays right: resampling a
    seed in all folds at once covers seed effects that folds share as well as those they do not.

    The interval is read off the percentiles. With few seeds or drives plain percentiles are too narrow, since n units
    resampled vary by (n - 1) / n of what they should and the normal tail is too thin; the percentiles are therefore
    moved out to Phi(-sqrt(n / (n - 1)) t) (Hesterberg, "What teachers should know about the bootstrap", The American
    Statistician 69(4), 2015). n is one more than the degrees of freedom that Satterthwaite's formula gives for the
    two variances. In simulations of 3 to 10 seeds on 3 to 21 drives, 95 % intervals cover 87 to 100 % with this and
    78 to 100 % without.

    Raises:
        ValueError: fewer than two seeds or two drives; no interval exists then.
    """
    seeds, drives = reference.shape
    if min(seeds, drives) < 2:
        raise ValueError(f"an interval needs two seeds and two drives, got {seeds} and {drives}")
    seed_counts = _resample_counts(seeds, resamples, rng)
    drive_counts = _resample_counts(drives, resamples, rng) * weights
    without = ((seed_counts @ reference) * drive_counts).sum(axis=1)
    saved = ((seed_counts @ (reference - strategy)) * drive_counts).sum(axis=1)
    gains = 100 * saved[without > 0] / without[without > 0]
    tail = expanded_tail((1 - confidence) / 2, degrees_of_freedom(reference, strategy, weights))
    low, high = np.quantile(gains, [tail, 1 - tail])
    return Interval(gain_percent(reference, strategy, weights), float(low), float(high), float(gains.std(ddof=1)))


def _resample_counts(units: int, resamples: int, rng: np.random.Generator) -> Float[np.ndarray, "resample unit"]:
    """How often each unit is drawn when as many as there are get drawn with replacement."""
    drawn = rng.integers(units, size=(resamples, units)) + units * np.arange(resamples)[:, None]
    return np.bincount(drawn.ravel(), minlength=resamples * units).reshape(resamples, units).astype(float)


def expanded_tail(tail: float, freedom: float) -> float:
    """The percentile that stands for ``tail`` when the resampled units leave only ``freedom`` degrees of freedom."""
    return float(stats.norm.cdf(np.sqrt((freedom + 1) / freedom) * stats.t.ppf(tail, freedom)))


def degrees_of_freedom(
    reference: Float[np.ndarray, "seed drive"],
    strategy: Float[np.ndarray, "seed drive"],
    weights: Float[np.ndarray, " drive"],
) -> float:
    """Satterthwaite's degrees of freedom of a sum of two variances: that over seeds and that over drives.

    (v_s + v_d)² / (v_s² / (S - 1) + v_d² / (D - 1)), on the gain's linear part (each cell's share of its deviation).
    """
    seeds, drives = reference.shape
    ratio = (reference - strategy).mean(axis=0) @ weights / (reference.mean(axis=0) @ weights)
    residual = (reference - strategy - ratio * reference) * (weights / weights.mean())
    by_seed = residual.mean(axis=1).var(ddof=1) / seeds
    by_drive = residual.mean(axis=0).var(ddof=1) / drives
    if by_seed + by_drive == 0:
        return float(seeds + drives - 2)
    return float((by_seed + by_drive) ** 2 / (by_seed**2 / (seeds - 1) + by_drive**2 / (drives - 1)))


def signed_rank_p(differences: Float[np.ndarray, " pair"]) -> float:
    """Two-sided p of Wilcoxon's signed-rank test (Wilcoxon 1945); 1 where no pair differs."""
    if not np.any(differences):
        return 1.0
    return float(stats.wilcoxon(differences).pvalue)


def holm(p_values: Float[np.ndarray, " test"]) -> Float[np.ndarray, " test"]:
    """P-values corrected for being several (Holm, Scandinavian Journal of Statistics 6(2), 1979).

    The k-th smallest of m is multiplied by m - k + 1; no corrected value is below the one before it, none above 1.
    """
    order = np.argsort(p_values)
    factors = np.arange(len(p_values), 0, -1)
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(1, np.maximum.accumulate(factors * p_values[order]))
    return corrected


def detectable_gain(standard_error: float) -> float:
    """The smallest true gain that a study of this noise would find in four of five repeats (two-sided 5 %).

    (z_0.975 + z_0.80) · standard error, in the unit of the standard error.
    """
    return float((stats.norm.ppf((1 + CONFIDENCE) / 2) + stats.norm.ppf(POWER)) * standard_error)
