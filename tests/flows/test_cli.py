"""The command line, as a user meets it: exit codes, messages without tracebacks, and what survives a kill."""

import json
import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from flows import cli, servers
from flows.commands import export
from flows.results import load_samples
from flows.studies import STUDIES
from flows.tour_plan import TEXTBOOK
from pipeline.sources import SOURCES

AUGMENT_KITTI = Path(sys.executable).with_name("augment-kitti")


def test_help_is_quick_and_names_every_command() -> None:
    started = time.process_time()
    text = cli.parser().format_help()
    assert time.process_time() - started < 0.5
    for module in cli.COMMANDS:
        assert re.search(rf"^    {module.rsplit('.', 1)[1]}\b", text, re.MULTILINE)


def test_help_loads_no_heavy_library() -> None:
    code = (
        "import sys, flows.cli; flows.cli.parser(); print({'torch', 'prefect', 'mlflow', 'numpy'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.mark.parametrize("words", [[], ["runn"], ["run"], ["run", "mini", "--on-error", "shrug"], ["export", "x"]])
def test_a_misspelt_command_line_exits_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(words)
    assert stopped.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_studies_and_schema_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["studies"]) == 0
    assert "kitti-tracking\n" in capsys.readouterr().out
    assert cli.main(["schema"]) == 0
    assert "image_width" in capsys.readouterr().out


def test_check_finds_nothing_in_good_data_and_names_each_bad_row(
    tiny_kitti: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", str(tiny_kitti)]) == 0
    assert "no problems" in capsys.readouterr().out
    label = tiny_kitti / "label_02" / "0001.txt"
    lines = label.read_text().splitlines()
    label.write_text("\n".join(["0 -1 nonsense", *lines]) + "\n")
    assert cli.main(["check", str(tiny_kitti)]) == 1
    assert f"{label}:1: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "mimi"], 'Unknown study "mimi". Did you mean "mini"?'),
        (["run", "mini", "--set", "histroy=8"], 'Did you mean "history"?'),
        (["run", "kitti-tracking"], "--root"),
        (["run", "kitti-tracking", "--root", "nowhere"], "nowhere does not exist"),
        (["run", "mini", "--seeds", "0"], "seeds must be at least 1"),
        (["run", "mini", "--out", "/proc/report"], "Cannot write to /proc"),
        (["check", "nowhere"], "nowhere does not exist"),
        (["record", "nowhere"], "nowhere holds no finished study"),
        (["export", "nowhere", "--to", "x"], "nowhere holds no finished study"),
    ],
)
def test_a_users_mistake_is_one_message_and_exit_code_1(
    words: list[str], message: str, workspace: Path, capsys: pytest.CaptureFixture[str], no_server: None
) -> None:
    assert cli.main(words) == 1
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


