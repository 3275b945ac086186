"""What ends a study from outside is told in one sentence."""

import errno
import os
from collections import namedtuple
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from flows import mishaps, prefect_records, training
from flows.mishaps import explained, of_disk
from pipeline.schema import UserError

Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "the disk is full: data/x"),
        (errno.EROFS, "the disk can only be read: data/x"),
        (errno.EACCES, "there is no permission: data/x"),
        (errno.EINVAL, None),
    ],
)
def test_what_ails_a_disk_is_said_with_the_file(number: int, told: str | None) -> None:
    assert of_disk(OSError(number, os.strerror(number), "data/x")) == told
    assert of_disk(OSError("no number")) is None


def failing(failure: Exception) -> None:
    with explained():
        raise failure


def test_a_failure_on_a_full_disk_or_without_a_server_is_explained(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.mkdir()
    monkeypatch.setenv("PREFECT_API_URL", "http://ann:s3cret@127.0.0.1:9/api")
    with pytest.raises(UserError, match=r"The Prefect server at .* has gone.*the same command goes on"):
        failing(RuntimeError("connection refused"))
    monkeypatch.setattr(mishaps.shutil, "disk_usage", lambda path: Usage(10, 10, 0))
    with pytest.raises(UserError, match=r"The disk of .* is full"):
        failing(RuntimeError("database or disk is full"))


def test_a_defect_of_the_program_and_a_users_mistake_stay_what_they_are(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.mkdir()
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with pytest.raises(ZeroDivisionError):
        failing(ZeroDivisionError())
    monkeypatch.setattr(mishaps.shutil, "disk_usage", lambda path: Usage(10, 10, 0))
    with pytest.raises(UserError, match=r"^row 3$"):
        failing(UserError("row 3"))


def test_a_killed_worker_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*rest: object) -> None:
        raise BrokenExecutor

    @contextmanager
    def running(*rest: object):
        yield None

    monkeypatch.setattr(training, "running", running)
    monkeypatch.setattr(training, "_hand_out", die)
    piece = SimpleNamespace(name="x", cost=1.0)
    monkeypatch.setattr(training, "ArmProgress", lambda *rest: _NoProgress())
    with pytest.raises(UserError, match=r"was killed.*--workers"):
        training.work_off(training.examine_arms, [([piece], {}), ([piece], {})], 0, 2)


class _NoProgress:
    def __enter__(self) -> "_NoProgress":
        return self

    def __exit__(self, *rest: object) -> None:
        pass


@pytest.mark.parametrize(("there", "asked"), [(True, 3), (False, 0)])
def test_what_only_prefects_pages_show_never_ends_a_study_nor_holds_it_up(
    monkeypatch: pytest.MonkeyPatch, there: bool, asked: int
) -> None:
    tried: list[object] = []

    def gone(*rest: object, **named: object) -> None:
        tried.append(rest)
        raise ConnectionRefusedError

    for name in ("create_progress_artifact", "create_markdown_artifact", "create_link_artifact"):
        monkeypatch.setattr(prefect_records, name, gone)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    monkeypatch.setattr(prefect_records, "answers", lambda url: there)
    prefect_records.ProgressArtifact()(SimpleNamespace(percent=3.0))
    prefect_records.show_answer("| strategy |")
    prefect_records.link_to_mlflow("http://x")
    assert len(tried) == asked
