"""How far a study is, for whoever watches: a bar in a terminal, plain lines elsewhere, an artifact in Prefect."""

import sys
from collections import defaultdict
from collections.abc import Sequence
from time import monotonic
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

QUIET_S = 5.0
"""Plain lines come no closer together than this."""


class Piece(Protocol):
    """A piece of work: an arm of a study, a lesson of the textbook."""

    @property
    def name(self) -> str:
        """What it is called while it is done."""
        ...

    @property
    def strategy(self) -> str:
        """What has pieces that take about equally long."""
        ...


class ArmProgress:
    """Counts finished arms and estimates the rest from how long arms of each strategy took."""

    def __init__(self, arms: Sequence[Piece], finished: int, workers: int, console: Console | None = None) -> None:
        """Show ``finished`` of all arms as done and ``arms`` as to do, on ``workers`` processes."""
        self._waiting = list(arms)
        self._total, self._workers = finished + len(arms), workers
        self._seconds: dict[str, list[float]] = defaultdict(list)
        self._console = console or Console(file=sys.stderr, highlight=False)
        self._last_line = -QUIET_S
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[eta]}"),
        )
        self._bar = Progress(*columns, console=self._console, disable=not self._console.is_terminal)
        self._task = self._bar.add_task("arms", total=self._total, completed=finished, eta="")

    def __enter__(self) -> Self:
        """Draw."""
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leave the terminal as it was."""
        self._bar.stop()

    @property
    def done(self) -> int:
        """Arms that are finished, this time or earlier."""
        return self._total - len(self._waiting)

    @property
    def percent(self) -> float:
        """Share of all arms that is finished."""
        return 100 * self.done / max(1, self._total)

    def begin(self, arm: Piece) -> None:
        """An arm is under way."""
        self._bar.update(self._task, description=arm.name)

    def finish(self, arm: Piece, seconds: float) -> None:
        """An arm is done; it took ``seconds``."""
        self._waiting.remove(arm)
        self._seconds[arm.strategy].append(seconds)
        eta = f"about {spoken(self.seconds_left())} left" if self._waiting else ""
        self._bar.update(self._task, description=arm.name, completed=self.done, eta=eta)
        if not self._console.is_terminal and (monotonic() - self._last_line > QUIET_S or not self._waiting):
            self._last_line = monotonic()
            self._console.print(f"[{self.done}/{self._total}] {arm.name} {seconds:.1f} s  {eta}", markup=False)

    def seconds_left(self) -> float:
        """Mean time of the strategy for each waiting arm (of all arms, for one not yet seen), over the workers."""
        seen = [value for values in self._seconds.values() for value in values]
        mean = sum(seen) / max(1, len(seen))
        by_name = {name: sum(values) / len(values) for name, values in self._seconds.items()}
        return sum(by_name.get(arm.strategy, mean) for arm in self._waiting) / self._workers


def spoken(seconds: float) -> str:
    """A duration as people say it: ``45 s``, ``12 min``, ``2 h 05 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
