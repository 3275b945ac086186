"""Every other measure beside a loop, a library or a closed form."""

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import spearmanr
from sklearn.neighbors import KernelDensity

from pipeline.fidelity.base import Cloud, Sets, halved
from pipeline.fidelity.correlation import measures_against_gain
from pipeline.fidelity.diversity import Diversity, mean_distance
from pipeline.fidelity.inception_score import inception_score
from pipeline.fidelity.measures import MEASURES
from pipeline.fidelity.membership import attack_auc, auc_error
from pipeline.fidelity.modes import ModeCoverage, ModeDifference, different_modes
from pipeline.fidelity.nearest_training import Duplicates, Memorised, NearestTraining, nearest, twins
from pipeline.fidelity.neighbourhoods import coverage, density, precision, recall
from pipeline.fidelity.parzen import SIGMAS
from pipeline.fidelity.plausibility import histogram_divergence, jensen_shannon
from pipeline.fidelity.two_sample import Discriminative, two_sample_score


def cloud(points, tracks=10, kind=None, drives=5):
    """Points dealt out to drives and tracks, as neighbours in time are."""
    number = np.arange(len(points)) * tracks // len(points)
    unit = np.array([f"{track % drives}/{track}" for track in number])
    return Cloud(np.asarray(points, float), np.array([name[0] for name in unit]), unit, kind)


def sets_of(rng, made, spread=1.0):
    return Sets(
        cloud(np.reshape(made, (-1, 3))),
        cloud(rng.normal(size=(200, 3)) * spread),
        cloud(rng.normal(size=(200, 3)) * spread),
    )


def naeem_by_loops(synthetic, real, k):
    """Naeem et al. (2020), equations 1 to 4: radii reach the k-th nearest other point."""

    def radius(points, i):
        return sorted(math.dist(points[i], points[j]) for j in range(len(points)) if j != i)[k - 1]

    real_radii = [radius(real, i) for i in range(len(real))]
    made_radii = [radius(synthetic, i) for i in range(len(synthetic))]
    inside = np.array([[math.dist(s, r) <= real_radii[i] for i, r in enumerate(real)] for s in synthetic])
    covered = np.array([[math.dist(s, r) <= made_radii[j] for r in real] for j, s in enumerate(synthetic)])
    return inside.any(1).mean(), covered.any(0).mean(), inside.sum(1).mean() / k, inside.any(0).mean()


@pytest.mark.parametrize("k", [1, 5])
def test_precision_recall_density_and_coverage_agree_with_loops(rng, k):
    synthetic, real = rng.normal(size=(23, 3)) * 0.7, rng.normal(size=(31, 3))
    expected = naeem_by_loops(synthetic, real, k)
    assert [function(synthetic, real, k) for function in (precision, recall, density, coverage)] == pytest.approx(
        expected
    )


def test_inception_score_of_known_answers():
    one_hot = np.tile(np.eye(4), (10, 1))
    assert inception_score(one_hot, 5).value == pytest.approx(4)  # sure, and every class alike
    assert inception_score(np.full((40, 4), 0.25)).value == pytest.approx(1)  # never sure
    assert inception_score(np.tile([1.0, 0, 0], (40, 1))).value == pytest.approx(1)  # one class alone
    rows = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    middle = rows.mean(axis=0)
    expected = math.exp(np.mean([sum(p * math.log(p / q) for p, q in zip(row, middle, strict=True)) for row in rows]))
    assert inception_score(rows, 1).value == pytest.approx(expected)


def test_its_error_is_that_of_the_mean_over_splits(rng):
    rows = rng.dirichlet(np.ones(3), size=30)
    parts = [inception_score(rows[start : start + 10], 1).value for start in (0, 10, 20)]
    found = inception_score(rows, 3)
    assert (found.value, found.error) == pytest.approx((np.mean(parts), np.std(parts, ddof=1) / math.sqrt(3)))


def test_divergence_of_histograms_agrees_with_scipy(rng):
    first, second = rng.dirichlet(np.ones(8)), rng.dirichlet(np.ones(8))
    assert jensen_shannon(first, second) == pytest.approx(jensenshannon(first, second, base=2) ** 2)
    codes = [rng.integers(0, 5, 60), rng.integers(2, 7, 80)]
    counted = [np.bincount(values, minlength=7) / len(values) for values in codes]
    assert histogram_divergence(*codes) == pytest.approx(jensenshannon(*counted, base=2) ** 2)


def test_divergence_is_0_for_equal_values_and_1_beyond_all_real_ones(rng):
    values = rng.normal(size=(40, 7))
    assert histogram_divergence(values, values) == 0
    assert histogram_divergence(values + 100, values) == pytest.approx(1)
    assert histogram_divergence(values - 100, values) == pytest.approx(1)
    assert histogram_divergence(np.zeros(9), np.zeros(5)) == 0
    assert 0 < histogram_divergence(values + 0.5, values) < histogram_divergence(values + 1, values) < 1


