"""Finished lessons on disk: the same lesson is never given twice.

A lesson's folder appears in one step, complete, named by all that its chapter depends on, and is checked before it is
used; a tour that was killed goes on at the next lesson.
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.tour_plan import LessonJob
from flows.training import ARM_TIMEOUT_S, one_thread
from flows.workspace import is_intact, new_folder, seal
from pipeline.textbook.chapter_files import StoredChapter, load_chapter, save_chapter

MANIFEST = "lesson.json"


@dataclass(frozen=True)
class LessonStore:
    """Chapters by key below one folder."""

    folder: Path

    def holds(self, job: LessonJob) -> bool:
        """Whether the chapter is there, complete and undamaged."""
        return is_intact(self.folder / job.key, MANIFEST)

    def chapter(self, job: LessonJob) -> StoredChapter:
        """What the lesson found."""
        return load_chapter(self.folder / job.key)

    def seconds(self, job: LessonJob) -> float:
        """CPU seconds it took."""
        return float(json.loads((self.folder / job.key / MANIFEST).read_text())["seconds"])


@task(task_run_name="{job.name}", timeout_seconds=ARM_TIMEOUT_S, cache_policy=NO_CACHE)
def give_lesson(job: LessonJob, lessons: LessonStore) -> list[float]:
    """Run one lesson and keep its chapter; returns the seconds it took, as the only entry."""
    started, busy = time.monotonic(), time.process_time()
    with one_thread():
        chapter = job.lesson.run(np.random.default_rng([job.seed, *job.name.encode()]), job.digits)
        with new_folder(lessons.folder / job.key) as part:
            save_chapter(part, chapter)
            seal(part, MANIFEST, {"lesson": job.name, "seconds": time.process_time() - busy})
    return [time.monotonic() - started]
