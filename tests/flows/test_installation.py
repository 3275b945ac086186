"""``status`` and ``doctor``: what they see, and what they advise."""

import json
import os
import sqlite3
import time
from pathlib import Path

import pytest

from flows import cli, examination, installation
from flows.liveness import LiveRun, alive
from flows.servers import free_port


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of its own, and no server named by the environment."""
    folder = tmp_path / "data"
    monkeypatch.setenv("AUGMENT_KITTI_DATA", str(folder))
    for name in ("PREFECT_API_URL", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    return folder


def _finished(data: Path, name: str, created: str, **scores: object) -> Path:
    folder = data / "reports" / f"{name}-{created[:4]}"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"name": name, "created": created}))
    if scores:
        (folder / "scores.json").write_text(json.dumps(scores))
    return folder


def test_an_empty_place_is_told_without_making_it(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status"]) == 0
    text = capsys.readouterr().out
    assert "nothing yet" in text
    assert "not running" in text
    assert not data.exists()


def test_studies_are_told_the_newest_first_with_their_answers(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _finished(data, "old", "2025-01-01T00:00:00", valid=True, conclusion=["flip helps."], invalid_reasons=[])
    _finished(data, "new", "2026-01-01T00:00:00", valid=False, conclusion=[], invalid_reasons=["noise gains"])
    _finished(data, "tour", "2024-01-01T00:00:00")
    broken = _finished(data, "broken", "2027-01-01T00:00:00")
    (broken / "run.json").write_text("{")
    with alive(data / "running", LiveRun("id", "mini")):
        assert cli.main(["status", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [report["study"] for report in facts["reports"]] == ["new", "old", "tour"]
    assert [report["answer"] for report in facts["reports"]] == ["not valid: noise gains", "flip helps.", ""]
    assert [run["study"] for run in facts["running"]] == ["mini"]
    assert facts["killed"] == 0
    assert facts["disk_use"]["reports"] > 0


def test_a_sound_installation_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor"]) == 0
    assert "WRONG" not in capsys.readouterr().out


def test_missing_and_unfit_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["no-such-thing>=1", "numpy>=99", "pandas", 'other; extra == "dev"']
    monkeypatch.setattr(installation, "requires", lambda _: wanted)
    unmet = installation.unmet_requirements()
    assert unmet[0] == "no-such-thing is missing"
    assert unmet[1].startswith("numpy ")
    assert unmet[1].endswith("is installed, >=99 is needed")
    assert len(unmet) == 2
    assert examination.packages().grave


def test_a_place_that_cannot_be_written_is_grave(data: Path) -> None:
    data.parent.mkdir(exist_ok=True)
    data.write_text("a file")
    assert examination.place().grave


def test_what_a_killed_run_left_is_found(data: Path) -> None:
    (data / "reports" / ".mini-0123-abcd").mkdir(parents=True)
    (data / "running").mkdir()
    (data / "running" / "dead.json").write_text('{"flow_run_id": "dead"}')
    finding = examination.leftovers()
    assert finding.found == "1 records open, 1 folders half written"
    assert ".mini-0123-abcd" in finding.remedy


def test_files_from_the_future_are_noticed(data: Path) -> None:
    data.mkdir()
    (data / "serve.json").write_text("{}")
    later = time.time() + 3600
    os.utime(data / "serve.json", (later, later))
    assert "60 minutes ahead" in examination.clock().found


def test_servers_that_do_not_answer_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("PREFECT_API_URL", f"{nowhere}/api")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", nowhere)
    assert examination.prefect().grave  # a study would refuse to start
    assert examination.mlflow().mark == "note"  # it would run, and can be recorded later


def test_a_damaged_record_is_found(data: Path) -> None:
    data.mkdir()
    (data / "mlflow.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 4096)
    assert examination.mlflow().grave
    (data / "mlflow.db").unlink()
    sqlite3.connect(data / "mlflow.db").close()
    assert not examination.mlflow().grave
