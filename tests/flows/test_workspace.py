"""Files that appear whole or not at all."""

import json
from pathlib import Path

import pytest

from flows.workspace import data_folder, digest_of, new_folder, require_writable, write_json
from pipeline.schema import UserError


def test_the_environment_moves_the_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AUGMENT_KITTI_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    monkeypatch.delenv("AUGMENT_KITTI_DATA")
    assert data_folder() == Path(__file__).parents[2] / "data"


def test_a_digest_knows_content_and_not_order() -> None:
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    assert digest_of({"a": 1}) != digest_of({"a": 2})


def test_a_new_folder_replaces_the_old_one_at_once(tmp_path: Path) -> None:
    target = tmp_path / "report"
    for text in ("old", "new"):
        with new_folder(target) as part:
            (part / "file").write_text(text)
            assert not target.exists() or (target / "file").read_text() == "old"
    assert (target / "file").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_failure_leaves_the_old_folder_and_no_rest(tmp_path: Path) -> None:
    target = tmp_path / "report"
    target.mkdir()
    with pytest.raises(ZeroDivisionError), new_folder(target) as part:
        (part / "file").write_text(str(1 / 0))
    assert list(target.iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_json_is_replaced_in_one_step(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"a": 1})
    write_json(tmp_path / "x.json", {"a": 2})
    assert json.loads((tmp_path / "x.json").read_text()) == {"a": 2}
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_cannot_be_written_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"Cannot write to .*: File exists"):
        require_writable(tmp_path / "file")
