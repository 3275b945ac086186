"""What a killed installation left open is put right: dead runs crashed, claimed ones queued again, living ones left."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from flows import servers
from flows.aftermath import KILLED, close_orphans
from flows.hooks import troubles
from flows.liveness import LiveRun, alive
from pipeline.schema import UserError


class Prefect(HTTPServer):
    """As much of Prefect's API as is asked for."""

    def __init__(self, states: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.runs = [
            {"id": name, "name": "humble-puma", "parameters": {"study": "mini"}, "state": {"type": state}}
            for name, state in states.items()
        ]
        self.busy = 0
        self.asked: dict[str, dict[str, object]] = {}

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api"


class Handler(BaseHTTPRequestHandler):
    server: Prefect

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.busy:
            self.server.busy -= 1
            self.send_error(503)
            return
        self.server.asked[self.path.removeprefix("/api/flow_runs/")] = body
        answer = self.server.runs if self.path.endswith("/filter") else {"status": "ACCEPT"}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *words: object) -> None:
        """Nothing."""


@pytest.fixture
def prefect() -> Iterator[Prefect]:
    with Prefect({"dead": "RUNNING", "claimed": "PENDING", "living": "RUNNING"}) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_dead_runs_crash_claimed_ones_wait_again_and_living_ones_go_on(prefect: Prefect, workspace: Path) -> None:
    with alive(workspace / "running", LiveRun("living", "mini")):
        close_orphans(prefect.api, "some-pool")
    assert prefect.asked.pop("filter")["work_pools"] == {"name": {"any_": ["some-pool"]}}
    assert prefect.asked == {
        "dead/set_state": {"state": {"type": "CRASHED", "message": KILLED}, "force": True},
        "claimed/set_state": {"state": {"type": "SCHEDULED"}, "force": True},
    }
    (trouble,) = troubles()
    assert (trouble["study"], trouble["state"], trouble["flow_run_id"]) == ("mini", "Crashed", "dead")


def test_a_busy_database_is_asked_again(prefect: Prefect, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers.time, "sleep", lambda seconds: None)
    prefect.busy = servers.BUSY_S - 1
    close_orphans(prefect.api, "some-pool")
    assert "dead/set_state" in prefect.asked
    prefect.busy = servers.BUSY_S
    with pytest.raises(UserError, match="busy"):
        close_orphans(prefect.api, "some-pool")
