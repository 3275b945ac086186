"""Who becomes champion: a strategy whose gain is beyond doubt, and who replaces it: one that beat it in one study."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from flows.results import load_facts, load_scores
from flows.workspace import digest_of
from pipeline.design import NONE
from pipeline.schema import UserError
from pipeline.scoring.gains import PairedErrors
from pipeline.scoring.scores import ArmScore, Scores
from pipeline.strategies import UPPER_BOUNDS


@dataclass(frozen=True)
class Contender:
    """A strategy that may become champion, and what was found of it."""

    study: str
    strategy: str
    recipe: str
    """Digest of its hyperparameters."""
    data_digest: str
    fraction: float
    gain_pct: float
    ci_low: float
    ci_high: float

    def tags(self) -> dict[str, str]:
        """What is written beside the model."""
        return {name: str(value) for name, value in asdict(self).items()}

    @classmethod
    def of_tags(cls, tags: Mapping[str, str]) -> "Contender":
        """The inverse of ``tags``; others are ignored."""
        numbers = {name: float(tags[name]) for name in ("fraction", "gain_pct", "ci_low", "ci_high")}
        texts = {name: tags[name] for name in ("study", "strategy", "recipe", "data_digest")}
        return cls(**texts, **numbers)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Decision:
    """Whether a study has a new champion."""

    champion: Contender | None
    """None: no change."""
    why: str
    """One sentence for people."""


def decide(folder: Path, champion: Contender | None) -> Decision:
    """What a finished study means for the champion of its name.

    Args:
        folder: What the study left.
        champion: The present one; None: there is none.
    """
    facts, scores = load_facts(folder), load_scores(folder)
    best = contender(facts, scores)
    if isinstance(best, str):
        return Decision(None, best)
    if champion is None:
        return Decision(best, f"{best.strategy} is the first champion: {_gain(best)}.")
    if (champion.strategy, champion.recipe) == (best.strategy, best.recipe):
        return Decision(None, f"{best.strategy} is the champion already.")
    if facts["strategies"].get(champion.strategy) is None or _recipe(facts, champion.strategy) != champion.recipe:
        return Decision(
            None,
            f"{best.strategy} does not replace the champion {champion.strategy}: this study does not examine the "
            "champion's recipe, and gains of two studies do not compare.",
        )
    return _paired(folder, facts, scores, best, champion)


def contender(facts: Mapping[str, Any], scores: Scores) -> Contender | str:
    """The strategy with the greatest gain at the largest fraction, or why there is none that could be champion."""
    broken = [check.strategy for check in scores.placebos if not check.passed]
    if not scores.valid or broken or not scores.placebos:
        return f"No champion: not every placebo holds ({', '.join(dict.fromkeys(broken)) or 'none was run'})."
    arms = [arm for arm in scores.at(max(scores.fractions())) if _is_sure(arm) and arm.strategy in facts["strategies"]]
    no_answer = {*UPPER_BOUNDS, *(check.strategy for check in scores.placebos)}
    best = max(
        (arm for arm in arms if arm.strategy not in no_answer), key=lambda arm: arm.gain_pct or 0.0, default=None
    )
    if best is None:
        return "No champion: no strategy's interval lies above 0."
    assert best.gain_pct is not None
    assert best.ci_low is not None
    assert best.ci_high is not None
    return Contender(
        facts["name"], best.strategy, _recipe(facts, best.strategy), facts["data_digest"], best.fraction,
        best.gain_pct, best.ci_low, best.ci_high,
    )  # fmt: skip


def _is_sure(arm: ArmScore) -> bool:
    return arm.strategy != NONE and arm.verdict == "helps" and arm.ci_low is not None and arm.ci_low > 0


def _recipe(facts: Mapping[str, Any], strategy: str) -> str:
    return digest_of([strategy, facts["strategies"][strategy]])


def _paired(folder: Path, facts: Mapping[str, Any], scores: Scores, best: Contender, champion: Contender) -> Decision:
    """The challenger against the champion, by seed and held-out drive of this study."""
    errors = pd.read_parquet(folder / "errors.parquet")
    try:
        paired = PairedErrors(errors, scores.metric)
        pair = paired.pair(best.strategy, best.fraction, reference=champion.strategy)
    except UserError as refusal:
        return Decision(None, f"{best.strategy} cannot be compared with the champion {champion.strategy}: {refusal}")
    interval = pair.interval(np.random.default_rng(0))
    if interval is None or interval.low <= 0:
        return Decision(None, f"{best.strategy} does not replace the champion {champion.strategy}: the interval of "
                        "their difference reaches 0.")  # fmt: skip
    lead = f"{interval.low:+.1f} to {interval.high:+.1f} %"
    return Decision(best, f"{best.strategy} replaces the champion {champion.strategy}, which it beats by {lead}.")


def _gain(best: Contender) -> str:
    return f"{best.gain_pct:+.1f} % ({best.ci_low:+.1f} to {best.ci_high:+.1f})"
