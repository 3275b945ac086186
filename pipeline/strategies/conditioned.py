"""Windows to order, from any generator: it is told what it understands, and what is not as asked for is rejected."""

from dataclasses import dataclass

import numpy as np

from models.reporting import Report, silent
from pipeline.schema import UserError, require
from pipeline.strategies.base import Synthesizer, TrackStrategy, steered
from pipeline.strategies.order import Order
from pipeline.windows import Windows

FEWEST, MOST = 1000, 20_000
"""Windows that are made in a round."""
ROUNDS = 20
"""How often windows are made before giving up."""
IN_VAIN = 20_000
"""Windows that are made without one that fits before giving up earlier."""


@dataclass(frozen=True, eq=False)
class Filled:
    """An order that has been filled."""

    windows: Windows
    made: int
    """Windows that were drawn for it."""
    passed: int
    """Drawn windows that were as asked for, spare ones included."""

    @property
    def acceptance(self) -> float:
        """Share of the drawn windows that were as asked for."""
        return self.passed / self.made if self.made else 1.0


def fill(draw: Synthesizer, order: Order, count: int, rng: np.random.Generator, rounds: int = ROUNDS) -> Filled:
    """``count`` windows as asked for from a fitted synthesizer, whatever it is.

    Raises:
        UserError: nothing, or not enough, like it was found; or the order is in metres and the windows are not.
    """
    draw = steered(draw, order.kinds, order.speed, order.turn)
    if not order.asked():
        return Filled(draw(count, rng), count, count)
    parts, found, made, passed = [draw(0, rng)], 0, 0, 0
    for _ in range(rounds):
        if found >= count or (made >= IN_VAIN and not found):
            break
        windows = draw(_next(count - found, passed, made), rng)
        fitting = np.flatnonzero(order.accepts(windows))
        made, passed = made + len(windows), passed + len(fitting)
        parts.append(windows.take(fitting[: count - found]))
        found += len(parts[-1])
    windows = Windows.concatenate(parts)
    if found < count:
        raise UserError(
            f"{found} of the {count} windows asked for were found among {made}: "
            f"{order.in_words(windows.scenes is not None)}. Widen the ranges, or ask for fewer."
        )
    return Filled(windows, made, passed)


def _next(missing: int, passed: int, made: int) -> int:
    """How many to make, by how many have been fit so far: a fifth more than should do."""
    rate = (passed + 1) / (made + 1)
    return int(np.clip(1.2 * missing / rate, FEWEST, max(MOST, missing)))


@dataclass(frozen=True)
class Conditioned:
    """The samples of another strategy that are as asked for."""

    part: TrackStrategy
    order: Order
    rounds: int = ROUNDS
    name: str = "conditioned"

    def __post_init__(self) -> None:
        """Refuse no round at all."""
        require(self.rounds > 0, f"rounds must be positive, got {self.rounds}")

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Fit the other strategy to all windows: what it learns from other classes and speeds helps it too."""
        draw = self.part.fit(real, rng, report)
        return lambda count, rng: fill(draw, self.order, count, rng, self.rounds).windows.made_by(self.name)
