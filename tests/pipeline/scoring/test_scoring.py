import numpy as np
import pandas as pd
import pytest

from pipeline.schema import UserError
from pipeline.scoring import score_study
from pipeline.scoring.scores import Scores


def score(errors, baselines, **options) -> Scores:
    return score_study(errors, baselines, rng=np.random.default_rng(0), **options)


def arm(scores, strategy, fraction=1.0):
    (found,) = [arm for arm in scores.arms if (arm.strategy, arm.fraction) == (strategy, fraction)]
    return found


def table(rows):
    columns = ["strategy", "seed", "drive", "kind", "n", "ade_px"]
    return pd.DataFrame(rows, columns=columns).assign(fraction=1.0, fold=0, synthetic_only=False, border=False)


def test_macro_and_window_gain_of_hand_computed_errors(baselines):
    errors = table([
        ("none", 0, "a", "Car", 3, 10.0), ("none", 0, "a", "Van", 1, 30.0),  # drive a: 60 / 4 = 15
        ("none", 0, "b", "Car", 12, 5.0),  # macro (15 + 5) / 2 = 10, window mean (60 + 60) / 16 = 7.5
        ("flip", 0, "a", "Car", 3, 10.0), ("flip", 0, "a", "Van", 1, 10.0),  # drive a: 10
        ("flip", 0, "b", "Car", 12, 6.0),  # macro 8, window mean (40 + 72) / 16 = 7
    ])  # fmt: skip
    flip = arm(score(errors, baselines), "flip")
    assert (flip.mean, flip.gain_pct) == pytest.approx((8.0, 20.0))
    assert (flip.window_mean, flip.window_gain_pct) == pytest.approx((7.0, 100 * 0.5 / 7.5))


def test_of_a_score_the_gain_is_that_of_what_it_lacks(baselines):
    errors = table([("none", 0, "a", "Car", 1, 0.0), ("flip", 0, "a", "Car", 1, 0.2)]).rename(
        columns={"ade_px": "iou_10"}
    )
    flip = arm(score(errors, baselines, metric="iou_10"), "flip")
    assert (flip.mean, flip.gain_pct) == pytest.approx((0.2, 20.0))


def test_verdicts_of_a_sound_study(sound):
    assert sound.valid
    assert not sound.invalid_reasons
    verdicts = {arm.strategy: arm.verdict for arm in sound.at(0.25)}
    assert verdicts == {"none": "reference", "copies": "placebo", "noise": "placebo", "flip": "helps",
                        "jitter": "undecided", "gan": "harms"}  # fmt: skip
    flip = arm(sound, "flip")
    assert flip.ci_low < flip.gain_pct < flip.ci_high
    assert flip.gain_pct == pytest.approx(15, abs=2)
    assert flip.p <= flip.p_holm < 0.05
    assert arm(sound, "copies").p_holm is None
    assert sound.conclusion[0].startswith("Yes: the average displacement error falls by 1")
    assert "% through flip with 25 % of the real data and by" in sound.conclusion[0]
    assert any("jitter is undecided" in line for line in sound.conclusion)
    assert any("gan harms (\N{MINUS SIGN}" in line for line in sound.conclusion)


def test_many_strategies_are_counted_and_the_strongest_named(make_errors, baselines):
    helping = {f"s{number}": 0.6 + 0.02 * number for number in range(9)}
    lines = score(make_errors({"none": 1.0, "copies": 1.0, "noise": 1.1, **helping}), baselines).conclusion
    (line,) = [line for line in lines if "then" in line]
    assert line.startswith("With all real data, s0 helps most (+")
    assert [f"{name} (" in line for name in helping] == [False, True, True, *[False] * 6]
    assert line.endswith("and 6 more.")


def test_holm_counts_the_strategies_of_a_fraction_without_placebos(sound):
    smallest = min((arm for arm in sound.at(1.0) if arm.p_holm is not None), key=lambda arm: arm.p)
    assert smallest.p_holm == pytest.approx(3 * smallest.p)  # flip, jitter, gan


def test_a_gaining_copies_placebo_makes_the_study_invalid(make_errors, baselines):
    scores = score(make_errors({"none": 1.0, "copies": 0.9, "noise": 1.1, "flip": 0.8}), baselines)
    assert not scores.valid
    assert "copies must straddle 0, but gains" in scores.invalid_reasons[0]
    assert "invalid" in scores.conclusion[0]
    assert not any("Yes" in line for line in scores.conclusion)


def test_an_upper_bound_is_never_the_answer(make_errors, baselines):
    factors = {"none": 1.0, "copies": 1.0, "noise": 1.1, "oracle": 0.5}
    alone, beside = (score(make_errors({**factors, **more}), baselines) for more in ({}, {"flip": 0.8}))
    assert {arm.verdict for arm in alone.arms if arm.strategy == "oracle"} == {"helps"}
    assert alone.conclusion[0] == "Not proven: no strategy was shown to help."
    assert "through flip" in beside.conclusion[0]
    assert "oracle" not in beside.conclusion[0]


