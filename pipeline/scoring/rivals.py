"""Strategies against the best simple one: is it worth more than mirroring, and is it at least not worse?"""

import numpy as np

from pipeline.design import NONE
from pipeline.scoring.gains import PairedErrors
from pipeline.scoring.scores import Bounded, Rivalry, Standing, finite
from pipeline.scoring.statistics import CONFIDENCE, Interval, bounds, holm

MARGIN_PCT = 1.0
"""A loss smaller than this counts as not worse."""


def rivalries(
    paired: PairedErrors, rival: str, placebos: tuple[str, ...], rng: np.random.Generator
) -> tuple[Rivalry, ...]:
    """Every strategy but placebos against ``rival``, at each fraction where that was studied."""
    found: list[Rivalry] = []
    arms = paired.arms()
    for fraction in sorted({fraction for strategy, fraction in arms if strategy == rival}):
        others = [name for name, at in arms if at == fraction and name not in (NONE, rival, *placebos)]
        pairs = {name: paired.pair(name, fraction, reference=rival) for name in others}
        sound = {name: pair for name, pair in pairs.items() if not pair.failed}
        corrected = holm(np.array([pair.p_value() for pair in sound.values()]))
        for (name, pair), p_holm in zip(sound.items(), corrected, strict=True):
            interval = pair.interval(rng)
            gain, (low, high) = finite(pair.gain_pct()), bounds(interval)
            standing, bounded = _standing(interval, float(p_holm)), not_inferior(interval)
            found.append(
                Rivalry(name, fraction, rival, gain, low, high, pair.p_value(), float(p_holm), standing, bounded)
            )
    return tuple(found)


def not_inferior(interval: Interval | None, margin_pct: float = MARGIN_PCT) -> Bounded:
    """Whether a gain's interval excludes a loss of the margin or more (two one-sided tests at 2.5 %)."""
    if interval is None:
        return "undecided"
    return "yes" if interval.low > -margin_pct else "no" if interval.high < -margin_pct else "undecided"


def _standing(interval: Interval | None, p_holm: float) -> Standing:
    if interval is None:
        return "undecided"
    if p_holm < 1 - CONFIDENCE and interval.low > 0:
        return "better"
    if p_holm < 1 - CONFIDENCE and interval.high < 0:
        return "worse"
    return "not worse" if not_inferior(interval) == "yes" else "undecided"
