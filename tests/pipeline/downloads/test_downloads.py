"""Downloads from a server that cuts connections, forgets ranges and lies about lengths; archives that mean harm."""

import hashlib
import io
import json
import stat
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from flows import cli
from pipeline.downloads import fetch as fetching
from pipeline.downloads.catalogue import CATALOGUE, archives
from pipeline.downloads.fetch import fetch
from pipeline.downloads.unpack import unpack
from pipeline.schema import UserError

CONTENT = np.random.default_rng(0).bytes(300_000)


@dataclass
class Behaviour:
    """What the server does."""

    files: dict[str, bytes] = field(default_factory=lambda: {"/file": CONTENT})
    cut_after: int | None = None
    """Bytes sent of each answer before the connection is cut."""
    ranges: bool = True
    etag: str = '"one"'
    announce: int = 0
    """Added to the announced length."""
    status: int | None = None
    requests: list[str | None] = field(default_factory=list)
    """The range asked for, one a request."""


class _Handler(BaseHTTPRequestHandler):
    behaviour: Behaviour

    def do_GET(self) -> None:
        does, asked = self.behaviour, self.headers.get("Range")
        does.requests.append(asked)
        content = does.files.get(self.path)
        if does.status or content is None:
            self.send_error(does.status or 404)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and does.ranges else 0
        start = start if self.headers.get("If-Range") == does.etag else 0
        if asked and start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if does.etag:
            self.send_header("ETag", does.etag)
        self.send_header("Content-Length", str(len(content) - start + does.announce))
        self.end_headers()
        self.wfile.write(content[start:][: does.cut_after])

    def log_message(self, *words: object) -> None:
        """Keep quiet."""


@pytest.fixture
def behaviour() -> Behaviour:
    return Behaviour()


@pytest.fixture
def server(behaviour: Behaviour) -> Iterator[str]:
    handler = type("Handler", (_Handler,), {"behaviour": behaviour})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


def _fetch(server: str, to: Path, sha256: str | None = None) -> Path:
    path = to / "file"
    fetch(f"{server}/file", path, sha256=sha256, pause_s=0.0)
    return path


def test_a_file_arrives_whole_with_its_digest(server: str, tmp_path: Path) -> None:
    heard: list[tuple[int, int | None]] = []
    digest = fetch(f"{server}/file", tmp_path / "file", lambda *seen: heard.append(seen))
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert digest == hashlib.sha256(CONTENT).hexdigest()
    assert heard[-1] == (len(CONTENT), len(CONTENT))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_cut_connections_are_gone_on_from_where_they_broke(server: str, behaviour: Behaviour, tmp_path: Path) -> None:
    behaviour.cut_after = 70_000
    assert _fetch(server, tmp_path).read_bytes() == CONTENT
    assert behaviour.requests == [None, *(f"bytes={start}-" for start in range(70_000, 300_000, 70_000))]


def test_what_an_earlier_process_fetched_is_kept(server: str, behaviour: Behaviour, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT[:100_000])
    (tmp_path / "file.part.json").write_text(json.dumps({"url": f"{server}/file", "validator": '"one"'}))
    assert _fetch(server, tmp_path).read_bytes() == CONTENT
    assert behaviour.requests == ["bytes=100000-"]


@pytest.mark.parametrize("validator", ['"another"', 'W/"weak"', ""])
def test_parts_of_another_version_are_not_glued_together(
    server: str, behaviour: Behaviour, tmp_path: Path, validator: str
) -> None:
    (tmp_path / "file.part").write_bytes(b"x" * 100_000)
    (tmp_path / "file.part.json").write_text(json.dumps({"url": f"{server}/file", "validator": validator}))
    assert _fetch(server, tmp_path).read_bytes() == CONTENT


def test_a_server_without_ranges_or_entity_tags_begins_anew(server: str, behaviour: Behaviour, tmp_path: Path) -> None:
    behaviour.ranges, behaviour.etag = False, ""
    (tmp_path / "file.part").write_bytes(b"x" * 100_000)
    assert _fetch(server, tmp_path).read_bytes() == CONTENT


def test_a_part_that_is_longer_than_the_file_is_thrown_away(server: str, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(b"x" * 400_000)
    (tmp_path / "file.part.json").write_text(json.dumps({"url": f"{server}/file", "validator": '"one"'}))
    assert _fetch(server, tmp_path).read_bytes() == CONTENT


def test_a_length_that_is_never_delivered_ends_in_an_error_that_can_be_gone_on_from(
    server: str, behaviour: Behaviour, tmp_path: Path
) -> None:
    behaviour.announce = 1000
    with pytest.raises(UserError, match="goes on where it stopped"):
        _fetch(server, tmp_path)
    assert not (tmp_path / "file").exists()
    behaviour.announce = 0
    assert _fetch(server, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (403, 1), (500, 5), (503, 5)])
