"""A study as data: its arms, its overrides, and what it refuses."""

from pathlib import Path

import pytest

from flows.facts import study_facts
from flows.studies import STUDIES, planned
from flows.study import Study, parsed
from pipeline.design import NONE
from pipeline.schema import UserError
from pipeline.store import Ingested
from pipeline.strategies import PLACEBOS


@pytest.mark.parametrize("study", STUDIES.values(), ids=lambda study: study.name)
def test_every_study_can_be_built_and_has_both_placebos(study: Study) -> None:
    study.check_recipes()
    assert set(PLACEBOS) < set(study.strategies)
    assert study.name in STUDIES
    for profile in study.profiles:
        assert study.with_profile(profile) != study


def test_arms_are_every_combination_and_synthetic_only_ones_for_the_first_seeds() -> None:
    study = Study("s", "", "mini_city", (NONE, "flip"), fractions=(0.5, 1.0), seeds=3, tstr_seeds=2, folds=4)
    arms = study.arms(folds=4)
    mixed = [arm for arm in arms if not arm.synthetic_only]
    alone = [arm for arm in arms if arm.synthetic_only]
    assert len(mixed) == len(set(mixed)) == 2 * 2 * 3 * 4
    assert {(arm.strategy, arm.fraction, arm.seed) for arm in alone} == {("flip", 1.0, 0), ("flip", 1.0, 1)}
    assert len(alone) == 2 * 4


def test_learned_samples_get_a_smaller_share_of_the_batch() -> None:
    shares = {arm.strategy: arm.schedule.share for arm in STUDIES["kitti-tracking"].arms(1)}
    assert shares["gan"] == 0.25
    assert shares["flip"] == 0.5


def test_overrides_reach_the_study_the_design_and_each_recipe() -> None:
    study = planned("mini", settings=["history=8", "fractions=[0.5, 1]", "task.steps=60", "jitter.noise_px=2"][:3])
    assert study.design.history == 8
    assert study.fractions == (0.5, 1)
    assert study.design.options["task"] == {**STUDIES["mini"].design.options.get("task", {}), "steps": 60}


def test_seeds_beat_settings_and_settings_beat_the_profile(tmp_path: Path) -> None:
    assert planned("kitti-tracking", tmp_path, profile="quick").seeds == 3
    assert planned("kitti-tracking", tmp_path, profile="quick", settings=["seeds=4"]).seeds == 4
    assert planned("kitti-tracking", tmp_path, seeds=5, profile="quick", settings=["seeds=4"]).seeds == 5


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["histroy=8"], 'Unknown setting "histroy". Did you mean "history"?'),
        (["task.stepz=8"], 'Unknown option of task "stepz". Did you mean "steps"?'),
        (["flipp.x=8"], 'Did you mean "flip"?'),
        (["strategies=[none,flap]"], 'Unknown strategy "flap". Did you mean "flip"?'),
        (["strategies=[flip]"], 'needs the strategy "none"'),
        (["strategies=[none,flip,flip]"], "named twice"),
        (["fractions=[2]"], r"must lie in \(0, 1\]"),
        (["seeds=0"], "seeds must be at least 1"),
        (["seeds=many"], "must be int"),
        (["history"], "not of the form key=value"),
        (["name=other"], 'Unknown setting "name"'),
    ],
)
def test_bad_settings_are_refused_with_a_hint(settings: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message.replace("?", r"\?")):
        planned("mini", settings=settings)


def test_unknown_study_profile_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match='Did you mean "mini"'):
        planned("mimi")
    with pytest.raises(UserError, match='Did you mean "quick"'):
        planned("kitti-tracking", tmp_path, profile="quik")
    with pytest.raises(UserError, match="--root"):
        planned("kitti-tracking")
    with pytest.raises(UserError, match="does not exist"):
        planned("kitti-tracking", tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("0.5", 0.5),
        ("true", True),
        ("[none, flip]", ["none", "flip"]),
        ('["0001"]', ["0001"]),
        ("a b", "a b"),
    ],
)
def test_values_are_json_or_lists_or_text(text: str, value: object) -> None:
    assert parsed(text) == value


def test_the_facts_tell_where_arms_take_fewer_steps(tmp_path: Path) -> None:
    study = STUDIES["generators"]
    data = Ingested(tmp_path, "digest", study.source, 1, 1, 1, False, (), ())
    notes = study_facts(study, (), data, "", {}).notes
    told = [note for note in notes if "every arm learns with" in note]
    assert [note.split()[1] for note in told] == ["5%", "10%", "25%"]
    assert all("steps = 600, batch = 64" in note for note in told)
    assert not study_facts(STUDIES["kitti-tracking"], (), data, "", {}).notes


def test_only_pictures_can_be_looked_at_and_not_while_folds_rotate() -> None:
    assert planned("bdd-night", ".").look == ("night-*[02468]",)
    with pytest.raises(UserError, match='only pictures can be looked at, and the task "prediction" has none'):
        planned("mini", settings=["look=[a]"])
    with pytest.raises(UserError, match="must name those that are held out"):
        planned("bdd-night", ".", settings=["folds=3"])


def test_scarce_data_take_fewer_steps_for_all_arms_alike_unless_asked_otherwise() -> None:
    study = STUDIES["generators"]
    assert study.scarce is not None
    most, options = study.scarce
    assert study.design_at(most).options["task"] == options
    assert "task" not in study.design_at(1.0).options
    asked = study.with_overrides(["task.steps=90"])
    assert asked.design_at(1.0).options["task"] == {"steps": 90}
    assert asked.design_at(most).options["task"] == {**options, "steps": 90}


def test_a_table_without_depth_can_be_asked_about_every_generator_that_needs_none(tmp_path: Path) -> None:
    study = planned("tracks", tmp_path, profile="generators")
    asked = set(study.strategies)
    assert {"gan", "timegan", "flow", "flip+gan", "city_traffic"} < asked
    assert not [name for name in asked if "recombination" in name or "factorised" in name]
    assert study.compared_with() == "flip"
