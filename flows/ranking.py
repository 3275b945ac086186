"""How MLflow's pages answer "which strategy wins": few metrics with telling names, and a saved view that ranks them.

MLflow keeps a view that is shared by link as a tag of the experiment; a page's address names it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.design import NONE
from pipeline.scoring.conclusion import best_arm, of_data, signed, span
from pipeline.scoring.scores import ArmScore, Scores

METRICS = {
    "gain_pct": "gain_pct", "gain_pct_low": "ci_low", "gain_pct_high": "ci_high", "p_holm": "p_holm", "mean": "mean",
    "fit_s": "fit_s", "train_s": "train_s",
}  # fmt: skip
"""Metrics of a strategy's run, each at every fraction (``gain_pct.at_0.25``), and their fields in ``ArmScore``."""

VIEW = "gains"
VIEW_TAG = f"mlflow.sharedViewState.{VIEW}"
EXPERIMENT_KIND = {"mlflow.experimentKind": "custom_model_development"}
"""Without it MLflow opens an experiment as one of language models."""


def strategy_metrics(arms: Sequence[ArmScore]) -> dict[str, float | None]:
    """The same keys for every strategy, in four digits as tables show them; ``none`` gains 0 by definition."""
    found = {f"{name}.at_{arm.fraction:g}": getattr(arm, field) for arm in arms for name, field in METRICS.items()}
    plain = {key: 0.0 for key in found if arms[0].strategy == NONE and key.startswith("gain_pct.")}
    return {key: None if value is None else float(f"{value:.4g}") for key, value in (found | plain).items()}


def study_metrics(scores: Scores) -> dict[str, float | None]:
    """Whether the study counts, and at each fraction the best gain that was shown and how many strategies help."""
    found: dict[str, float | None] = {"valid": float(scores.valid)}
    for fraction in scores.fractions():
        best = best_arm(scores.at(fraction))
        found[f"best_gain_pct.at_{fraction:g}"] = None if best is None else best.gain_pct
        found[f"strategies_that_help.at_{fraction:g}"] = float(sum(a.verdict == "helps" for a in scores.at(fraction)))
    return found


def winner(scores: Scores) -> str:
    """Which strategy wins at the largest fraction of the real data, in words."""
    best = best_arm(scores.at(scores.fractions()[-1])) if scores.valid else None
    return best.strategy if best else "none shown to help" if scores.valid else "invalid study"


def strategy_note(arms: Sequence[ArmScore]) -> str:
    """What was found of one strategy, in Markdown: a line a fraction."""
    lines = []
    for arm in arms:
        known = arm.gain_pct is not None and arm.ci_low is not None and arm.ci_high is not None
        gain = f"{signed(arm.gain_pct)} %" if arm.gain_pct is not None and arm.strategy != NONE else "no gain"
        interval = f" (95 % interval {span(arm.ci_low or 0.0, arm.ci_high or 0.0)})" if known else ""
        lines.append(f"- {of_data(arm.fraction).capitalize()}: **{arm.verdict}**, {gain}{interval}")
    return "\n".join(lines)


def description(facts: Mapping[str, Any], scores: Scores) -> str:
    """The study in Markdown: the answer, and a row for each strategy and fraction."""
    lines = [*scores.conclusion, *scores.invalid_reasons, ""]
    lines += [f"| strategy | real data | {scores.metric} ({scores.unit}) | gain | 95 % interval | p (Holm) | verdict |"]
    lines += ["|---|---|---|---|---|---|---|"]
    for arm in scores.arms:
        interval = f"{_number(arm.ci_low)} to {_number(arm.ci_high)} %" if arm.ci_low is not None else ""
        lines.append(
            f"| {arm.strategy} | {arm.fraction:.0%} | {_number(arm.mean)} | {_number(arm.gain_pct)} % | {interval} "
            f"| {_number(arm.p_holm, 3)} | {arm.verdict} |"
        )
    return "\n".join([*lines, "", f"Repeat it: `{facts['command']}`"])


def _number(value: float | None, digits: int = 2) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def view(scores: Scores, parent_run_id: str) -> str:
    """The saved view of one study's strategies as MLflow reads it: the largest gain first."""
    fractions = [f"{fraction:g}" for fraction in scores.fractions()]
    metrics = [f"gain_pct.at_{fraction}" for fraction in fractions]
    metrics += [f"{name}.at_{fractions[-1]}" for name in ("gain_pct_low", "gain_pct_high", "p_holm", "fit_s")]
    state: Mapping[str, Any] = {
        "searchFilter": f"tags.mlflow.parentRunId = '{parent_run_id}'",
        "orderByKey": f"metrics.`gain_pct.at_{fractions[-1]}`", "orderByAsc": False,
        "selectedColumns": [f"metrics.`{name}`" for name in metrics] + ["tags.`verdict`"],
        "startTime": "ALL", "lifecycleFilter": "Active", "datasetsFilter": [], "modelVersionFilter": "All Runs",
        "runsExpanded": {}, "runsPinned": [], "runsHidden": [], "runListHidden": False, "viewMaximized": False,
        "groupBy": None, "groupsExpanded": {}, "autoRefreshEnabled": False, "useGroupedValuesInCharts": True,
    }  # fmt: skip
    return json.dumps(state)
