"""Windows to order, from any generator: of these classes, this fast, turning that much."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool

from models.infogan import speed_and_turn
from models.reporting import Report, silent
from pipeline.boxes import to_relative
from pipeline.schema import KINDS, UserError, require
from pipeline.strategies.base import Synthesizer, TrackStrategy
from pipeline.windows import Windows

POOL = 1000
"""Windows that are made at least in each round."""


@dataclass(frozen=True)
class Conditioned:
    """The samples of another strategy that are as asked for, by rejection."""

    part: TrackStrategy
    kinds: tuple[str, ...] = ()
    """Classes; none: all that the strategy makes."""
    speed: tuple[float, float] = (0.0, np.inf)
    """Least and greatest mean speed, in heights of the middle box per frame."""
    turn: tuple[float, float] = (-np.inf, np.inf)
    """Limits of the change of the sideways velocity from the first half to the second, same unit, right positive."""
    rounds: int = 20
    """How often windows are made before giving up."""
    name: str = "conditioned"

    def __post_init__(self) -> None:
        """Refuse unknown classes, empty ranges and no round at all."""
        unknown = sorted(set(self.kinds) - set(KINDS))
        require(not unknown, f"kinds must be among {', '.join(KINDS)}; got {', '.join(unknown)}")
        for field in ("speed", "turn"):
            low, high = getattr(self, field)
            require(low <= high, f"{field} must be a range (low, high), got ({low}, {high})")
        require(self.rounds > 0, f"rounds must be positive, got {self.rounds}")

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Fit the other strategy to all windows: what it learns from other classes and speeds helps it too."""
        draw = self.part.fit(real, rng, report)

        def synthesize(count: int, rng: np.random.Generator) -> Windows:
            parts, missing, made = [draw(0, rng)], count, 0
            for _ in range(self.rounds):
                if missing <= 0:
                    break
                windows = draw(max(POOL, missing), rng)
                made += len(windows)
                parts.append(windows.take(np.flatnonzero(self.accepts(windows))[:missing]))
                missing -= len(parts[-1])
            if missing > 0:
                raise self._nothing_like_it(count - missing, made, count)
            return Windows.concatenate(parts).made_by(self.name)

        return synthesize

    def accepts(self, windows: Windows) -> Bool[np.ndarray, " n"]:
        """Which windows are as asked for."""
        wanted = [KINDS.index(kind) for kind in self.kinds or KINDS]
        boxes = windows.boxes.astype(np.float64)
        shape = to_relative(boxes, boxes[:, (boxes.shape[1] - 1) // 2])
        speed, turn = speed_and_turn(torch.from_numpy(shape)).numpy().T
        return np.isin(windows.kind, wanted) & _within(speed, self.speed) & _within(turn, self.turn)

    def _nothing_like_it(self, found: int, made: int, count: int) -> UserError:
        return UserError(
            f'Strategy "{self.name}": {found} of the {count} windows asked for were found among {made}: '
            f"{' or '.join(self.kinds) or 'any class'}, speed {self.speed[0]:g} to {self.speed[1]:g} and turn "
            f"{self.turn[0]:g} to {self.turn[1]:g} box heights per frame. Widen the ranges, or allow more rounds."
        )


def _within(values: np.ndarray, limits: Sequence[float]) -> Bool[np.ndarray, " n"]:
    return (values >= limits[0]) & (values <= limits[1])
