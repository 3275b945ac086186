"""The bare deployment name, spelt out for Prefect."""

import pytest

from flows.prefect_plugin import spelt_out


@pytest.mark.parametrize("program", ["/venv/bin/prefect", "prefect", "/lib/prefect/__main__.py"])
def test_the_bare_name_is_spelt_out(program: str) -> None:
    words = [program, "deployment", "run", "augment-kitti", "--param", "study=mini"]
    assert spelt_out(words) == [program, "deployment", "run", "augment-kitti/augment-kitti", "--param", "study=mini"]


@pytest.mark.parametrize(
    "words",
    [
        ["prefect", "deployment", "run", "augment-kitti/augment-kitti"],
        ["prefect", "deployment", "run", "other"],
        ["prefect", "deployment", "ls", "augment-kitti"],
        ["prefect", "work-pool", "inspect", "augment-kitti"],
        ["pytest", "deployment", "run", "augment-kitti"],
        ["prefect"],
    ],
)
def test_nothing_else_is_touched(words: list[str]) -> None:
    assert spelt_out(words) == words
