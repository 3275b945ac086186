"""Schedules are functions of the step alone, and never change how much is learnt from."""

import numpy as np
import pytest

from pipeline.schedule import Schedule

STEPS, BATCH = 100, 128


@pytest.mark.parametrize("course", ["mixed", "fine_tune", "curriculum"])
@pytest.mark.parametrize("share", [0.0, 0.25, 0.625, 1.0])
def test_batches_are_of_one_size_and_start_with_the_share(course: str, share: float) -> None:
    schedule = Schedule(share, course)  # type: ignore[arg-type]
    counts = np.array([schedule.counts(step, STEPS, BATCH) for step in range(STEPS)])
    assert (counts.sum(axis=1) == BATCH).all()
    assert (counts >= 0).all()
    assert counts[0, 1] == share * BATCH
    assert (np.diff(counts[:, 1]) <= 0).all()


def test_mixed_batches_are_all_alike() -> None:
    assert {Schedule(0.25).counts(step, STEPS, BATCH) for step in range(STEPS)} == {(96, 32)}


def test_fine_tuning_ends_on_real_samples() -> None:
    schedule = Schedule(0.75, "fine_tune", until=0.6)
    assert [schedule.part(step, STEPS) for step in (0, 59, 60, 99)] == [0.75, 0.75, 0.0, 0.0]


def test_a_curriculum_falls_along_a_line() -> None:
    schedule = Schedule(0.8, "curriculum", until=0.5)
    assert [schedule.part(step, STEPS) for step in (0, 25, 50, 99)] == pytest.approx([0.8, 0.4, 0.0, 0.0])


@pytest.mark.parametrize(
    ("schedule", "drawn"),
    [
        (Schedule(0.5), 64 * STEPS),
        (Schedule(1.0, "fine_tune", until=0.6), 128 * 60),
        (Schedule(0.5, "curriculum", until=1.0), 32 * (STEPS + 1)),
        (Schedule(0.0), 0),
    ],
)
def test_all_batches_together_draw_what_each_of_them_counts(schedule: Schedule, drawn: int) -> None:
    assert schedule.drawn(STEPS, BATCH) == pytest.approx(drawn, abs=STEPS / 2)


@pytest.mark.parametrize(
    ("values", "message"),
    [({"share": 1.1}, "share"), ({"until": 0.0}, "until"), ({"until": 1.5}, "until")],
)
def test_parts_that_are_none_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Schedule(**values)  # type: ignore[arg-type]
