"""What a watcher is told."""

import io

import pytest
from rich.console import Console

from flows.progress import ArmProgress, spoken
from pipeline.design import Arm


def test_the_rest_is_estimated_from_arms_of_the_same_strategy() -> None:
    flips = [Arm("flip", 1.0, 0, seed) for seed in range(3)]
    gans = [Arm("gan", 1.0, 0, seed) for seed in range(2)]
    with ArmProgress([*gans, *flips], finished=5, workers=2, console=Console(file=io.StringIO())) as progress:
        progress.finish(gans[0], 40)
        progress.finish(flips[0], 4)
        assert progress.seconds_left() == (40 + 4 + 4) / 2
        assert progress.done == 7
        assert progress.percent == 70


def test_a_strategy_not_yet_seen_counts_as_the_mean() -> None:
    arms = [Arm(name, 1.0, 0, 0) for name in ("flip", "copies", "noise")]
    with ArmProgress(arms, finished=0, workers=1, console=Console(file=io.StringIO())) as progress:
        progress.finish(arms[0], 2)
        progress.finish(arms[1], 4)
        assert progress.seconds_left() == 3


def test_outside_a_terminal_there_are_plain_lines_and_the_last_is_never_left_out() -> None:
    text = io.StringIO()
    arms = [Arm("flip", 0.25, 0, seed) for seed in range(3)]
    with ArmProgress(arms, finished=1, workers=1, console=Console(file=text, highlight=False)) as progress:
        for arm in arms:
            progress.begin(arm)
            progress.finish(arm, 1.0)
    lines = text.getvalue().splitlines()
    assert lines[0].startswith("[2/4] flip-0.25-fold0-seed0 1.0 s")
    assert lines[-1].startswith("[4/4] flip-0.25-fold0-seed2")
    assert "\x1b" not in text.getvalue()


@pytest.mark.parametrize(("seconds", "words"), [(45, "45 s"), (720, "12 min"), (7500, "2 h 05 min")])
def test_durations_are_spoken(seconds: float, words: str) -> None:
    assert spoken(seconds) == words
