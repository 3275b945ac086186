"""Passwords in addresses are used and never shown."""

import json
from pathlib import Path

import pytest

from flows import cli, tracking
from flows.credentials import masked, without_user
from flows.examination import examine
from flows.liveness import LiveRun, alive
from flows.recording import warn, with_password
from flows.servers import answers
from flows.tracking import Opened
from pipeline.schema import UserError

ADDRESS = "http://ann:s3cret@127.0.0.1:9/mlflow"


@pytest.fixture
def secret_tracker(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", ADDRESS)
    monkeypatch.setenv("PREFECT_API_URL", "http://ann:s3cret@127.0.0.1:9/api")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (ADDRESS, "http://***@127.0.0.1:9/mlflow"),
        ("postgresql+psycopg2://ann:p%40ss@host/db?sslmode=on", "postgresql+psycopg2://***@host/db?sslmode=on"),
        ("http://ann:p@ss@host/", "http://***@host/"),
        ("http://token@host, http://b:c@d", "http://***@host, http://***@d"),
        ("postgresql://host/db?user=a&password=b&x=1", "postgresql://host/db?user=a&password=***&x=1"),
        ("no route to http://host/api?Token=abc", "no route to http://host/api?Token=***"),
        ("sqlite:////home/ann@work/mlflow.db", "sqlite:////home/ann@work/mlflow.db"),
        ("mail ann@host about http://host/a@b", "mail ann@host about http://host/a@b"),
    ],
)
def test_what_is_secret_is_hidden_and_nothing_else(text: str, shown: str) -> None:
    assert masked(text) == shown
    assert masked(shown) == shown


def test_a_page_is_linked_without_the_user() -> None:
    assert without_user(ADDRESS) == "http://127.0.0.1:9/mlflow"
    assert Opened(ADDRESS, "run", "1").url == "http://127.0.0.1:9/mlflow/#/experiments/1/runs/run"


def test_a_password_in_an_address_does_not_keep_a_server_from_being_asked() -> None:
    assert not answers("http://ann:s3cret@127.0.0.1:9/health")
    assert not answers("http://ann:s3cret@127.0.0.1/health", timeout_s=0.01)


def test_messages_warnings_and_findings_hide_it(secret_tracker: None, capsys: pytest.CaptureFixture[str]) -> None:
    warn(f"{tracking.trouble()}")
    assert cli.main(["run", "mini"]) == 1
    said = capsys.readouterr()
    assert "MLflow does not answer at http://***@127.0.0.1:9/mlflow" in said.err
    assert "Prefect does not answer at http://***@127.0.0.1:9/api" in said.err
    assert cli.main(["doctor"]) in (0, 1)
    assert cli.main(["status", "--json"]) == 0
    shown = said.out + said.err + "".join(capsys.readouterr()) + repr(examine())
    assert "s3cret" not in shown
    assert "ann" not in shown.split()


def test_the_record_of_a_living_run_holds_none_and_the_next_study_finds_it_again(
    secret_tracker: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with alive(tmp_path, LiveRun("me")) as pulse:
        pulse.recorded_in_mlflow(masked(ADDRESS), "run")
        shown = json.loads((tmp_path / "me.json").read_text())["mlflow_uri"]
    assert with_password(shown) == ADDRESS
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://elsewhere")
    assert with_password(shown) == shown


def test_a_users_error_hides_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from flows.commands import schema

    def refuse(arguments: object) -> int:
        raise UserError(f"nobody answers at {ADDRESS}")

    monkeypatch.setattr(schema, "main", refuse)
    assert cli.main(["schema"]) == 1
    assert capsys.readouterr().err == "augment-kitti: nobody answers at http://***@127.0.0.1:9/mlflow\n"
