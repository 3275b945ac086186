"""Reports that go to an object store, here fsspec's in memory."""

from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from flows.destinations import is_url, publish, require_place_at
from pipeline.schema import UserError

URL = "memory://bucket/report"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    for name in ("run.json", "samples/flip.npz", "zebra.html"):
        (tmp_path / "report" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "report" / name).write_text(name)
    return tmp_path / "report"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryFileSystem:
    monkeypatch.setattr(MemoryFileSystem, "store", {})
    monkeypatch.setattr(MemoryFileSystem, "pseudo_dirs", [""])
    return MemoryFileSystem()


def test_only_addresses_are_urls() -> None:
    assert [is_url(out) for out in (None, "reports/a", "s3://bucket/a", URL)] == [False, False, True, True]


def test_a_report_arrives_whole_and_takes_the_place_of_the_earlier_one(report: Path, store: MemoryFileSystem) -> None:
    publish(report, URL)
    assert store.cat("/bucket/report/samples/flip.npz") == b"samples/flip.npz"
    (report / "samples/flip.npz").rename(report / "samples/gan.npz")
    publish(report, URL)
    found = ["/bucket/report/run.json", "/bucket/report/samples/gan.npz", "/bucket/report/zebra.html"]
    assert sorted(store.find("/bucket")) == found


def test_what_cuts_a_copy_short_leaves_nothing_that_passes_for_a_report(
    report: Path, store: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: MemoryFileSystem, local: str, there: str) -> None:
        if there.endswith("zebra.html"):
            raise OSError("quota of s3://name:secret@host used up")
        self.pipe_file(there, Path(local).read_bytes())

    monkeypatch.setattr(MemoryFileSystem, "put_file", full)
    with pytest.raises(UserError, match="quota") as caught:
        publish(report, URL)
    assert "secret" not in str(caught.value)
    assert not store.exists("/bucket/report/run.json")


def test_a_place_that_cannot_take_a_report_is_refused_early(store: MemoryFileSystem) -> None:
    require_place_at(URL)
    store.pipe_file("/bucket/report/diary.txt", b"dear")
    with pytest.raises(UserError, match="holds other files"):
        require_place_at(URL)
    with pytest.raises(UserError, match="nope://"):
        require_place_at("nope://bucket")