def test_copies_may_not_lose_but_noise_may(make_errors, baselines):
    assert not score(make_errors({"none": 1.0, "copies": 1.1, "noise": 1.0}), baselines).valid
    assert score(make_errors({"none": 1.0, "copies": 1.0, "noise": 1.5}), baselines).valid


def test_gaining_noise_makes_the_study_invalid(make_errors, baselines):
    scores = score(make_errors({"none": 1.0, "copies": 1.0, "noise": 0.9}), baselines)
    assert "noise must not gain, but gains" in scores.invalid_reasons[0]


def test_a_placebo_that_was_not_run_makes_the_study_invalid(make_errors, baselines):
    scores = score(make_errors({"none": 1.0, "copies": 1.0, "flip": 0.8}), baselines)
    assert scores.invalid_reasons == (
        "The placebo noise was not run with all real data, so nothing shows that gains come from the data.",
    )


def test_placebo_intervals_widen_with_the_number_of_checks(make_errors, baselines):
    few = make_errors({"none": 1.0, "copies": 1.0, "noise": 1.1})
    many = make_errors({"none": 1.0, "copies": 1.0, "noise": 1.1}, fractions=(1.0, 0.5, 0.25, 0.1))
    widths = [
        next(check.ci_high - check.ci_low for check in score(table, baselines).placebos if check.fraction == 1.0)
        for table in (few, many)
    ]
    assert widths[0] < widths[1]


def test_one_seed_gives_no_interval_and_no_verdict_but_says_why(make_errors, baselines):
    scores = score(make_errors({"none": 1.0, "copies": 0.8, "noise": 1.1, "flip": 0.8}, seeds=1), baselines)
    flip = arm(scores, "flip")
    assert (flip.ci_low, flip.ci_high, flip.sd, flip.verdict) == (None, None, None, "undecided")
    assert flip.gain_pct == pytest.approx(20, abs=3)
    assert {check.passed for check in scores.placebos} == {None}
    assert "1 seed on 6 held-out drives cannot tell a gain from luck" in scores.caveats[0]


def test_too_few_pairs_for_significance_are_named(make_errors, baselines):
    factors = {"none": 1.0, "copies": 1.0, "noise": 1.1, "flip": 0.8, "scale": 0.9, "speed": 0.9}
    scores = score(make_errors(factors, seeds=2, drives=("a", "b")), baselines)
    assert any("4 pairs and 3 strategies cannot reach significance" in line for line in scores.caveats)


def test_equal_arms_are_undecided(make_errors, baselines):
    errors = make_errors({"none": 1.0, "copies": 1.0, "noise": 1.0, "flip": 1.0}, noise=0.0)
    scores = score(errors, baselines)
    flip = arm(scores, "flip")
    assert (flip.gain_pct, flip.p, flip.verdict) == (0.0, 1.0, "undecided")
    assert scores.valid


def test_a_missing_arm_is_named(errors, baselines):
    gone = (
        (errors["strategy"] == "flip")
        & (errors["seed"] == 2)
        & (errors["drive"] == "0001")
        & (errors["fraction"] == 0.25)
    )
    with pytest.raises(UserError, match=r'"flip-0\.25-fold1-seed2" is missing: it has no errors for drive 0001'):
        score(errors[~gone], baselines)


def test_a_study_without_the_reference_arm_is_refused(errors, baselines):
    with pytest.raises(UserError, match=r'"none-0\.25-fold0-seed0" is missing'):
        score(errors[errors["strategy"] != "none"], baselines)


def test_a_strategy_that_diverged_fails_and_the_others_stand(errors, baselines):
    bad = (errors["strategy"] == "gan") & (errors["seed"] == 1)
    scores = score(errors.assign(ade_px=errors["ade_px"].mask(bad)), baselines)
    gan = arm(scores, "gan")
    assert (gan.verdict, gan.mean, gan.gain_pct, gan.p, gan.p_holm) == ("failed", None, None, None, None)
    assert arm(scores, "flip").verdict == "helps"
    assert any("gan with all real data failed" in line for line in scores.caveats)
    assert "NaN" not in scores.to_json()


def test_a_diverged_placebo_makes_the_study_invalid(errors, baselines):
    scores = score(errors.assign(ade_px=errors["ade_px"].mask(errors["strategy"] == "copies")), baselines)
    assert "its training failed" in scores.invalid_reasons[0]


def test_a_diverged_reference_is_refused(errors, baselines):
    with pytest.raises(UserError, match=r'"none" with 0\.25 of the data has an error that is not a number'):
        score(errors.assign(ade_px=errors["ade_px"].mask(errors["strategy"] == "none")), baselines)


