"""Which measure of fidelity predicts the gain? Rank correlation over the arms of any number of studies."""

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from scipy.stats import rankdata

ROUNDS = 2000
FEWEST = 4
"""Arms below which a correlation is not worth the name."""


def measures_against_gain(
    fidelity: pd.DataFrame, arms: pd.DataFrame, rng: np.random.Generator | None = None, rounds: int = ROUNDS
) -> pd.DataFrame:
    """Spearman's correlation of each measure with the gain, the strongest first.

    Measures are turned so that more is better: the correlation of one that predicts the gain is positive. What has no
    better direction counts by its distance from real against real. Arms are ranked within their study and fraction,
    as neither gains nor measures compare between those. The interval asks what other arms of these studies would say;
    from a handful of arms it is too narrow, and it knows nothing of studies that were not run.

    Args:
        fidelity: Rows of ``fidelity.parquet``, with a column ``study`` where there are several.
        arms: ``strategy``, ``fraction``, ``gain_pct``, and ``study`` where there are several.
        rng: For the bootstrap; default: a fixed seed.
        rounds: Of the bootstrap.

    Returns:
        ``measure``, ``space``, ``rho``, ``ci_low``, ``ci_high`` (95 % bootstrap over arms), ``arms``, ``studies``.
    """
    rng = rng or np.random.default_rng(0)
    joined = _joined(fidelity, arms)
    rows = []
    for (measure, space), part in joined.groupby(["measure", "space"], sort=False):
        groups = [np.flatnonzero(part["group"] == name) for name in part["group"].unique()]
        groups = [group for group in groups if len(group) > 1]
        count = sum(map(len, groups))
        if count < FEWEST:
            continue
        merit, gain = part["merit"].to_numpy(float), part["gain_pct"].to_numpy(float)
        rho = float(_correlation(merit, gain, [group[None] for group in groups])[0])
        drawn = [group[rng.integers(len(group), size=(rounds, len(group)))] for group in groups]
        found = _correlation(merit, gain, drawn)
        found = found[np.isfinite(found)]
        low, high = np.quantile(found, [0.025, 0.975]) if len(found) else (np.nan, np.nan)
        rows.append((measure, space, rho, float(low), float(high), count, part["study"].nunique()))
    columns = ["measure", "space", "rho", "ci_low", "ci_high", "arms", "studies"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("rho", key=lambda rho: -rho.abs(), kind="stable", ignore_index=True)


def _joined(fidelity: pd.DataFrame, arms: pd.DataFrame) -> pd.DataFrame:
    """One row an arm and measure: mean over folds and seeds, with the arm's gain."""
    fidelity, arms = (table if "study" in table else table.assign(study="") for table in (fidelity, arms))
    turned = fidelity.assign(merit=_merit(fidelity))
    keys = ["study", "strategy", "fraction"]
    means = turned.groupby([*keys, "measure", "space"], sort=False)["merit"].mean().reset_index()
    joined = means.merge(arms[[*keys, "gain_pct"]], on=keys).dropna(subset=["merit", "gain_pct"])
    return joined.assign(group=joined["study"] + "/" + joined["fraction"].astype(str)).reset_index(drop=True)


def _merit(fidelity: pd.DataFrame) -> pd.Series:
    """Every value turned so that more is better."""
    off = -(fidelity["value"] - fidelity["floor"]).abs()
    turned = off.where(fidelity["better"] == "", -fidelity["value"])
    return turned.where(fidelity["better"] != "higher", fidelity["value"])


def _correlation(
    merit: Float[np.ndarray, " arm"], gain: Float[np.ndarray, " arm"], drawn: list[Int[np.ndarray, "round n"]]
) -> Float[np.ndarray, " round"]:
    """Correlation of ranks within groups, pooled over groups; NaN where all are equal."""
    ranks = [np.concatenate([_ranks(values[index]) for index in drawn], axis=1) for values in (merit, gain)]
    product = (ranks[0] * ranks[1]).sum(axis=1)
    lengths = np.sqrt(np.square(ranks[0]).sum(axis=1) * np.square(ranks[1]).sum(axis=1))
    return np.divide(product, lengths, out=np.full(len(product), np.nan), where=lengths > 0)


def _ranks(values: Float[np.ndarray, "round n"]) -> Float[np.ndarray, "round n"]:
    """Ranks about their mean, from -1 to 1 however many there are."""
    ranks = rankdata(values, axis=1)
    count = values.shape[1]
    return (2 * ranks - count - 1) / max(1, count - 1)
