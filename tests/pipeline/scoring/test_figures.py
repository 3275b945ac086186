import re

import numpy as np
import pandas as pd
import pytest

from pipeline.figures import curve_pictures, drive_pictures, gain_pictures, horizon_pictures, track_pictures
from pipeline.figures.gain_figures import gain_limits
from pipeline.figures.style import (
    DARK,
    LIGHT,
    in_both_themes,
    label,
    label_ends,
    new_axes,
    strategy_colours,
    to_png,
    to_svg,
)  # fmt: skip
from pipeline.figures.track_figures import spread
from pipeline.scoring import score_study

ODD = {"none": 1.0, "copies": 1.0, "noise": 1.1, "$x^{<&": 0.8, "a_very_long_name_of_a_strategy": 3.0}


def score(errors, baselines):
    return score_study(errors, baselines, rng=np.random.default_rng(0))


def all_pictures(scores, curves, windows):
    return [
        *gain_pictures(scores), *horizon_pictures(scores), *drive_pictures(scores), *curve_pictures(scores, curves),
        *track_pictures({"flip": windows}, windows, 10),
    ]  # fmt: skip


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_one_picture_a_question(sound, curves, windows):
    names = [picture.name for picture in all_pictures(sound, curves, windows)]
    assert names == [
        "gain_0.25", "gain_1", "gain_by_fraction", "error_by_horizon_0.25", "gain_by_horizon_0.25",
        "error_by_horizon_1", "gain_by_horizon_1", "gain_by_drive_0.25", "gain_by_drive_1", "curve_train_loss",
        "tracks_real", "tracks_flip",
    ]  # fmt: skip


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_every_picture_can_be_drawn_in_every_theme(sound, curves, windows, theme):
    for picture in all_pictures(sound, curves, windows):
        assert to_png(picture.draw(theme), dpi=30).startswith(b"\x89PNG")


def test_a_drawing_in_both_themes_has_the_colours_of_either(sound, curves, windows):
    def colours(svg):
        return re.findall(rb"#[0-9a-f]{6}\b", svg)

    stored_once = []
    for picture in all_pictures(sound, curves, windows):
        light, dark = (to_svg(picture.draw(theme)) for theme in (LIGHT, DARK))
        if both := in_both_themes(light):
            drawn, _, style = both.partition(b"<style>:root")
            normal, _, when_dark = style.partition(b"@media screen and (prefers-color-scheme:dark)")
            for rules, expected in ((normal, light), (when_dark, dark)):
                meant = dict(re.findall(rb"(--c[0-9a-f]{6}):(#[0-9a-f]{6})", rules))
                assert [meant[name] for name in re.findall(rb"var\((--c[0-9a-f]{6})\)", drawn)] == colours(expected)
            stored_once.append(picture.name)
    assert {"gain_1", "error_by_horizon_1", "curve_train_loss", "tracks_flip"} <= set(stored_once)


def test_one_seed_odd_names_and_a_failed_arm_can_be_drawn(make_errors, baselines, curves, windows):
    errors = make_errors(ODD, seeds=1, drives=("$a_b$", "0001", "a" * 40))
    errors["ade_px"] = errors["ade_px"].mask(errors["strategy"] == "copies")
    pictures = all_pictures(score(errors, baselines), curves, windows)
    assert "gain_by_fraction" not in [picture.name for picture in pictures]
    for picture in pictures:
        to_png(picture.draw(LIGHT), dpi=30)
    assert "failed" in texts(pictures[0].draw(LIGHT))


def test_errors_on_the_ground_are_drawn_in_metres_and_forty_frames_leave_room_for_their_numbers(errors, baselines):
    def on_ground(table):
        more = {f"step_{step}_m": table["step_10_px"] for step in range(11, 41)}
        return table.rename(columns=lambda name: name.replace("_px", "_m")).assign(**more)

    scores = score_study(on_ground(errors), on_ground(baselines), metric="ade_m", rng=np.random.default_rng(0))
    (axes,) = horizon_pictures(scores)[0].draw(LIGHT).axes
    assert axes.get_ylabel() == "centre error, m"
    assert axes.get_xlim() == (1, 40)
    assert 5 < len(axes.get_xticks()) <= 14


