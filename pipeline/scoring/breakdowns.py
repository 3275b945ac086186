"""The same errors seen from other sides: baselines, other metrics, synthetic samples alone, and parts of the data.

For looking, not for concluding: only the study's own metric carries a verdict (``scoring``).
"""

import numpy as np
import pandas as pd

from pipeline.design import NONE
from pipeline.scoring.gains import PairedErrors, drive_means
from pipeline.scoring.metrics import Metric, describe, metric_columns, step_columns
from pipeline.scoring.scores import ArmScore, Baseline, Group, OtherMetric, SyntheticOnly, finite
from pipeline.scoring.statistics import bounds


def baseline_scores(baselines: pd.DataFrame, arms: tuple[ArmScore, ...], metric: str) -> tuple[Baseline, ...]:
    """Each forecast without learning, and by how much the plain model beats it."""
    cells = drive_means(baselines, ["strategy"], metric)
    scored: list[Baseline] = []
    for name, rows in cells.groupby("strategy", sort=False):
        mean = float(rows["mean"].mean())
        window_mean = float((rows["mean"] * rows["n"]).sum() / rows["n"].sum())
        plain = {f"{arm.fraction:g}": arm.mean for arm in arms if arm.strategy == NONE}
        gains = {at: _gain(describe(metric), mean, own) for at, own in plain.items()}
        scored.append(Baseline(str(name), finite(mean), finite(window_mean), gains))
    return tuple(scored)


def in_other_metrics(errors: pd.DataFrame, metric: str, rng: np.random.Generator) -> tuple[OtherMetric, ...]:
    """Mean and gain of every arm in each metric but the study's own."""
    rows: list[OtherMetric] = []
    for column in metric_columns(list(errors.columns)):
        plain = errors.loc[errors["strategy"] == NONE].groupby("fraction")[column].agg(["min", "max"])
        if column == metric or (describe(column).error(plain).max(axis=1) <= 0).any():  # nothing is left to gain
            continue
        paired = PairedErrors(errors, column)
        for strategy, fraction in paired.arms():
            pair = paired.pair(strategy, fraction)
            interval = pair.interval(rng) if strategy != NONE else None
            gain = finite(pair.gain_pct())
            rows.append(OtherMetric(strategy, fraction, column, finite(pair.mean()), gain, *bounds(interval)))
    return tuple(rows)


def synthetic_only(
    paired: PairedErrors, reverse: pd.DataFrame | None, metric: str, rng: np.random.Generator
) -> tuple[SyntheticOnly, ...]:
    """Train on synthetic, test on real; and the reverse."""
    tested = {} if reverse is None else _window_means(reverse, metric)
    only = paired.arms(synthetic_only=True)
    rows: list[SyntheticOnly] = []
    for strategy, fraction in dict.fromkeys([*only, *tested]):
        backwards = tested.get((strategy, fraction))
        if (strategy, fraction) not in only:
            rows.append(SyntheticOnly(strategy, fraction, None, None, None, None, backwards))
            continue
        pair = paired.pair(strategy, fraction, synthetic_only=True)
        interval = pair.interval(rng)
        mean, gain = finite(pair.mean()), finite(pair.gain_pct())
        rows.append(SyntheticOnly(strategy, fraction, mean, gain, *bounds(interval), backwards))
    return tuple(rows)


def by_group(errors: pd.DataFrame, baselines: pd.DataFrame, metric: str) -> dict[str, tuple[Group, ...]]:
    """Errors by class, border flag, drive (window means) and by step of the horizon (macro means)."""
    trained = errors[~errors["synthetic_only"].astype(bool)]
    rows = pd.concat([trained, baselines], ignore_index=True)
    groups = {by: _group_rows(_grouped(rows, by, metric), describe(metric)) for by in ("kind", "border", "drive")}
    steps = [
        drive_means(rows, ["strategy", "fraction", "seed"], column).assign(group=str(step))
        for step, column in step_columns(list(rows.columns)).items()
    ]
    if steps:
        by_step = pd.concat(steps).groupby(["strategy", "fraction", "group"], sort=False)
        sizes = rows.groupby(["strategy", "fraction", "seed"])["n"].sum().groupby(["strategy", "fraction"]).first()
        table = by_step["mean"].mean().reset_index().merge(sizes.reset_index(), on=["strategy", "fraction"])
        groups["step"] = _group_rows(table, describe(next(iter(step_columns(list(rows.columns)).values()))))
    return groups


def _grouped(rows: pd.DataFrame, by: str, metric: str) -> pd.DataFrame:
    """Window-weighted mean per strategy, fraction and value of ``by``; ``n`` windows of one seed."""
    keys = ["strategy", "fraction", "group"]
    parts = rows[by].map({True: "at the border", False: "inside"}) if by == "border" else rows[by].astype(str)
    cells = rows.assign(group=parts, total=(rows[metric] * rows["n"]).fillna(np.inf))
    sums = cells.groupby([*keys, "seed"])[["total", "n"]].sum()
    means = sums.assign(mean=sums["total"] / sums["n"]).groupby(keys)
    return means.agg(mean=("mean", "mean"), n=("n", "first")).reset_index()


def _group_rows(table: pd.DataFrame, metric: Metric) -> tuple[Group, ...]:
    plain = table[table["strategy"] == NONE].set_index(["fraction", "group"])["mean"].to_dict()
    rows: list[Group] = []
    for row in table.to_dict("records"):
        own, none = finite(row["mean"]), finite(plain.get((row["fraction"], row["group"])))
        gain = None if none is None else _gain(metric, none, own)
        rows.append(Group(row["strategy"], row["fraction"], row["group"], int(row["n"]), own, gain))
    return tuple(rows)


def _gain(metric: Metric, reference: float, value: float | None) -> float | None:
    """How much smaller the error is than that of ``reference``, in percent; None where either makes no sense."""
    whole = metric.error(reference)
    return None if value is None or not whole else finite(100 * (whole - metric.error(value)) / whole)


def _window_means(rows: pd.DataFrame, metric: str) -> dict[tuple[str, float], float | None]:
    """Mean over all windows of a strategy at a fraction."""
    cells = rows.assign(total=(rows[metric] * rows["n"]).fillna(np.inf)).groupby(["strategy", "fraction"], sort=False)
    sums = cells[["total", "n"]].sum()
    means = (sums["total"] / sums["n"]).rename("mean").reset_index().to_dict("records")
    return {(row["strategy"], row["fraction"]): finite(row["mean"]) for row in means}
