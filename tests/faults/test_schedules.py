"""That a missed and a doubled run of the schedule would be told."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.faults.schedules import INTERVAL_S, next_monday, require_each_once, require_no_gap
from tests.faults.small_study import Lost

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
WEEK = Counter(
    {(f"2026-01-{day:02d}T02:00:00+00:00", None): 1 for day in range(5, 12)} | {("2026-01-11T04:00:00+00:00", 10): 1}
)


def test_a_week_starts_on_a_monday_to_come() -> None:
    start = next_monday()
    assert (start.weekday(), start.hour, start.utcoffset()) == (0, 0, timedelta(0))
    assert timedelta(0) < start - datetime.now(UTC) <= timedelta(days=7)


def test_a_missed_and_a_doubled_run_of_the_week_are_told() -> None:
    require_each_once(WEEK, MONDAY)
    with pytest.raises(Lost, match=r"missed \[\('2026-01-07T02:00:00\+00:00', None\)\], too many \[\]"):
        require_each_once(WEEK - Counter([("2026-01-07T02:00:00+00:00", None)]), MONDAY)
    with pytest.raises(Lost, match=r"missed \[\], too many \[\('2026-01-11T04:00:00\+00:00', 10\)\]"):
        require_each_once(WEEK + Counter([("2026-01-11T04:00:00+00:00", 10)]), MONDAY)


@pytest.mark.parametrize("kept", [[0, 1, 3], [0, 1, 1, 2]])
def test_a_gap_and_a_repetition_are_told(kept: list[int]) -> None:
    moments = [(MONDAY + timedelta(seconds=INTERVAL_S * number)).isoformat() for number in range(4)]
    require_no_gap([moments[2], moments[0], moments[1]])
    with pytest.raises(Lost, match="seconds between"):
        require_no_gap([moments[number] for number in kept])