def test_mean_distance_agrees_with_a_loop(rng):
    points = rng.normal(size=(17, 4)) + 1000
    assert mean_distance(points) == pytest.approx(np.mean([math.dist(*pair) for pair in combinations(points, 2)]))


def test_twice_as_wide_is_twice_as_varied(rng):
    sets = sets_of(rng, [])
    assert Diversity()(sets.with_real(cloud(2 * sets.train.points + 5)), rng).value == pytest.approx(2)


def test_nearest_and_twins_agree_with_loops(rng):
    points, others = rng.normal(size=(20, 3)), rng.normal(size=(30, 3))
    assert nearest(points, others) == pytest.approx([min(math.dist(p, o) for o in others) for p in points])
    assert twins(np.concatenate([points, points[:5], points[:5]]), 1e-6) == pytest.approx(15 / 30)


def test_copies_raise_every_alarm_of_memory_and_new_samples_none(rng):
    sets = sets_of(rng, [])
    copies, new = sets.with_real(sets.train), sets.with_real(cloud(rng.normal(size=(200, 3))))
    for measure, copied in ((NearestTraining(), 0), (Memorised(), 1), (MEASURES["membership"], 1)):
        floor = measure.floor(sets, rng)
        readings = [measure(made, rng).value for made in (copies, new)]
        assert readings[0] == pytest.approx(copied, abs=0.01)
        assert not measure.alarm(readings[1], floor)
        if measure.better:
            assert measure.alarm(readings[0], floor)
    again = sets.with_real(cloud(np.repeat(sets.unseen.points[:20], 10, axis=0)))
    assert Duplicates()(again, rng).value == 1
    assert "twin" in Duplicates().alarm(1.0, 0.0)


def test_an_attack_on_strangers_succeeds_by_chance(rng):
    members, outsiders, reference = (cloud(rng.normal(size=(300, 3))) for _ in range(3))
    made = cloud(rng.normal(size=(300, 3)))
    auc = attack_auc(made, members, outsiders, reference)
    assert auc == pytest.approx(0.5, abs=4 * auc_error(0.5, 300, 300))


def test_error_of_the_area_under_a_curve_that_means_nothing():
    # For an area of 1/2 the variance of Mann and Whitney's U: (n + m + 1) / 12nm.
    assert auc_error(0.5, 40, 60) == pytest.approx(math.sqrt(101 / (12 * 40 * 60)), rel=1e-9)


def test_modes_differ_where_a_test_of_two_shares_says_so():
    # 30 of 100 against 50 of 100: z = 0.2 / sqrt(0.4 · 0.6 · 2 / 100) = 2.89; 48 against 50 is chance.
    first, second = np.array([0.30, 0.22, 0.48]), np.array([0.50, 0.20, 0.30])
    assert different_modes(first, 100, second, 100) == pytest.approx(2 / 3)
    assert different_modes(second, 100, second, 100) == 0


CORNERS = 100.0 * np.eye(3)
"""Where classes lie that nobody mistakes for each other."""


def of_classes(rng, counts, kind=None):
    """So many samples at each corner, and what they are labelled."""
    place = np.repeat(np.arange(3), counts)
    return cloud(CORNERS[place] + rng.normal(size=(len(place), 3)), kind=place if kind is None else kind)


def test_measures_of_classes_are_known_where_no_class_is_mistaken(rng):
    train = of_classes(rng, (60, 60, 60))
    labels = np.repeat([0, 1, 2], (60, 30, 10))
    labels[:25] = 2  # 25 of 100 are not what they say
    found = {
        name: MEASURES[name](Sets(of_classes(rng, (60, 30, 10), labels), train, train), rng)
        for name in ("class_agreement", "class_balance", "inception_score")
    }
    shares = np.array([0.6, 0.3, 0.1])
    entropy = float(-(shares * np.log(shares)).sum())
    assert found["class_agreement"].value == 0.75
    assert found["class_agreement"].error == pytest.approx(math.sqrt(0.75 * 0.25 / 100))
    assert found["class_balance"].value == pytest.approx(entropy / math.log(3))
    assert found["inception_score"].value == pytest.approx(math.exp(entropy), rel=0.1)  # less, by its splits
    assert found["inception_score"].value < math.exp(entropy)


def test_coverage_counts_the_real_samples_of_the_modes_that_are_reached(rng):
    train = of_classes(rng, (100, 60, 40))
    reached = ModeCoverage(modes=3)(Sets(of_classes(rng, (80, 20, 0)), train, train), rng)
    assert reached.value == pytest.approx(0.8)  # 160 of 200
    hardly = ModeCoverage(modes=3)(Sets(of_classes(rng, (97, 3, 0)), train, train), rng)
    assert hardly.value == pytest.approx(0.8)  # 3 % are a tenth of 30 %
    assert ModeDifference(modes=3)(Sets(of_classes(rng, (100, 60, 40)), train, train), rng).value == 0


