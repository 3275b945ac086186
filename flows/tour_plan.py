"""The plan of a guided tour: which lessons, with which settings, from which digits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flows.studies import STUDIES, planned
from flows.study import parsed
from flows.workspace import digest_of, digest_of_file
from pipeline.provenance import code_digest, modules_of
from pipeline.registry import configured, lookup, unknown
from pipeline.schema import UserError
from pipeline.sources.idx import Digits, read_digits
from pipeline.textbook import LESSONS, Lesson

TEXTBOOK = "textbook"
ABOUT = "How do GANs work, fail, and what does each remedy do to a known failure? A guided tour of small experiments."
PROFILES: Mapping[str, tuple[str, ...]] = {"full": ("ring.seeds=10",)}
"""Named sets of settings."""


@dataclass(frozen=True)
class TourPlan:
    """Which lessons are given, with which settings."""

    lessons: Mapping[str, Lesson]
    seed: int = 0
    root: Path | None = None
    """Folder of MNIST's idx files; None: the bundled digits."""

    def digits(self) -> Digits:
        """The digits that lessons about digits learn from."""
        return read_digits(self.root)

    def data_digest(self) -> str:
        """SHA-256 of the digits' files; a word for the bundled ones."""
        if self.root is None:
            return "bundled"
        return digest_of({path.name: digest_of_file(path) for path in sorted(self.root.iterdir()) if path.is_file()})

    def jobs(self) -> tuple["LessonJob", ...]:
        """One a lesson, in the order of the tour."""
        data, tools = self.data_digest(), {name: version(name) for name in ("torch", "numpy", "matplotlib")}

        def job(name: str, lesson: Lesson) -> LessonJob:
            code = code_digest({*modules_of(lesson), "pipeline.textbook.chapter_files"})
            key = digest_of([name, repr(lesson), self.seed, data, code, tools])[:32]
            return LessonJob(name, lesson, self.seed, self.root, key)

        return tuple(job(name, lesson) for name, lesson in self.lessons.items())


@dataclass(frozen=True)
class LessonJob:
    """Everything a chapter depends on."""

    name: str
    lesson: Lesson
    seed: int
    digits: Path | None
    key: str

    @property
    def strategy(self) -> str:
        """Every lesson takes its own time."""
        return self.name

    def settings(self) -> dict[str, str]:
        """The lesson's settings as text."""
        return {field.name: str(getattr(self.lesson, field.name)) for field in fields(self.lesson)}  # type: ignore[arg-type]


def planned_tour(
    root: str | Path | None = None, seeds: int | None = None, profile: str | None = None, settings: Sequence[str] = ()
) -> TourPlan:
    """The tour with its profile, then ``settings``, then ``seeds`` applied; the digits are read once.

    Raises:
        UserError: any of it is unknown or refused, or the digits cannot be read.
    """
    chosen = lookup(PROFILES, profile, f"profile of {TEXTBOOK}") if profile is not None else ()
    plan = TourPlan(LESSONS)
    for setting in (*chosen, *settings):
        plan = _with(plan, setting)
    if seeds is not None:
        plan = replace(plan, lessons={name: _seeded(name, lesson, seeds) for name, lesson in plan.lessons.items()})
    if root is not None:
        plan = replace(plan, root=Path(root).expanduser().absolute())
        if not plan.root.is_dir():  # type: ignore[union-attr]
            raise UserError(f"{plan.root} does not exist, or is no folder.")
    plan.digits()
    return plan


def require_plan(study: str, root: str | None, seeds: int | None, profile: str | None, settings: Sequence[str]) -> None:
    """Refuse what could not be run.

    Raises:
        UserError: the study or any of its settings is unknown or refused, or its data is missing.
    """
    if study == TEXTBOOK:
        planned_tour(root, seeds, profile, settings)
    elif study in STUDIES:
        planned(study, root, seeds, profile, settings)
    else:
        raise UserError(unknown(study, [*STUDIES, TEXTBOOK], "study"))


def _with(plan: TourPlan, setting: str) -> TourPlan:
    """The plan changed by ``LESSON.option=value``, ``lessons=[a, b]`` or ``seed=1``."""
    key, equals, text = (part.strip() for part in setting.partition("="))
    if not equals:
        raise UserError(f'"{setting}" is not of the form key=value.')
    value: Any = parsed(text)
    owner, dot, option = key.partition(".")
    if dot:
        lesson = configured(lookup(plan.lessons, owner, "lesson"), {option: value}, owner)
        return replace(plan, lessons={**plan.lessons, owner: lesson})
    if key == "lessons":
        names = value if isinstance(value, list) else [value]
        if not names:
            raise UserError("A tour needs at least one lesson.")
        return replace(plan, lessons={str(name): lookup(plan.lessons, str(name), "lesson") for name in names})
    if key == "seed":
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise UserError(f"seed must be a whole number of 0 or more, got {text}.")
        return replace(plan, seed=value)
    raise UserError(unknown(key, ["lessons", "seed", "LESSON.OPTION"], "setting"))


def _seeded(name: str, lesson: Lesson, seeds: int) -> Lesson:
    """The lesson over so many seeds, if it is one that counts seeds."""
    counts = is_dataclass(lesson) and any(field.name == "seeds" for field in fields(lesson))
    return configured(lesson, {"seeds": seeds}, name) if counts else lesson
