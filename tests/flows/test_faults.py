"""The short form of ``tests/faults/table.py``, and that it would tell a fault that was not survived."""

import json
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2]))

from tests.faults import killing, table
from tests.faults.small_study import Bench, Ended, Lost, Skipped, scores_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bench(small_kitti: Path, make_workspace: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A study that was run undisturbed once, on databases that need no set-up."""
    bench = Bench(tmp_path_factory.mktemp("bench"), random.Random(3))
    shutil.copytree(small_kitti, bench.root)
    make_workspace(bench.folder / "template")
    bench.measure()
    return bench


def test_a_study_killed_at_random_moments_finishes_with_identical_scores(bench: Bench) -> None:
    assert "arms were done" in killing.killed(bench, 2)


def test_other_scores_are_noticed(bench: Bench, tmp_path: Path) -> None:
    first = next((bench.folder / "data-1" / "reports").iterdir())
    shutil.copytree(first, tmp_path / "report")
    bench.require_same(Ended(0, f"{tmp_path / 'report'}\n", ""))
    path = tmp_path / "report" / "scores.json"
    found = json.loads(path.read_text())
    assert scores_of(tmp_path / "report")["arms"][0]["mean"] == found["arms"][0]["mean"]
    found["arms"][0]["mean"] += 1e-12
    path.write_text(json.dumps(found))
    with pytest.raises(Lost, match="other scores"):
        bench.require_same(Ended(0, f"{tmp_path / 'report'}\n", ""))


def test_what_is_lost_or_cannot_be_tried_stands_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(bench: Bench, tries: int) -> str:
        raise Lost("other scores")

    def skip(bench: Bench, tries: int) -> str:
        raise Skipped("no PostgreSQL here")

    made = {
        "a": table.Fault(lambda bench, tries: f"{tries} times", 3),
        "b": table.Fault(lose, 1),
        "c": table.Fault(skip, 1),
    }
    monkeypatch.setattr(table, "FAULTS", made)
    nowhere = Bench(Path("nowhere"), random.Random(0))
    rows = [table.tried(name, nowhere, fault.tries) for name, fault in made.items()]
    assert [(row.survived, row.remark) for row in rows] == [
        ("yes", "3 times"), ("NO", "other scores"), ("skipped", "no PostgreSQL here"),
    ]  # fmt: skip
    assert "| b | 1 | NO | 0 | other scores |" in table.markdown(rows)
