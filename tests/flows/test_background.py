"""Servers in the background are started once, found again, and stopped; what went wrong with a run is remembered."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from flows import background, cli, hooks
from flows.servers import answers, free_port, holder_of_services, running_services
from pipeline.schema import UserError

SERVER = """
import json, os, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *words): pass
server = HTTPServer(("127.0.0.1", int(sys.argv[2])), Handler)
url = f"http://127.0.0.1:{sys.argv[2]}"
Path(os.environ["AUGMENT_KITTI_DATA"], "serve.json").write_text(
    json.dumps({"prefect": url, "mlflow": url, "process": os.getpid()}))
print("Ctrl-C stops all of them.", flush=True)
server.serve_forever()
"""


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AUGMENT_KITTI_DATA", str(tmp_path))
    return tmp_path


def _serve_by(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "SERVE", (sys.executable, "-c", code))


@pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")  # that is the point
def test_it_is_started_once_found_again_and_stopped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _serve_by(SERVER, monkeypatch)
    port = free_port()
    words = ["serve", "--background", "--prefect-port", str(port)]
    assert cli.main(words) == 0
    assert f"http://127.0.0.1:{port}" in capsys.readouterr().out
    assert set(running_services()) == {"prefect", "mlflow"}
    assert holder_of_services()
    assert cli.main(words) == 1
    assert "augment-kitti stop" in capsys.readouterr().err
    assert cli.main(["stop"]) == 0
    assert capsys.readouterr().out == "Stopped.\n"
    assert not answers(f"http://127.0.0.1:{port}")
    assert cli.main(["stop"]) == 0
    assert capsys.readouterr().out == "Nothing is running.\n"


def test_one_that_ends_while_starting_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    _serve_by("import sys; sys.exit('augment-kitti: Port 4200 for Prefect is taken.')", monkeypatch)
    with pytest.raises(UserError, match=r"^Port 4200 for Prefect is taken"):
        background.start([])


def test_a_process_that_has_ended_is_not_taken_for_living() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    while background._lives(child.pid):
        pass
    child.wait()
    assert not background._lives(child.pid)


def test_troubles_are_remembered_the_newest_first(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, message in (("first", "No data.\nmore"), ("second", None)):
        run = SimpleNamespace(id="id", parameters={"study": name})
        hooks.remember(
            SimpleNamespace(name="augment-kitti"), run, SimpleNamespace(message=message, name="Crashed", type=1)
        )  # type: ignore[arg-type]
    with hooks.troubles_file().open("ab") as stream:
        stream.write(b"\xff half a li")
    assert [told["study"] for told in hooks.troubles()] == ["second", "first"]
    assert hooks.troubles()[1]["message"] == "No data."
    assert cli.main(["status"]) == 0
    assert "first            Crashed: No data." in capsys.readouterr().out
