"""What a study's numbers mean, in words that say no more than the numbers do."""

from collections.abc import Sequence

import numpy as np

from pipeline.design import NONE
from pipeline.scoring.metrics import describe
from pipeline.scoring.scores import ArmScore, Baseline, Placebo, Scores
from pipeline.strategies import UPPER_BOUNDS

FEW_SEEDS = 5
"""Below this, early luck looks like a finding: a gain of 7 % in 3 seeds of 3 shrank to nothing at 5."""
FEW = 3
"""Strategies that a sentence names; the table holds them all."""


def invalid_reasons(checks: Sequence[Placebo], placebos: Sequence[str], fractions: Sequence[float]) -> tuple[str, ...]:
    """Why nothing may be concluded; empty for a sound study."""
    run = {(check.strategy, check.fraction) for check in checks}
    reasons = [
        f"The placebo {placebo} was not run {of_data(fraction)}, so nothing shows that gains come from the data."
        for fraction in fractions
        for placebo in placebos
        if (placebo, fraction) not in run
    ]
    for check in checks:
        if check.passed is False:
            reasons.append(f"The placebo {check.strategy} {check.rule}, but {_what_placebo_did(check)}.")
    return tuple(reasons)


def _what_placebo_did(check: Placebo) -> str:
    if check.gain_pct is None or check.ci_low is None or check.ci_high is None:
        return f"its training failed {of_data(check.fraction)}"
    verb = "gains" if check.gain_pct > 0 else "loses"
    return (
        f"{verb} {abs(check.gain_pct):.1f} % {of_data(check.fraction)} (interval {span(check.ci_low, check.ci_high)})"
    )


def caveats(arms: Sequence[ArmScore], baselines: Sequence[Baseline], checks: Sequence[Placebo]) -> tuple[str, ...]:
    """What a careful reader should know before believing the conclusion."""
    return (*_small_numbers(arms, checks), *_weak_model(baselines), *_long_drives(arms), *_failures(arms))


def _small_numbers(arms: Sequence[ArmScore], checks: Sequence[Placebo]) -> list[str]:
    seeds, drives = min(arm.seeds for arm in arms), min(arm.drives for arm in arms)
    if min(seeds, drives) < 2:
        unjudged = " The placebos could not be judged either." if checks else ""
        return [f"{count(seeds, 'seed')} on {count(drives, 'held-out drive')} cannot tell a gain from luck: "
                f"intervals need two of each.{unjudged}"]  # fmt: skip
    found = []
    if seeds < FEW_SEEDS:
        found.append(f"Only {count(seeds, 'seed')}: such gains often shrink when more are run. Ten are better.")
    candidates = max(sum(arm.p_holm is not None and arm.fraction == at for arm in arms) for at in _fractions(arms))
    smallest_p = min(1.0, candidates * 2 / 2 ** (seeds * drives))
    if smallest_p >= 0.05:
        found.append(
            f"{seeds * drives} pairs and {candidates} strategies cannot reach significance (the smallest possible "
            f"corrected p is {smallest_p:.2g}): run more seeds or hold out more drives."
        )
    return found


def _weak_model(baselines: Sequence[Baseline]) -> list[str]:
    return [
        f"The plain model does not beat {words(baseline.name)} {of_data(float(fraction))} ({signed(gain)} %): "
        "gains may only mend a weak model."
        for baseline in baselines
        for fraction, gain in baseline.model_gain_pct.items()
        if baseline.name == "constant_velocity" and gain is not None and gain <= 0
    ]


def _long_drives(arms: Sequence[ArmScore]) -> list[str]:
    """Gains that a plain mean over windows would report and that the drives, taken one by one, do not bear out."""
    return [
        f"{arm.strategy} {of_data(arm.fraction)} gains {signed(arm.window_gain_pct)} % over all samples, but "
        f"{signed(arm.gain_pct)} % as a mean over drives: a few long drives carry it."
        for arm in arms
        if arm.verdict == "undecided"
        and arm.window_gain_pct is not None
        and arm.gain_pct is not None
        and arm.ci_high is not None
        and arm.window_gain_pct > max(arm.ci_high, 0)
    ]


def _failures(arms: Sequence[ArmScore]) -> list[str]:
    return [
        f"{arm.strategy} {of_data(arm.fraction)} failed: an error is not a number."
        for arm in arms
        if arm.verdict == "failed"
    ]


def conclude(scores: Scores) -> tuple[str, ...]:
    """The answer: a headline, then what was found at each fraction."""
    if not scores.valid:
        return ("This study is invalid: its gains must not be used.", *scores.invalid_reasons)
    lines = [_headline(scores)]
    for fraction in scores.fractions():
        lines.extend(_at_fraction(scores.at(fraction), fraction))
    return tuple(lines)


