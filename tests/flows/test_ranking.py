"""Which strategy wins, as MLflow's pages tell it."""

import json
from dataclasses import replace

import pytest

from flows.ranking import METRICS, strategy_metrics, strategy_note, study_metrics, view, winner
from pipeline.scoring.scores import ArmScore, Scores


def arm(strategy: str, fraction: float, gain: float | None, verdict: str) -> ArmScore:
    numbers = {"mean": 12.345678, "ci_low": gain and gain - 1, "ci_high": gain and gain + 1, "p_holm": None}
    missing = ("sd", "p", "detectable_pct", "window_mean", "window_gain_pct", "window_ci_low", "window_ci_high")
    fixed = dict.fromkeys(missing) | {"seeds": 3, "drives": 5, "metric": "ade_px", "unit": "px"}
    return ArmScore(
        strategy=strategy, fraction=fraction, gain_pct=gain, verdict=verdict, fit_s=0.5, train_s=2.0, **numbers, **fixed
    )


@pytest.fixture
def scores() -> Scores:
    arms = (
        arm("none", 0.25, None, "reference"), arm("flip", 0.25, 9.0, "helps"), arm("gan", 0.25, 12.0, "undecided"),
        arm("none", 1.0, None, "reference"), arm("flip", 1.0, 4.0, "helps"), arm("gan", 1.0, 5.0, "helps"),
    )  # fmt: skip
    return Scores("ade_px", "px", False, True, (), (), ("Yes.",), arms, (), ())


def test_the_winner_is_the_best_of_those_that_help_with_all_data(scores: Scores) -> None:
    assert winner(scores) == "gan"
    assert winner(replace(scores, valid=False)) == "invalid study"
    assert winner(replace(scores, arms=scores.arms[:1])) == "none shown to help"
    assert study_metrics(scores) == {
        "valid": 1.0, "best_gain_pct.at_0.25": 9.0, "strategies_that_help.at_0.25": 1.0, "best_gain_pct.at_1": 5.0,
        "strategies_that_help.at_1": 2.0,
    }  # fmt: skip


def test_every_strategy_has_the_same_metrics_in_four_digits(scores: Scores) -> None:
    plain, flip = (strategy_metrics([one for one in scores.arms if one.strategy == name]) for name in ("none", "flip"))
    assert plain.keys() == flip.keys() == {f"{name}.at_{fraction}" for name in METRICS for fraction in ("0.25", "1")}
    assert (plain["gain_pct.at_1"], flip["gain_pct.at_1"], flip["mean.at_1"]) == (0.0, 4.0, 12.35)
    assert plain["gain_pct_low.at_1"] is None


def test_a_note_says_what_was_found(scores: Scores) -> None:
    assert strategy_note(scores.arms[4:5]) == "- With all real data: **helps**, +4.0 % (95 % interval +3.0 to +5.0)"
    assert strategy_note(scores.arms[3:4]) == "- With all real data: **reference**, no gain"


def test_the_view_ranks_this_studys_strategies(scores: Scores) -> None:
    state = json.loads(view(scores, "abc"))
    assert state["searchFilter"] == "tags.mlflow.parentRunId = 'abc'"
    assert (state["orderByKey"], state["orderByAsc"]) == ("metrics.`gain_pct.at_1`", False)
    assert state["selectedColumns"][:2] == ["metrics.`gain_pct.at_0.25`", "metrics.`gain_pct.at_1`"]
