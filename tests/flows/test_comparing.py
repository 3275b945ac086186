"""``augment-kitti compare``: finished studies are found by folder or name, told apart, and shown in one table."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from flows import cli
from flows.comparing import load_finished
from pipeline.schema import UserError
from pipeline.scoring.scores import ArmScore, Scores


@pytest.fixture
def reports(workspace: Path) -> Path:
    """Two finished studies of one name, and a tour."""
    fixed = dict.fromkeys(
        ("sd", "p", "p_holm", "detectable_pct", "window_mean", "window_gain_pct", "window_ci_low", "window_ci_high")
    ) | {"seeds": 3, "drives": 5, "metric": "ade_px", "unit": "px", "mean": 9.0, "train_s": 2.0, "fit_s": 0.5}
    flip = ArmScore(strategy="flip", fraction=1.0, gain_pct=4.0, ci_low=1.0, ci_high=7.0, verdict="helps", **fixed)
    scores = Scores("ade_px", "px", False, True, (), (), ("Yes.",), (flip,), (), ())
    facts = {"name": "mini", "sizes": {"flip": {"samples": 10, "bytes": 12_345}}}
    studies = {"mini-1": scores, "mini-2": replace(scores, valid=False)}
    for name, found in studies.items():
        folder = workspace / "reports" / name
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps(facts))
        (folder / "scores.json").write_text(found.to_json())
    tour = workspace / "reports" / "tour"
    tour.mkdir()
    (tour / "run.json").write_text(json.dumps({"name": "textbook", "lessons": {}}))
    return workspace / "reports"


def test_studies_of_one_name_are_called_by_their_folders(reports: Path) -> None:
    assert [study.name for study in load_finished(["mini-1"])] == ["mini"]
    found = load_finished([str(reports / "mini-1"), "mini-2", "mini-1"])
    assert [study.name for study in found] == ["mini-1", "mini-2"]
    assert found[0].sizes["flip"].bytes == 12_345


@pytest.mark.parametrize(
    ("name", "message"), [("mini-3", 'Did you mean "mini-'), ("tour", "tour of the textbook"), (".", "no run.json")]
)
def test_what_is_no_finished_study_is_named(reports: Path, name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_finished([name])


def test_the_table_is_printed_and_the_page_written(
    reports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["compare", "mini-1", "mini-2", "--to", str(tmp_path / "out")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any("flip" in line and "+4.0" in line and "12 kB" in line for line in lines)
    assert "mini-2 is invalid: its gains must not be used." in lines
    assert Path(lines[-1]).read_text().startswith("<!doctype html>")
