"""The deployment is made once: making it again would drop runs that are late."""

import subprocess
from pathlib import Path

import pytest

from flows import services
from pipeline.schema import UserError

API = "http://127.0.0.1:9/api"


class Prefect:
    """The command ``prefect deploy``, and a server that knows a deployment or does not."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, code: int = 0) -> None:
        self.deployed, self.known, self.code = 0, True, code
        monkeypatch.setattr(services.subprocess, "run", self.run)
        monkeypatch.setattr(services, "answers_well", lambda url: self.known)

    def run(self, *words: object, **named: object) -> subprocess.CompletedProcess[str]:
        self.deployed += 1
        return subprocess.CompletedProcess([], self.code, "", "why not")


def test_a_deployment_is_made_again_only_if_it_has_changed_or_is_unknown(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefect = Prefect(monkeypatch)
    for _ in range(2):
        services._deploy(API, {})
    assert prefect.deployed == 1
    prefect.known = False
    services._deploy(API, {})
    assert prefect.deployed == 2
    prefect.known = True
    monkeypatch.setattr(services, "version", lambda name: "another")
    services._deploy(API, {})
    assert prefect.deployed == 3


def test_one_that_failed_is_tried_again(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prefect = Prefect(monkeypatch, code=1)
    for _ in range(2):
        with pytest.raises(UserError, match="why not"):
            services._deploy(API, {})
    assert prefect.deployed == 2


def test_nothing_that_answers_is_no_deployment() -> None:
    assert not services.answers_well(f"{API}/deployments/name/x/y")
