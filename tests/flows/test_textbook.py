"""The textbook as a study: planned without a server, given once, recorded, repeated only where something is lost."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from flows import tracking
from flows.augment_kitti import augment_kitti
from flows.lessons import LessonStore, give_lesson
from flows.results import load_facts
from flows.tour_plan import planned_tour, require_plan
from pipeline.schema import UserError
from pipeline.textbook import LESSONS

SETTINGS = ["lessons=[gaussian, remedies]", "gaussian.steps=40", "gaussian.batch=8", "remedies.steps=10"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["rnig.seeds=2"], 'Did you mean "ring"?'),
        (["ring.sedes=2"], 'Did you mean "seeds"?'),
        (["ring.seeds=0"], "seeds and looks must be at least 1"),
        (["lesson=[ring]"], 'Did you mean "lessons"?'),
        (["lessons=[rings]"], 'Did you mean "ring"?'),
        (["lessons=[]"], "at least one lesson"),
        (["seed=-1"], "seed must be a whole number"),
        (["ring"], "not of the form key=value"),
    ],
)
def test_a_mistake_is_found_before_anything_runs(settings: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message.replace("?", r"\?")):
        planned_tour(settings=settings)


def test_a_folder_without_digits_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        planned_tour(root=tmp_path / "nowhere")
    with pytest.raises(UserError, match="train-images"):
        planned_tour(root=tmp_path)


def test_unknown_studies_and_profiles_are_answered_with_the_textbook_in_mind() -> None:
    with pytest.raises(UserError, match='Did you mean "textbook"'):
        require_plan("texbook", None, None, None, [])
    with pytest.raises(UserError, match='Did you mean "full"'):
        planned_tour(profile="ful")


def test_seeds_reach_every_lesson_that_counts_them_and_the_profile_yields_to_settings() -> None:
    plan = planned_tour(seeds=3)
    assert (plan.lessons["ring"].seeds, plan.lessons["gaussian"].seeds) == (3, 3)
    assert planned_tour(profile="full").lessons["ring"].seeds == 10
    assert planned_tour(profile="full", settings=["ring.seeds=4"]).lessons["ring"].seeds == 4
    assert list(plan.lessons) == list(LESSONS)


def test_a_key_changes_with_what_its_lesson_depends_on_and_with_nothing_else() -> None:
    def keys(settings: list[str]) -> dict[str, str]:
        return {job.name: job.key for job in planned_tour(settings=["lessons=[gaussian, remedies]", *settings]).jobs()}

    before, after = keys([]), keys(["gaussian.steps=41"])
    assert before == keys([])
    assert before["gaussian"] != after["gaussian"]
    assert before["remedies"] == after["remedies"]
    assert not set(before.values()) & set(keys(["seed=1"]).values())


@pytest.fixture(scope="module")
def tour(
    prefect_server: None, empty_mlflow: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SimpleNamespace]:
    """A finished tour of two tiny lessons, whose data folder serves all tests of this module."""
    data = tmp_path_factory.mktemp("data")
    shutil.copy(empty_mlflow, data / "mlflow.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUGMENT_KITTI_DATA", str(data))
        arguments = {"study": "textbook", "seeds": 1, "overrides": SETTINGS, "workers": 1}
        yield SimpleNamespace(folder=Path(augment_kitti(**arguments)), data=data, arguments=arguments)


def test_a_tour_leaves_a_page_its_pictures_and_its_facts(tour: SimpleNamespace) -> None:
    assert {path.name for path in tour.folder.iterdir()} == {"report.html", "run.json", "figures"}
    facts = load_facts(tour.folder)
    assert list(facts["lessons"]) == ["gaussian", "remedies"]
    assert facts["command"].startswith("augment-kitti run textbook --seeds 1 --set 'lessons=[gaussian, remedies]'")
    for found in facts["lessons"].values():
        assert found["metrics"]
        assert found["pictures"]
        assert all((tour.folder / picture).is_file() for picture in found["pictures"])


def test_mlflow_holds_a_parent_and_a_child_for_each_lesson(tour: SimpleNamespace) -> None:
    client = tracking.connected()
    experiment = client.get_experiment_by_name("augment-kitti textbook")
    runs = client.search_runs([experiment.experiment_id])
    children = {run.data.params["lesson"]: run for run in runs if "mlflow.parentRunId" in run.data.tags}
    assert set(children) == {"gaussian", "remedies"}
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert children["gaussian"].data.params["gaussian.steps"] == "40"
    expected = load_facts(tour.folder)["lessons"]["gaussian"]["metrics"]["mean_error"]
    assert children["gaussian"].data.metrics["mean_error"] == pytest.approx(expected)
    assert [item.path for item in client.list_artifacts(children["remedies"].info.run_id)] == ["figures"]


def test_only_a_damaged_chapter_is_computed_again(tour: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "trouble", lambda: "not now")
    lessons = LessonStore(tour.data / "processed" / "lessons")
    before = load_facts(tour.folder)["lessons"]
    broken = next(path for path in lessons.folder.glob("*/lesson.json") if "remedies" in path.read_text()).parent
    (broken / "chapter.json").write_text("{}")
    untouched = {
        path: path.stat().st_mtime_ns for path in lessons.folder.glob("*/lesson.json") if path.parent != broken
    }
    assert augment_kitti(**tour.arguments) == str(tour.folder)
    assert {path: path.stat().st_mtime_ns for path in untouched} == untouched
    assert json.loads((broken / "chapter.json").read_text())["title"]
    after = load_facts(tour.folder)["lessons"]
    assert after["remedies"]["metrics"] == before["remedies"]["metrics"]


def test_a_lesson_gives_the_same_chapter_in_any_store(tour: SimpleNamespace, tmp_path: Path) -> None:
    job = next(job for job in planned_tour(settings=["lessons=[remedies]", "remedies.steps=10"]).jobs())
    give_lesson.fn(job, LessonStore(tmp_path))
    kept = LessonStore(tour.data / "processed" / "lessons").chapter(job)
    assert LessonStore(tmp_path).chapter(job).metrics == kept.metrics