def test_arms_examined_on_other_windows_are_refused(errors, baselines):
    more = errors["n"].where(errors["strategy"] != "flip", errors["n"] + 1)
    with pytest.raises(UserError, match="Drive 0000 was examined on 100 windows by one arm and 103 by another"):
        score(errors.assign(n=more), baselines)


def test_a_drive_held_out_twice_is_refused(errors, baselines):
    with pytest.raises(UserError, match=r"Drive 0000 is held out in folds \[0, 2\]"):
        score(errors.assign(fold=errors["fold"].where(errors["seed"] < 3, 2)), baselines)


def test_an_unknown_metric_is_refused(errors, baselines):
    with pytest.raises(UserError, match='does not report "map"'):
        score(errors, baselines, metric="map")


def test_plain_model_against_constant_velocity(sound, errors, baselines):
    by_name = {baseline.name: baseline for baseline in sound.baselines}
    assert by_name["constant_velocity"].model_gain_pct["1"] == pytest.approx(100 * 0.4 / 1.4, abs=1)
    weak = score(errors, baselines.assign(ade_px=baselines["ade_px"] / 2))
    assert any("does not beat constant velocity with all real data" in line for line in weak.caveats)


def test_a_gain_of_long_drives_alone_is_called_so(make_errors, baselines):
    errors = make_errors({"none": 1.0, "copies": 1.0, "noise": 1.1, "flip": 1.0}, noise=0.01)
    long = errors["drive"] == "0005"
    many = errors.assign(n=errors["n"].where(~long, errors["n"] * 1000))
    lucky = many["ade_px"].where(~(long & (many["strategy"] == "flip")), many["ade_px"] * 0.5)
    scores = score(many.assign(ade_px=lucky), baselines)
    assert arm(scores, "flip").verdict == "undecided"
    assert arm(scores, "flip").window_gain_pct == pytest.approx(50, abs=2)
    assert any("% over all samples, but" in line and "a few long drives carry it" in line for line in scores.caveats)


def test_groups_are_window_means_of_a_part(sound):
    groups = sound.groups
    by_kind = {(row.strategy, row.group): row for row in groups["kind"] if row.fraction == 1.0}
    cars, walkers = by_kind["none", "Car"], by_kind["none", "Pedestrian"]
    assert cars.windows == walkers.windows == 50 * 21
    assert cars.mean / walkers.mean == pytest.approx((40 * 1.2 + 10 * 1.8) / 50 / 0.68)
    assert by_kind["flip", "Car"].gain_pct == pytest.approx(15, abs=2)
    assert by_kind["none", "Car"].gain_pct == 0
    steps = {row.group: row.mean for row in groups["step"] if (row.strategy, row.fraction) == ("none", 1.0)}
    assert steps["10"] == pytest.approx(10 * steps["1"])
    assert set(groups) == {"kind", "border", "drive", "step"}


def test_train_on_synthetic_is_kept_apart(errors, baselines):
    only = errors[(errors["strategy"] == "gan") & (errors["seed"] < 2)].assign(synthetic_only=True)
    only = only.assign(ade_px=only["ade_px"] * 1.5)
    reverse = errors[errors["strategy"] == "gan"]
    scores = score(pd.concat([errors, only]), baselines, reverse=reverse)
    (row,) = [row for row in scores.synthetic_only if row.fraction == 1.0]
    assert row.gain_pct == pytest.approx(-72, abs=4)
    assert row.ci_low < row.gain_pct < row.ci_high
    assert row.tested_on_synthetic == pytest.approx(arm(scores, "gan").window_mean)
    assert arm(scores, "gan").gain_pct == pytest.approx(-15, abs=2)


def test_costs_are_means_over_arms(errors, baselines):
    costs = pd.DataFrame({"strategy": ["flip", "flip"], "fraction": 1.0, "fit_s": [1.0, 3.0], "train_s": [8.0, 10.0]})
    scores = score(errors, baselines, costs=costs)
    assert (arm(scores, "flip").fit_s, arm(scores, "flip").train_s) == (2.0, 9.0)
    assert arm(scores, "gan").fit_s is None


def test_inputs_are_left_alone_and_the_rng_decides(errors, baselines):
    before = errors.copy(), baselines.copy()
    assert score(errors, baselines) == score(errors, baselines)
    pd.testing.assert_frame_equal(errors, before[0])
    pd.testing.assert_frame_equal(baselines, before[1])


def test_scores_survive_json(sound):
    assert Scores.from_json(sound.to_json()) == sound
    with pytest.raises(ValueError, match="schema version 99"):
        Scores.from_json(sound.to_json().replace('"schema_version": 1', '"schema_version": 99'))


def test_a_metric_in_which_the_plain_model_reaches_all_is_left_out(errors, baselines):
    assert not [
        row for row in score(errors.assign(ap_kitti=100.0), baselines).other_metrics if row.metric == "ap_kitti"
    ]
