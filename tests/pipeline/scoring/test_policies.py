"""Policies choose on validation drives and take over what they chose; rivals are compared like with like."""

import numpy as np
import pandas as pd
import pytest

from pipeline.scoring.gains import PairedErrors
from pipeline.scoring.policies import Policy, applied, choose
from pipeline.scoring.rivals import not_inferior, rivalries
from pipeline.scoring.statistics import Interval

ERRORS = {"none": 12.0, "flip": 10.0, "good": 8.0, "noise": 20.0}


def table(errors: dict[str, float], spread: float = 0.1, seeds: int = 6, drives: str = "ab") -> pd.DataFrame:
    """Errors of every strategy, each with its own scatter over seeds, drives and classes."""
    rng = np.random.default_rng(0)
    scatter = {name: rng.normal(0, spread, (seeds, len(drives), 2)) for name in errors}
    return pd.DataFrame(
        [
            {"strategy": name, "fraction": 1.0, "fold": 0, "seed": seed, "synthetic_only": False, "drive": drive,
             "kind": kind, "border": False, "n": 10, "ade_px": error + scatter[name][seed, d, k]}
            for name, error in errors.items()
            for seed in range(seeds)
            for d, drive in enumerate(drives)
            for k, kind in enumerate(("Car", "Cyclist"))
        ]
    )  # fmt: skip


def test_a_policy_takes_the_candidate_that_clearly_leads_and_its_held_out_errors() -> None:
    valid, held_out = table(ERRORS), table({**ERRORS, "good": 9.0}, drives="cd")
    choices = choose("policy", Policy(("flip", "none", "good")), valid, "ade_px")
    assert [choice.chosen for choice in choices] == ["good"]
    assert choices[0].gain_pct == pytest.approx(20, abs=2)
    rows = applied(choices, held_out)
    assert set(rows["strategy"]) == {"policy"}
    good = held_out[held_out["strategy"] == "good"]
    np.testing.assert_array_equal(rows["ade_px"], good["ade_px"])


def test_a_lead_within_the_noise_changes_nothing() -> None:
    (choice,) = choose("policy", Policy(("flip", "good")), table({**ERRORS, "good": 9.99}, spread=1.0), "ade_px")
    assert (choice.chosen, choice.gain_pct) == ("flip", 0.0)


def test_one_seed_chooses_nothing() -> None:
    (choice,) = choose("policy", Policy(("flip", "good")), table(ERRORS, seeds=1), "ade_px")
    assert choice.chosen == "flip"


def test_where_more_is_better_the_larger_value_leads() -> None:
    precision = table(ERRORS).rename(columns={"ade_px": "ap_50"})
    (choice,) = choose("policy", Policy(("flip", "good", "none")), precision, "ap_50")
    assert choice.chosen == "none"


def test_classes_may_choose_apart() -> None:
    valid = table(ERRORS)
    valid.loc[(valid["strategy"] == "good") & (valid["kind"] == "Cyclist"), "ade_px"] += 10
    choices = choose("policy", Policy(("flip", "good"), by_class=True), valid, "ade_px")
    assert {choice.kind: choice.chosen for choice in choices} == {"Car": "good", "Cyclist": "flip"}
    rows = applied(choices, valid)
    assert len(rows) == len(valid) / len(ERRORS)
    assert rows.groupby("kind")["ade_px"].mean().round().to_dict() == {"Car": 8, "Cyclist": 10}


def test_a_policy_needs_alternatives() -> None:
    with pytest.raises(ValueError, match="two candidates"):
        Policy(("flip", "flip"))


def test_rivals_are_ranked_against_the_rival_not_against_none() -> None:
    paired = PairedErrors(table({**ERRORS, "same": 10.0}, drives="abcd"), "ade_px")
    found = {row.strategy: row for row in rivalries(paired, "flip", ("noise",), np.random.default_rng(0))}
    assert set(found) == {"good", "same"}
    assert found["good"].gain_pct == pytest.approx(20, abs=2)
    assert found["good"].standing == "better"
    assert found["same"].standing == "not worse"
    assert {row.not_inferior for row in found.values()} == {"yes"}


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(-0.9, 3.0, "yes"), (0.5, 3.0, "yes"), (-1.1, 3.0, "undecided"), (-1.0, 0.0, "undecided"), (-4.0, -1.1, "no")],
)
def test_a_loss_is_bounded_only_by_the_whole_interval(low: float, high: float, expected: str) -> None:
    assert not_inferior(Interval((low + high) / 2, low, high, 1.0)) == expected


def test_without_an_interval_no_loss_is_bounded() -> None:
    assert not_inferior(None) == "undecided"


def test_a_policy_chosen_among_losers_keeps_to_the_rival_and_cannot_be_inferior() -> None:
    """The non-inferiority that policies promise: with nothing better on validation drives, they are the rival."""
    valid, held_out = table({"none": 12.0, "flip": 10.0, "bad": 10.4}), table({"none": 12.0, "flip": 10.0, "bad": 10.4})
    choices = choose("policy", Policy(("flip", "bad")), valid, "ade_px")
    errors = pd.concat([held_out, applied(choices, held_out)])
    found = {
        row.strategy: row for row in rivalries(PairedErrors(errors, "ade_px"), "flip", (), np.random.default_rng(0))
    }
    assert (found["policy"].gain_pct, found["policy"].not_inferior) == (0.0, "yes")
    assert found["bad"].not_inferior == "no"
