"""Schedules: how much of a batch is synthetic, from the first step of a training to the last."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from pipeline.schema import require

Course: TypeAlias = Literal["mixed", "fine_tune", "curriculum"]


@dataclass(frozen=True)
class Schedule:
    """Synthetic part of each batch, a function of the step alone; the number of steps is the same for all."""

    share: float = 0.5
    """Synthetic part of the first batch."""
    course: Course = "mixed"
    """Mixed: all batches alike. Fine-tune: later batches are real alone. Curriculum: the part falls along a line."""
    until: float = 0.6
    """Part of the steps after which batches are real alone; mixed ones never are."""

    def __post_init__(self) -> None:
        """Refuse parts that are none."""
        require(0 <= self.share <= 1, f"share must lie in [0, 1], got {self.share}")
        require(self.course in get_args(Course), f"course must be {' or '.join(get_args(Course))}, got {self.course!r}")
        require(0 < self.until <= 1, f"until must lie in (0, 1], got {self.until}")

    def part(self, step: int, steps: int) -> float:
        """Synthetic part of the batch of ``step``, counted from 0."""
        if self.course == "mixed":
            return self.share
        left = 1 - step / (self.until * steps)
        return self.share * (max(left, 0.0) if self.course == "curriculum" else float(left > 0))

    def counts(self, step: int, steps: int, batch: int) -> tuple[int, int]:
        """Real and synthetic samples in the batch of ``step``."""
        synthetic = round(self.part(step, steps) * batch)
        return batch - synthetic, synthetic

    def drawn(self, steps: int, batch: int) -> int:
        """Synthetic samples in all batches together."""
        return sum(self.counts(step, steps, batch)[1] for step in range(steps))