@pytest.fixture
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mistakes are found before a server is needed: one that is asked for fails the test."""

    @contextmanager
    def starting(port: int, *, services: bool) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(url="http://127.0.0.1:9", wait_until_healthy=refuse)

    def refuse(path: str) -> None:
        raise AssertionError("a server was waited for")

    monkeypatch.setattr(servers, "prefect_server", starting)


def test_a_prefect_server_that_is_named_must_answer(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    assert cli.main(["run", "mini"]) == 1
    assert "Prefect does not answer at http://127.0.0.1:9/api (PREFECT_API_URL)" in capsys.readouterr().err


def test_a_taken_port_is_named(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert cli.main(["serve", "--prefect-port", str(port)]) == 1
        assert f"Port {port} for Prefect is taken. Choose another with --prefect-port." in capsys.readouterr().err


def test_a_full_disk_is_one_message(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import errno

    from flows.commands import schema

    def fill(arguments: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", "data/x")

    monkeypatch.setattr(schema, "main", fill)
    assert cli.main(["schema"]) == 1
    assert capsys.readouterr().err == "augment-kitti: the disk is full: data/x\n"


def test_every_command_of_the_readme_exists() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    blocks = "\n".join(re.findall(r"```bash\n(.*?)```", readme, re.DOTALL))
    commands = re.findall(r"^augment-kitti (.+?)(?:\s+#.*)?$", blocks, re.MULTILINE)
    commands += re.findall(r"`augment-kitti ([^`]+)`", readme)
    assert len(commands) > 5
    for command in commands:
        arguments = cli.parser().parse_args(shlex.split(command))
        if getattr(arguments, "study", "STUDY") != "STUDY":
            assert arguments.study in {*STUDIES, TEXTBOOK}


@pytest.fixture(scope="module")
def killed(
    small_kitti: Path,
    settings: list[str],
    make_workspace: Callable[[Path], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> SimpleNamespace:
    """A study that was killed and then started again by the same command."""
    data = make_workspace(tmp_path_factory.mktemp("killed"))
    words = [str(AUGMENT_KITTI), "run", "kitti-tracking", "--root", str(small_kitti), "--seeds", "2", "--workers", "1"]
    words += [word for setting in settings for word in ("--set", setting)]
    env = {**os.environ, "AUGMENT_KITTI_DATA": str(data)}
    arms = data / "processed" / "arms"
    child = subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while child.poll() is None and len(finished(arms)) < 5:
        time.sleep(0.01)
    child.kill()
    child.wait()
    survived = {path: path.stat().st_mtime_ns for path in finished(arms)}
    return SimpleNamespace(
        data=data, survived=survived, run=subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    )


def finished(arms: Path) -> list[Path]:
    return [path / "arm.json" for path in arms.glob("[!.]*") if (path / "arm.json").exists()]


@pytest.mark.usefixtures("prefect_server")
def test_ctrl_c_says_one_line_and_keeps_what_is_done(
    small_kitti: Path,
    settings: list[str],
    workspace: Path,
    empty_mlflow: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    from prefect.settings import get_current_settings

    monkeypatch.setenv("PREFECT_API_URL", str(get_current_settings().api.url))
    workspace.mkdir()
    shutil.copy(empty_mlflow, workspace / "mlflow.db")
    arms = workspace / "processed" / "arms"
    hand = threading.Thread(target=press_ctrl_c_once, args=(lambda: len(finished(arms)) >= 2,))
    hand.start()
    words = ["run", "kitti-tracking", "--root", str(small_kitti), "--seeds", "9", "--workers", "1"]
    code = cli.main([*words, *(word for setting in settings for word in ("--set", setting))])
    hand.join()
    out, err = capfd.readouterr()
    lines = [line for line in err.splitlines() if line and not line.startswith("[")]
    assert (code, out) == (130, "")
    assert lines == ["Stopped. What is finished is kept: the same command goes on from here."]
    assert 2 <= len(finished(arms)) < 9 * 4
    with closing(sqlite3.connect(workspace / "mlflow.db")) as database:
        assert database.execute("select status from runs").fetchall() == [("KILLED",)]


def press_ctrl_c_once(ready: Callable[[], bool]) -> None:
    while not ready():
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)


def test_a_killed_study_goes_on_where_it_stopped(killed: SimpleNamespace) -> None:
    assert killed.run.returncode == 0, killed.run.stderr
    folder = Path(killed.run.stdout.splitlines()[-1])
    assert (folder / "report.html").exists()
    assert len(killed.survived) >= 5
    assert {path: path.stat().st_mtime_ns for path in killed.survived} == killed.survived
    assert len(finished(killed.data / "processed" / "arms")) == 13  # two of them only for the anatomy


def test_nothing_of_a_killed_study_stays_open(killed: SimpleNamespace) -> None:
    with closing(sqlite3.connect(killed.data / "mlflow.db")) as database:
        statuses = database.execute("select distinct status from runs").fetchall()
    assert set(statuses) == {("FINISHED",), ("KILLED",)}
    with closing(sqlite3.connect(killed.data / "prefect" / "prefect.db")) as database:
        states = database.execute("select state_type from flow_run order by expected_start_time").fetchall()
    assert states == [("CRASHED",), ("COMPLETED",)]
    assert list((killed.data / "running").iterdir()) == []


def test_a_killed_study_leaves_no_process(killed: SimpleNamespace) -> None:
    """Its server ends with it; checked through the port that its log names."""
    log = (killed.data / "logs" / "prefect-server.log").read_text()
    (address,) = re.findall(r"dashboard at (http://\S+)", log)
    assert not servers.answers(address)


def test_exported_tracks_are_read_by_our_reader_and_by_pykitti(
    killed: SimpleNamespace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import numpy as np
    from pykitti.tracking import KittiTrackingLabels

    folder = Path(killed.run.stdout.splitlines()[-1])
    assert cli.main(["export", str(folder), "--to", str(tmp_path)]) == 0
    flips = load_samples(folder)["flip"]
    assert f"flip: {len(flips)} tracks" in capsys.readouterr().out
    reading = SOURCES["kitti_tracking"].read(tmp_path / "flip")
    assert reading.problems == ()
    tracks = [track for drive in reading.drives for track in drive.tracks]
    assert len(tracks) == len(flips)
    first = flips.take(flips.drive == sorted(set(flips.drive))[0])
    np.testing.assert_allclose(reading.drives[0].tracks[0].boxes, first.boxes[0], atol=1e-4)
    assert reading.drives[0].calibration is not None
    labels = KittiTrackingLabels(str(tmp_path / "flip" / "label_02" / "0000.txt"), split_on_reappear=False)
    assert len(labels.ids) == len(reading.drives[0].tracks)
    card = json.loads((tmp_path / "flip" / "data_card.json").read_text())
    assert [gain["fraction"] for gain in card["gains"]] == [1.0]
    assert card["drives"] == json.loads((folder / "run.json").read_text())["splits"][0]["train"]
    assert cli.main(["export", str(folder), "--to", str(tmp_path)]) == 1
    assert "exists already" in capsys.readouterr().err
    assert export.__doc__
    assert json.loads((folder / "run.json").read_text())["samples"]["flip"]