def test_the_forest_prints_gain_interval_and_p(sound):
    flip = next(arm for arm in sound.at(1.0) if arm.strategy == "flip")
    (line,) = [text for text in texts(gain_pictures(sound)[1].draw(LIGHT)) if text.startswith(f"+{flip.gain_pct:.1f}")]
    assert f"[+{flip.ci_low:.1f}, +{flip.ci_high:.1f}]" in line
    assert "< 0.001" in line.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("drives", [4, 30])
def test_many_drives_are_dots_and_many_strategies_are_cut_to_those_that_gain_most(make_errors, baselines, drives):
    factors = {f"s{number:02d}": 0.5 + 0.02 * number for number in range(20)}
    places = tuple(f"{number:04d}" for number in range(drives))
    scores = score(make_errors({"none": 1.0, "copies": 1.0, "noise": 1.1, **factors}, drives=places), baselines)
    figure = drive_pictures(scores)[0].draw(LIGHT)
    shown = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert (sorted(shown[:14]), shown[14:]) == (list(factors)[:14], ["copies", "noise"])
    assert figure.get_figheight() < 6
    told = [text for text in texts(figure) if text.startswith(f"{drives} of {drives} gain")]
    assert len(told) == (14 if drives == 30 else 0)


def test_a_failing_placebo_is_shouted(make_errors, baselines):
    scores = score(make_errors({"none": 1.0, "copies": 0.8, "noise": 1.1}), baselines)
    assert any(text.endswith("ALARM") for text in texts(gain_pictures(scores)[0].draw(LIGHT)))


@pytest.mark.parametrize("collapsing", ["noise", "gan"])
def test_a_collapse_does_not_flatten_the_others(make_errors, baselines, collapsing):
    factors = {"none": 1.0, "copies": 1.0, "noise": 1.1, "flip": 0.9, collapsing: 9.0}
    low, high = gain_limits(score(make_errors(factors), baselines))
    assert -40 < low < 0 < high < 20


def test_labels_at_line_ends_keep_their_distance_and_order():
    _, axes = new_axes(LIGHT, 3.0, left=0.1)
    axes.set_ylim(0, 10)
    label_ends(axes, [(9.9, "d", "k"), (5.0, "b", "k"), (5.01, "c", "k"), (0.0, "a", "k")], gap=0.1)
    places = {text.get_text(): text.get_position()[1] for text in axes.texts}
    assert places == pytest.approx({"a": 0.0, "b": 0.5, "c": 0.6, "d": 0.99})


def test_labels_that_pile_up_at_the_top_are_pushed_down():
    _, axes = new_axes(LIGHT, 3.0, left=0.1)
    axes.set_ylim(0, 10)
    label_ends(axes, [(10.0, "a", "k"), (10.0, "b", "k")], gap=0.1)
    assert [text.get_position()[1] for text in axes.texts] == pytest.approx([0.9, 1.0])


def test_long_names_are_shortened_in_the_middle_and_dollars_are_no_formula():
    assert label("flip") == "flip"
    assert label("0001_2011_09_26_drive_0001") == "0001_201…rive_0001"
    assert label("$a$") == r"\$a\$"


def test_a_strategy_has_one_colour_in_all_figures(sound):
    colours = strategy_colours(sound, LIGHT)
    assert colours["copies"] == colours["noise"] == LIGHT.muted
    assert len({colours[name] for name in ("none", "flip", "jitter", "gan", "copies")}) == 5


def test_shown_tracks_range_from_slow_to_fast(windows):
    shuffled = windows.take(np.random.default_rng(0).permutation(len(windows)))
    speeds = (shuffled.boxes[:, 1, 0] - shuffled.boxes[:, 0, 0])[spread(shuffled, count=3)]
    assert speeds.tolist() == [0, 6, 11]
    assert len(spread(windows.take(np.array([3])))) == 1


def test_losses_of_fitting_and_of_training_stay_apart_and_synthetic_only_arms_aside(sound, curves):
    fitted = curves[curves["strategy"] == "flip"].assign(phase="fit", value=7.0)
    alone = curves.assign(synthetic_only=True, value=100.0)
    pictures = curve_pictures(sound, pd.concat([fitted, curves, alone]))
    highest = {picture.name: picture.draw(LIGHT).axes[0].dataLim.ymax for picture in pictures}
    assert highest == pytest.approx({"curve_fit_loss": 7.0, "curve_train_loss": 1.0})
