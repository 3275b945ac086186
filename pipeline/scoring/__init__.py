"""The auxiliary-task gain: how much better the task got with each strategy's samples, and whether to believe it.

Tables in, ``Scores`` out; nothing is read or written. How a gain is measured:

1. error of an arm on a held-out drive = window-weighted mean over classes and border flags; macro = mean over drives;
2. gain % = 100 · (error_none - error_strategy) / error_none on the macro error, paired by seed and drive;
   the error of a score, such as average precision, is what it lacks of its best value;
3. interval: hierarchical bootstrap over seeds and drives (``statistics.bootstrap_gain``);
4. p: Wilcoxon signed-rank over the pairs, Holm-corrected over the strategies of a fraction (placebos not among them);
5. a strategy helps only if both agree, and nothing counts if a placebo gains.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from pipeline.design import NONE
from pipeline.scoring.breakdowns import baseline_scores, by_group, in_other_metrics, synthetic_only
from pipeline.scoring.conclusion import caveats, conclude, invalid_reasons
from pipeline.scoring.gains import Paired, PairedErrors
from pipeline.scoring.metrics import describe
from pipeline.scoring.rivals import rivalries
from pipeline.scoring.scores import ArmScore, Choice, Placebo, Scores, Verdict, finite
from pipeline.scoring.statistics import CONFIDENCE, bounds, detectable_gain, holm

SIGNIFICANCE = 1 - CONFIDENCE
MUST_STRADDLE_ZERO = ("copies",)
"""Placebos that may neither gain nor lose; any other placebo may lose, but not gain."""


def score_study(
    errors: pd.DataFrame,
    baselines: pd.DataFrame,
    reverse: pd.DataFrame | None = None,
    metric: str = "ade_px",
    placebos: Sequence[str] = ("copies", "noise"),
    *,
    rng: np.random.Generator,
    costs: pd.DataFrame | None = None,
    rival: str | None = None,
    choices: Sequence[Choice] = (),
) -> Scores:
    """Everything a study found.

    Args:
        errors: One row per arm, held-out drive, class and border flag: ``strategy``, ``fraction``, ``fold``, ``seed``,
            ``synthetic_only``, ``drive``, ``kind``, ``border``, ``n`` and one column per metric (means over n windows).
        baselines: The same columns, the baseline's name as ``strategy``.
        reverse: The ``none`` models examined on each strategy's samples, with the same columns.
        metric: Column of ``errors`` that the gain is computed on.
        placebos: Strategies that must not gain.
        rng: Drawn from by every bootstrap.
        costs: ``strategy``, ``fraction``, ``fit_s``, ``train_s``: one row per arm, CPU seconds.
        rival: The simple strategy that every other one must also be compared with.
        choices: What policies among the strategies decided; passed on.

    Raises:
        UserError: an arm is missing, ``none`` did not train, or arms were examined on different windows.
    """
    paired = PairedErrors(errors, metric)
    arms = _arm_scores(paired, metric, placebos, costs, rng)
    checks = _placebo_checks(paired, placebos, rng)
    reasons = invalid_reasons(checks, placebos, tuple(sorted({arm.fraction for arm in arms})))
    plain = baseline_scores(baselines, arms, metric)
    scores = Scores(
        metric=metric,
        unit=describe(metric).unit,
        higher_is_better=describe(metric).higher_is_better,
        valid=not reasons,
        invalid_reasons=reasons,
        caveats=caveats(arms, plain, checks),
        conclusion=(),
        arms=arms,
        baselines=plain,
        placebos=checks,
        other_metrics=in_other_metrics(errors, metric, rng),
        synthetic_only=synthetic_only(paired, reverse, metric, rng),
        groups=by_group(errors, baselines, metric),
        rivalries=rivalries(paired, rival, tuple(placebos), rng) if rival else (),
        choices=tuple(choices),
    )
    return replace(scores, conclusion=conclude(scores))


def _arm_scores(
    paired: PairedErrors, metric: str, placebos: Sequence[str], costs: pd.DataFrame | None, rng: np.random.Generator
) -> tuple[ArmScore, ...]:
    scored: list[ArmScore] = []
    for strategy, fraction in paired.arms():
        arm = _arm_score(strategy, fraction, paired.pair(strategy, fraction), metric, rng)
        fit_s, train_s = _cost(costs, strategy, fraction)
        scored.append(replace(arm, fit_s=fit_s, train_s=train_s))
    corrected = _corrected([arm for arm in scored if arm.strategy not in placebos])
    return tuple(_judge(replace(arm, p_holm=corrected.get((arm.strategy, arm.fraction))), placebos) for arm in scored)


def _arm_score(strategy: str, fraction: float, pair: Paired, metric: str, rng: np.random.Generator) -> ArmScore:
    """All numbers of one arm; ``none`` has no interval, being what it is compared with."""
    compared = strategy != NONE
    macro = pair.interval(rng) if compared else None
    window = pair.interval(rng, by_window=True) if compared else None
    seeds, drives = pair.strategy.shape
    return ArmScore(
        strategy=strategy,
        fraction=fraction,
        seeds=seeds,
        drives=drives,
        metric=metric,
        unit=describe(metric).unit,
        mean=finite(pair.mean()),
        sd=finite(pair.seed_sd()),
        gain_pct=finite(pair.gain_pct()),
        ci_low=bounds(macro)[0],
        ci_high=bounds(macro)[1],
        p=pair.p_value() if compared and not pair.failed else None,
        p_holm=None,
        detectable_pct=None if macro is None else detectable_gain(macro.standard_error),
        window_mean=finite(pair.mean(by_window=True)),
        window_gain_pct=finite(pair.gain_pct(by_window=True)),
        window_ci_low=bounds(window)[0],
        window_ci_high=bounds(window)[1],
        fit_s=None,
        train_s=None,
        verdict="failed" if pair.failed else "undecided",
    )


def _corrected(candidates: list[ArmScore]) -> dict[tuple[str, float], float]:
    """Holm-corrected p of each candidate, fraction by fraction."""
    corrected: dict[tuple[str, float], float] = {}
    for fraction in {arm.fraction for arm in candidates}:
        tested = {arm.strategy: arm.p for arm in candidates if arm.fraction == fraction and arm.p is not None}
        for strategy, p in zip(tested, holm(np.array(list(tested.values()), float)), strict=True):
            corrected[strategy, fraction] = float(p)
    return corrected


def _judge(arm: ArmScore, placebos: Sequence[str]) -> ArmScore:
    """The same score with its verdict."""
    return replace(arm, verdict=_verdict(arm, placebos))


def _verdict(arm: ArmScore, placebos: Sequence[str]) -> Verdict:
    if arm.strategy == NONE:
        return "reference"
    if arm.verdict == "failed":
        return "failed"
    if arm.strategy in placebos:
        return "placebo"
    if arm.ci_low is None or arm.ci_high is None or arm.p_holm is None or arm.p_holm >= SIGNIFICANCE:
        return "undecided"
    return "helps" if arm.ci_low > 0 else "harms" if arm.ci_high < 0 else "undecided"


def _placebo_checks(paired: PairedErrors, placebos: Sequence[str], rng: np.random.Generator) -> tuple[Placebo, ...]:
    """Every placebo at every fraction, at a level shared among all checks (Bonferroni)."""
    present = [(strategy, fraction) for strategy, fraction in paired.arms() if strategy in placebos]
    confidence = 1 - SIGNIFICANCE / max(1, len(present))
    checks: list[Placebo] = []
    for strategy, fraction in present:
        pair = paired.pair(strategy, fraction)
        interval = pair.interval(rng, confidence)
        straddle = strategy in MUST_STRADDLE_ZERO
        passed: bool | None = False if pair.failed else None
        if interval is not None:
            passed = interval.low <= 0 and (interval.high >= 0 or not straddle)
        rule = "must straddle 0" if straddle else "must not gain"
        gain = finite(pair.gain_pct())
        checks.append(Placebo(strategy, fraction, rule, gain, *bounds(interval), passed))
    return tuple(checks)


def _cost(costs: pd.DataFrame | None, strategy: str, fraction: float) -> tuple[float | None, float | None]:
    """Mean CPU seconds per arm for fitting the strategy and for training the task."""
    if costs is None:
        return None, None
    mine = costs[(costs["strategy"] == strategy) & (costs["fraction"] == fraction)]
    return finite(mine["fit_s"].mean()), finite(mine["train_s"].mean())