def test_refusals_are_told_and_only_troubles_are_tried_again(
    server: str, behaviour: Behaviour, tmp_path: Path, status: int, tries: int
) -> None:
    behaviour.status = status
    with pytest.raises(UserError, match=str(status)):
        _fetch(server, tmp_path)
    assert len(behaviour.requests) == tries


def test_another_digest_than_expected_is_thrown_away(server: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="SHA-256"):
        _fetch(server, tmp_path, sha256="0" * 64)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_noticed_before_it_is_full(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "SPARE", 1 << 60)
    with pytest.raises(UserError, match="are free"):
        _fetch(server, tmp_path)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/file", "nonsense"])
def test_only_the_web_is_asked(url: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="only http"):
        fetch(url, tmp_path / "file")


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="times in a row"):
        fetch("http://127.0.0.1:9/file", tmp_path / "file", pause_s=0.0)


def _archive(path: Path, files: dict[str, bytes], mode: int = 0o644) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            archive.writestr(member, content, zipfile.ZIP_DEFLATED)
    return path


def test_unpacking_replaces_files_one_by_one(tmp_path: Path) -> None:
    to = tmp_path / "to"
    (to / "a").mkdir(parents=True)
    (to / "a" / "old").write_text("stays")
    (to / "a" / "b").write_text("is replaced")
    assert unpack(_archive(tmp_path / "x.zip", {"a/b": b"new", "c": b"too"}), to) == 2
    assert (to / "a" / "old").read_text() == "stays"
    assert (to / "a" / "b").read_bytes() == b"new"
    assert sorted(path.name for path in to.iterdir()) == ["a", "c"]


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "..\\x", "C:x", "a/.."])
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    archive = _archive(tmp_path / "x.zip", {"fine": b"1", name: b"2"})
    with pytest.raises(UserError, match="leads out"):
        unpack(archive, tmp_path / "to")
    assert list((tmp_path / "to").iterdir()) == []


def test_links_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a link"):
        unpack(_archive(tmp_path / "x.zip", {"link": b"/etc/passwd"}, stat.S_IFLNK | 0o777), tmp_path / "to")


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="claim to hold"):
        unpack(_archive(tmp_path / "x.zip", {"zeros": bytes(20_000_000)}), tmp_path / "to")


def test_a_damaged_archive_leaves_nothing(tmp_path: Path) -> None:
    archive = _archive(tmp_path / "x.zip", {"a": b"1", "b": CONTENT})
    raw = bytearray(archive.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    archive.write_bytes(raw)
    with pytest.raises(UserError, match="no sound zip"):
        unpack(archive, tmp_path / "to")
    assert list((tmp_path / "to").iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04" + bytes(40)])
def test_what_is_no_archive_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(UserError, match="no sound zip"):
        unpack(tmp_path / "x.zip", tmp_path / "to")


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a", "1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a", "2")
    with pytest.raises(UserError, match="same name"):
        unpack(tmp_path / "x.zip", tmp_path / "to")


def test_drives_become_archives_and_mistakes_are_told() -> None:
    raw = CATALOGUE["kitti-raw"]
    paths = archives(raw, ["2011_09_26_drive_0001", "2011_09_26_drive_0005"], pictures=False)
    assert paths[0] == "raw_data/2011_09_26_calib.zip"
    assert paths[1] == "raw_data/2011_09_26_drive_0001/2011_09_26_drive_0001_sync.zip"
    assert len(paths) == 5  # one calibration a day
    for collection, drives, pictures in (
        (raw, [], False),
        (raw, ["0001"], False),
        (raw, ["2011_09_26_drive_../x"], False),
        (raw, ["2011_09_26_drive_0001"], True),
        (CATALOGUE["kitti-tracking"], ["x"], False),
    ):
        with pytest.raises(UserError):
            archives(collection, drives, pictures=pictures)


def test_the_command_fetches_unpacks_and_does_nothing_twice(
    server: str, behaviour: Behaviour, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in CATALOGUE["kitti-tracking"].archives:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr(f"training/{name}.txt", name)
        behaviour.files[f"/{name}"] = content.getvalue()
    words = ["download", "kitti-tracking", "--to", str(tmp_path / "kitti"), "--from", server]
    assert cli.main(words) == 0
    text = capsys.readouterr().out
    assert "CC BY-NC-SA 3.0" in text
    assert f"--root {tmp_path / 'kitti'}/training" in text
    assert len(list((tmp_path / "kitti" / "training").iterdir())) == 3
    asked = len(behaviour.requests)
    assert cli.main(words) == 0
    assert capsys.readouterr().out.count("is here already") == 3
    assert len(behaviour.requests) == asked
    assert cli.main([*words[:1], "kitti-trackin", *words[2:]]) == 1
    assert "Did you mean" in capsys.readouterr().err