def test_the_parzen_likelihood_is_that_of_scikit_learn_at_the_likeliest_width(rng):
    sets = sets_of(rng, rng.normal(size=(200, 3)))
    validation, held_out = halved(sets.unseen, np.random.default_rng(0))
    spread = math.sqrt(validation.points.var(axis=0).mean())
    models = [KernelDensity(bandwidth=2 * spread * width).fit(sets.synthetic.points) for width in SIGMAS]
    best = max(models, key=lambda model: model.score(validation.points))
    found = MEASURES["parzen"](sets, rng)
    assert found.value == pytest.approx(best.score_samples(held_out.points).mean(), rel=1e-6)


def test_a_classifier_tells_apart_what_is_apart_and_nothing_else(rng):
    real = cloud(rng.normal(size=(300, 3)))
    assert two_sample_score(cloud(rng.normal(size=(300, 3)) + 9), real, rng, trees=5).value == pytest.approx(0.5)
    assert two_sample_score(cloud(rng.normal(size=(300, 3))), real, rng, trees=10).value < 0.1


def test_neighbours_in_time_do_not_give_the_answer_away(rng):
    # Every drive has its own place. Split by sample, one half of each drive would betray the other; by drive, nothing.
    drive = np.repeat(np.arange(40).astype(str), 8)
    points = np.repeat(rng.normal(size=(40, 3)) * 20, 8, axis=0) + rng.normal(size=(320, 3))
    real, halves = Cloud(points, drive, drive), np.repeat(np.arange(40) % 2 == 0, 8)
    found = two_sample_score(real.take(halves), real.take(~halves), rng, trees=10)
    by_sample = Cloud(points, np.arange(320).astype(str), drive)
    leaking = two_sample_score(by_sample.take(halves), by_sample.take(~halves), rng, trees=10)
    assert leaking.value > 0.45
    assert found.value < 0.2
    assert Discriminative(trees=10).floor(Sets(real, real, real), rng) < 0.2


def arms_and_fidelity(rng, studies=1):
    names = [f"s{number}" for number in range(9)]
    arms = pd.DataFrame({"strategy": names, "fraction": 1.0, "gain_pct": rng.normal(size=9)})
    rows = {"strategy": names, "fraction": 1.0, "space": "", "floor": 0.0, "value": rng.normal(size=9)}
    tables = [
        pd.DataFrame({**rows, "measure": better or "off", "better": better}) for better in ("higher", "lower", "")
    ]
    return pd.concat(tables), arms


def test_correlation_is_spearmans_turned_so_that_more_is_better(rng):
    fidelity, arms = arms_and_fidelity(rng)
    found = measures_against_gain(fidelity, arms, rng, rounds=50).set_index("measure")["rho"]
    values = fidelity[fidelity["measure"] == "higher"]["value"]
    assert found["higher"] == pytest.approx(spearmanr(values, arms["gain_pct"])[0])
    assert found["lower"] == pytest.approx(-found["higher"])
    assert found["off"] == pytest.approx(spearmanr(-values.abs(), arms["gain_pct"])[0])


def test_arms_of_several_studies_are_ranked_within_their_own(rng):
    # Two studies in which the measure predicts the gain exactly, in different units and with different gains.
    parts = []
    for study, scale in (("a", 1.0), ("b", -50.0)):
        value = np.arange(6) + scale
        parts.append(pd.DataFrame({"study": study, "strategy": list("uvwxyz"), "fraction": 0.5, "measure": "m",
                                   "space": "p", "better": "lower", "floor": 0.0, "value": value,
                                   "gain_pct": -value * abs(scale)}))  # fmt: skip
    both = pd.concat(parts)
    (row,) = measures_against_gain(both.drop(columns="gain_pct"), both, rng, rounds=200).to_dict("records")
    assert row["rho"] == pytest.approx(1)
    assert (row["arms"], row["studies"]) == (12, 2)
    assert row["ci_low"] == pytest.approx(1, abs=0.05)


def test_the_interval_covers_chance_and_too_few_arms_say_nothing(rng):
    fidelity, arms = arms_and_fidelity(rng)
    row = measures_against_gain(fidelity, arms, rng).iloc[0]
    assert row["ci_low"] < row["rho"] < row["ci_high"]
    assert row["ci_high"] - row["ci_low"] > 0.5
    assert measures_against_gain(fidelity, arms[:3], rng).empty


@pytest.mark.parametrize("name", list(MEASURES))
def test_samples_without_any_variety_break_no_measure(rng, name):
    still, drives = np.ones((40, 3)), 4
    kind = np.arange(40) % 2
    sets = Sets(*[cloud(still, kind=kind, drives=drives) for _ in range(3)])
    reading = MEASURES[name](sets, rng)
    assert math.isnan(reading.value) or math.isfinite(reading.value)
    assert isinstance(MEASURES[name].alarm(reading.value, MEASURES[name].floor(sets, rng)), str)
