"""min over x, max over y of x·y: the Dirac-GAN in its simplest form, and rules by which it may be played."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

Point: TypeAlias = Float[np.ndarray, " 2"]
Rule: TypeAlias = Callable[[Point, Point, float], Point]
"""``rule(now, before, rate)``: the next x and y."""

PENALTY = 0.5
"""Weight of ½·y², the squared slope of the critic y·x in x."""
DECAY = 0.99
"""Of the moving average."""


def _slopes(at: Point) -> Point:
    """The direction both players want to go: -dV/dx = -y and dV/dy = x."""
    return np.array([-at[1], at[0]])


def plain(now: Point, before: Point, rate: float) -> Point:
    """Both players step at once."""
    return now + rate * _slopes(now)


def alternating(now: Point, before: Point, rate: float) -> Point:
    """The critic y steps first, then x against the new y."""
    y = now[1] + rate * now[0]
    return np.array([now[0] - rate * y, y])


def penalised(now: Point, before: Point, rate: float) -> Point:
    """The critic pays for its slope: Mescheder et al., ICML 2018, section 4.1."""
    return plain(now, before, rate) - rate * PENALTY * np.array([0.0, now[1]])


def optimistic(now: Point, before: Point, rate: float) -> Point:
    """Twice the present slope minus the last: Daskalakis et al., ICLR 2018, equation 5."""
    return now + 2 * rate * _slopes(now) - rate * _slopes(before)


GAMES: dict[str, tuple[Rule, bool]] = {
    "plain": (plain, False),
    "alternating": (alternating, False),
    "alternating, averaged": (alternating, True),
    "penalty": (penalised, False),
    "optimism": (optimistic, False),
}
"""Rules by name, and whether what counts is the moving average of the path."""


def play(game: tuple[Rule, bool], start: Point, steps: int, rate: float) -> Float[np.ndarray, "step 2"]:
    """Where the players (or their average) are at each step, the start included."""
    rule, averaged = game
    before, now = start, start
    path, mean = [start], start
    for step in range(1, steps + 1):
        before, now = now, rule(now, before, rate)
        mean = mean + (1 - min(DECAY, step / (step + 9))) * (now - mean)
        path.append(mean if averaged else now)
    return np.stack(path)