def _headline(scores: Scores) -> str:
    best = {fraction: best_arm(scores.at(fraction)) for fraction in scores.fractions()}
    found = {fraction: arm for fraction, arm in best.items() if arm is not None}
    if not found:
        return "Not proven: no strategy was shown to help."
    metric = describe(scores.metric)
    error = f"what the {metric.label} lacks of {metric.best:g}" if metric.best is not None else f"the {metric.label}"
    parts = [f"by {arm.gain_pct:.1f} % through {arm.strategy} {of_data(at)}" for at, arm in found.items()]
    none = [of_data(fraction) for fraction in best if fraction not in found]
    rest = f"; no strategy was shown to help {_list(none)}" if none else ""
    return f"Yes: {error} falls {_list(parts)}{rest}."


def best_arm(arms: Sequence[ArmScore]) -> ArmScore | None:
    """The helping strategy with the largest gain, if any helps; an upper bound is none that anybody could use."""
    helping = [arm for arm in arms if arm.verdict == "helps" and arm.strategy not in UPPER_BOUNDS]
    return max(helping, key=lambda arm: arm.gain_pct or 0.0, default=None)


def _at_fraction(arms: Sequence[ArmScore], fraction: float) -> list[str]:
    """One line for each verdict that was reached."""
    where = of_data(fraction)
    where = where[0].upper() + where[1:]
    lines = []
    for verdict in ("helps", "harms"):
        chosen = sorted((arm for arm in arms if arm.verdict == verdict), key=lambda arm: -abs(arm.gain_pct or 0.0))
        if chosen:
            lines.append(f"{where}, {_strongest(chosen, verdict)}.")
    undecided = [arm for arm in arms if arm.verdict == "undecided" and arm.strategy != NONE]
    if undecided:
        limit = detectable(undecided)
        unseen = "" if limit is None else f": a true gain below about {limit:.0f} % would go unnoticed"
        verb = "is" if len(undecided) == 1 else "are"
        lines.append(f"{where}, {_some([arm.strategy for arm in undecided])} {verb} undecided{unseen}.")
    return lines


def _strongest(arms: Sequence[ArmScore], verdict: str) -> str:
    """The first arm with its evidence, and who comes after it."""
    first, *others = arms
    if not others:
        return f"{first.strategy} {verdict} ({_evidence(first)})"
    after = _some([f"{arm.strategy} ({signed(arm.gain_pct or 0.0)} %)" for arm in others], FEW - 1)
    return f"{first.strategy} {verdict} most ({_evidence(first)}), then {after}"


def _some(items: Sequence[str], most: int = FEW) -> str:
    """A list that a reader gets through; how many more there are, where there are many."""
    shown = items if len(items) <= most + 1 else [*items[:most], f"{len(items) - most} more"]
    return _list(shown)


def detectable(arms: Sequence[ArmScore]) -> float | None:
    """The gain that would be found among undecided arms: the median, as each strategy has its own noise."""
    limits = [arm.detectable_pct for arm in arms if arm.verdict == "undecided" and arm.detectable_pct is not None]
    return float(np.median(limits)) if limits else None


def _evidence(arm: ArmScore) -> str:
    if arm.gain_pct is None or arm.ci_low is None or arm.ci_high is None or arm.p_holm is None:
        return "no interval"
    return f"{signed(arm.gain_pct)} %, 95 % interval {span(arm.ci_low, arm.ci_high)}, p {p_words(arm.p_holm)}"


def p_words(p: float) -> str:
    """A p-value with two digits, or how small it is."""
    return "<\N{NO-BREAK SPACE}0.001" if p < 0.001 else f"=\N{NO-BREAK SPACE}{p:.2g}"


def of_data(fraction: float) -> str:
    """A fraction of the real data, in words."""
    return "with all real data" if fraction == 1 else f"with {100 * fraction:g} % of the real data"


def words(name: str) -> str:
    """``constant_velocity`` -> constant velocity."""
    return name.replace("_", " ")


def count(number: int, noun: str) -> str:
    """1 seed, 2 seeds."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def signed(value: float, digits: int = 1) -> str:
    """A number with its sign, a real minus among them; what rounds to zero is +0."""
    return f"{round(value, digits) + 0.0:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def span(low: float, high: float) -> str:
    """An interval in words."""
    return f"{signed(low)} to {signed(high)}"


def _list(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _fractions(arms: Sequence[ArmScore]) -> set[float]:
    return {arm.fraction for arm in arms}
