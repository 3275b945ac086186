"""Policies: one strategy out of several, chosen by the validation drives alone, so that a bad one is never used.

A policy trains nothing of its own: it looks at how its candidates did on validation drives and takes over the held-out
errors of the one it chose. The first candidate is kept unless another is better by more than one standard error
(Breiman et al., Classification and Regression Trees, 1984, section 3.4.3): few drives choose badly.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.schema import require
from pipeline.scoring.metrics import describe
from pipeline.scoring.scores import Choice

PLACE = ["fraction", "fold"]
"""A policy chooses anew for each amount of data and each fold: the validation drives of one are held out in another."""


@dataclass(frozen=True)
class Policy:
    """Which strategies to choose from, and for which parts of the data apart."""

    candidates: tuple[str, ...]
    """By name; the first is kept unless another is clearly better."""
    by_class: bool = False
    """Choose for each class of road user by itself, so that each is predicted by the model that suits it."""

    def __post_init__(self) -> None:
        """Refuse a choice without alternatives."""
        require(len(set(self.candidates)) > 1, f"a policy needs two candidates or more, got {list(self.candidates)}")


def choose(name: str, policy: Policy, valid: pd.DataFrame, metric: str) -> tuple[Choice, ...]:
    """What a policy decides.

    Args:
        name: What the policy is called.
        policy: What there is to choose from.
        valid: Errors of every arm on its validation drives: ``strategy``, ``fraction``, ``fold``, ``seed``, ``drive``,
            ``kind``, ``n``, ``metric``.
        metric: Column to judge by.
    """
    known = valid.assign(part=valid["kind"] if policy.by_class else "")
    choices = []
    for _, own in known.groupby([*PLACE, "part"], sort=True):
        leads = {other: _lead(own, other, policy.candidates[0], metric) for other in policy.candidates[1:]}
        best = max(leads, key=lambda other: leads[other][0] - leads[other][1])
        chosen, (gain, error) = best, leads[best]
        if gain <= error:
            chosen, gain, error = policy.candidates[0], 0.0, 0.0
        place = own.iloc[0]
        choices.append(Choice(name, float(place["fraction"]), int(place["fold"]), place["part"], chosen, gain, error))
    return tuple(choices)


def applied(choices: Sequence[Choice], errors: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``errors`` that the chosen strategies wrote, as the rows of a strategy called like the policy."""
    mixed = errors[~errors["synthetic_only"].astype(bool)]
    parts = [mixed[_concerns(choice, mixed)].assign(strategy=choice.policy) for choice in choices]
    return pd.concat(parts, ignore_index=True)


def _concerns(choice: Choice, errors: pd.DataFrame) -> "pd.Series[bool]":
    place = (errors["fraction"] == choice.fraction) & (errors["fold"] == choice.fold)
    return place & (errors["strategy"] == choice.chosen) & (errors["kind"].eq(choice.kind) | (choice.kind == ""))


def _lead(valid: pd.DataFrame, name: str, default: str, metric: str) -> tuple[float, float]:
    """Gain of ``name`` over ``default`` in percent of the latter's macro error, and its standard error over seeds."""
    means = (_macro(valid[valid["strategy"] == strategy], metric) for strategy in (name, default))
    ours, theirs = (describe(metric).error(mean) for mean in means)
    gains = 100 * (theirs - ours) / theirs.mean()
    error = gains.std(ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else np.inf
    lead = float(gains.mean())
    return lead if np.isfinite(lead) else -np.inf, float(error)


def _macro(valid: pd.DataFrame, metric: str) -> "pd.Series[float]":
    """Mean over drives of the window-weighted mean, by seed."""
    sums = valid.assign(total=valid[metric] * valid["n"]).groupby(["seed", "drive"])[["total", "n"]].sum()
    return (sums["total"] / sums["n"]).groupby("seed").mean()
