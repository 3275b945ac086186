"""Damaged files of every kind are refused or read soundly; the long form is ``python tests/faults/mutations.py``."""

import random
from pathlib import Path

import pytest

from tests.faults.damage import BYTES, IDX, JSON, PNG, TEXT, XML, damaged
from tests.faults.mutations import outcome, tried
from tests.faults.readers import INPUTS, Input

CASES = 6
"""Of each kind; thousands were tried when the reader was written."""


@pytest.mark.parametrize("name", INPUTS)
def test_a_damaged_file_is_refused_with_a_reason_or_read_soundly(name: str) -> None:
    verdict = tried(name, CASES, seed=1)
    assert verdict.defects == ()


@pytest.mark.parametrize("damages", [BYTES, TEXT, XML, JSON, PNG, IDX])
def test_the_same_seed_does_the_same_damage(damages) -> None:
    content = b'{"a": [1, 2]}\n0 1 Car 2,3\n<a>1</a>'
    first = [damaged(content, damages, random.Random(seed)) for seed in range(30)]
    assert first == [damaged(content, damages, random.Random(seed)) for seed in range(30)]
    assert len(set(first)) > 10


def raising(failure: Exception) -> Input:
    def read(path: Path) -> None:
        raise failure

    return Input(lambda folder: folder, read, BYTES)


def test_a_traceback_and_a_refusal_without_a_reason_would_be_found(tmp_path: Path) -> None:
    from pipeline.schema import UserError

    assert outcome(raising(KeyError("x")), tmp_path) == "KeyError: 'x'"
    assert outcome(raising(UserError("")), tmp_path) == "UserError without a reason"
    assert outcome(raising(UserError("row 3")), tmp_path) == ""
