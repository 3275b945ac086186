"""How long work speaks: a callback, so that numerical code knows no tracker and draws no progress bar."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

Report: TypeAlias = Callable[[int, Mapping[str, float]], None]
"""``report(step, {"critic_loss": 0.3})``: called now and then from inside a training loop."""


def silent(step: int, values: Mapping[str, float]) -> None:
    """Ignore the report: the default where nobody listens."""


class TrainingDiverged(RuntimeError):
    """A loss or a weight stopped being a finite number; the message says at which step and what to try."""


class CheckpointRefused(RuntimeError):
    """A file cannot be continued from: missing, damaged, unsafe, or of another run; the message says which."""
