"""The textbook as a study: every lesson a task, one page that tours them, one record."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flows.facts import command_line
from flows.lessons import LessonStore, give_lesson
from flows.mlflow_runs import LESSONS
from flows.prefect_records import ProgressArtifact
from flows.recording import recorded
from flows.results import FACTS, require_place_for_report
from flows.tour_plan import TEXTBOOK, LessonJob, TourPlan, planned_tour
from flows.training import work_off
from flows.workspace import code_digest, data_folder, digest_of, new_folder, write_json
from pipeline.pages import file_name
from pipeline.textbook.tour import TourFacts, TourStop, write_tour


def textbook(
    root: str | None, seeds: int | None, profile: str | None, overrides: Sequence[str], workers: int, out: str | None
) -> str:
    """Give every lesson that is not kept yet, write the tour and return its folder; to be called inside a flow."""
    plan = planned_tour(root, seeds, profile, overrides)
    require_place_for_report(out)
    jobs, lessons = plan.jobs(), LessonStore(data_folder() / "processed" / "lessons")
    facts = TourFacts(
        command=command_line(TEXTBOOK, root, seeds, profile, overrides, "refuse"),
        seed=plan.seed,
        credits=(f"Digits: {plan.digits().origin}",),
    )
    folder = tour_folder(jobs, out)
    with recorded(TEXTBOOK) as record:
        pending = [job for job in jobs if not lessons.holds(job)]
        work = [([job], {"job": job, "lessons": lessons}) for job in pending]
        work_off(give_lesson, work, len(jobs) - len(pending), workers, ProgressArtifact(LESSONS))
        write_folder(folder, plan, facts, [_stop(job, lessons) for job in jobs])
        record.finish(folder)
    return str(folder)


def write_folder(folder: Path, plan: TourPlan, facts: TourFacts, stops: Sequence[TourStop]) -> None:
    """The tour and the facts behind it; the folder appears complete or not at all."""
    with new_folder(folder) as part:
        write_tour(part, facts, stops)
        known = {
            "name": TEXTBOOK,
            "root": str(plan.root) if plan.root else None,
            "data_digest": plan.data_digest(),
            "code_digest": code_digest(),
            LESSONS: {stop.name: _found(stop) for stop in stops},
        }
        write_json(part / FACTS, {**asdict(facts), **known})


def tour_folder(jobs: Sequence[LessonJob], out: str | None) -> Path:
    """Where the tour goes: as asked, else a folder named by what its chapters depend on."""
    if out is not None:
        return Path(out).expanduser().absolute()
    return data_folder() / "reports" / f"{TEXTBOOK}-{digest_of([job.key for job in jobs])[:8]}"


def _stop(job: LessonJob, lessons: LessonStore) -> TourStop:
    return TourStop(job.name, job.settings(), lessons.chapter(job), lessons.seconds(job))


def _found(stop: TourStop) -> Mapping[str, Any]:
    """A chapter for programs."""
    return {
        "title": stop.chapter.title,
        "answer": stop.chapter.answer,
        "metrics": dict(stop.chapter.metrics),
        "settings": dict(stop.settings),
        "seconds": stop.seconds,
        "pictures": [f"figures/{stop.name}-{file_name(picture.name)}.png" for picture in stop.chapter.pictures],
    }
