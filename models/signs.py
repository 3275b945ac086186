"""What goes wrong in adversarial training, as it shows in the reports, and what people do about it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Reports: TypeAlias = Sequence[tuple[int, Mapping[str, float]]]
"""Steps and what was reported there, oldest first."""
SHARE_PREFIX = "share_of_"
"""How a class's share of the fakes is called in a report, before the class."""


@dataclass(frozen=True)
class Thresholds:
    """When something counts as a bad sign. None switches a sign off."""

    patience: int = 5
    """Reports in a row before a state counts as lasting."""
    critic_loss: float | None = 0.05
    """A critic below it is never wrong. None for losses that go to 0 when all is well (Wasserstein, BEGAN)."""
    generator_gradient: float | None = 1e-3
    """Length of the generator's gradient below which it hardly moves."""
    diversity: float | None = 0.2
    """Spread of the fakes as a part of that of the real samples."""
    over_production: float | None = 3.0
    """Share of a class among the fakes, as a multiple of the share that it would have if all were equal."""
    imbalance: float | None = 20.0
    """How many times as many weights one player may have as the other."""
    swing: float | None = 0.5
    """Difference between peaks and valleys of a player's mean loss."""
    turns: int = 4
    """Turns from up to down or back that make an oscillation; counted over ``memory`` reports."""
    memory: int = 20
    """Reports looked back at."""

    def __post_init__(self) -> None:
        """Refuse a memory too short to see what it should."""
        if not 1 <= self.patience <= self.memory:
            raise ValueError(f"patience must lie in 1 to memory = {self.memory}, got {self.patience}")
        if self.turns < 2:
            raise ValueError(f"turns must be 2 or more, got {self.turns}")


SIGNS = (
    "not finite",
    "critic wins",
    "gradient vanishes",
    "diversity collapses",
    "class over-produced",
    "players unequal",
    "oscillation",
)


@dataclass(frozen=True)
class Finding:
    """One bad sign, in words."""

    sign: str
    """One of ``SIGNS``."""
    step: int
    seen: str
    advice: str

    def __str__(self) -> str:
        """A sentence for people."""
        return f"Step {self.step}: {self.seen} What people do: {self.advice}"


def diagnose(reports: Reports, thresholds: Thresholds) -> tuple[Finding, ...]:
    """Every bad sign in recent reports; quantities that were not reported give none."""
    if not reports:
        return ()
    step, latest = reports[-1]
    broken = [name for name, value in latest.items() if not math.isfinite(value)]
    if broken:  # nothing else can be read from such a report
        return (
            Finding(
                "not finite",
                step,
                f"{' and '.join(broken)} stopped being finite.",
                "look for such values in the data, lower both learning rates, go back to the last checkpoint.",
            ),
        )
    signs = (
        _critic_wins, _gradient_vanishes, _diversity_collapses, _class_over_produced, _players_unequal,
        _losses_oscillate,
    )  # fmt: skip
    return tuple(finding for sign in signs if (finding := sign(reports, thresholds)) is not None)


def _critic_wins(reports: Reports, thresholds: Thresholds) -> Finding | None:
    if not _lastingly_below("critic_loss", thresholds.critic_loss, reports, thresholds.patience):
        return None
    return Finding(
        "critic wins",
        reports[-1][0],
        f"the critic's loss has stayed below {thresholds.critic_loss:g} since step "
        f"{reports[-thresholds.patience][0]}: it tells every fake from every real sample.",
        "fewer critic steps or a lower critic rate, instance noise, smoothed labels, R1, or a Wasserstein loss.",
    )


def _gradient_vanishes(reports: Reports, thresholds: Thresholds) -> Finding | None:
    name = "generator_gradient"
    if not _lastingly_below(name, thresholds.generator_gradient, reports, thresholds.patience):
        return None
    return Finding(
        "gradient vanishes",
        reports[-1][0],
        f"the generator's gradient is only {reports[-1][1][name]:.1e} long: it no longer learns.",
        "the non-saturating, least-squares or Wasserstein loss, a smoother critic, instance noise.",
    )


def _diversity_collapses(reports: Reports, thresholds: Thresholds) -> Finding | None:
    if not _lastingly_below("diversity", thresholds.diversity, reports, thresholds.patience):
        return None
    return Finding(
        "diversity collapses",
        reports[-1][0],
        f"fakes spread {reports[-1][1]['diversity']:.0%} as wide as real samples: the generator repeats itself.",
        "minibatch deviation or discrimination, an unrolled critic, a gradient penalty, a lower generator rate.",
    )


def _class_over_produced(reports: Reports, thresholds: Thresholds) -> Finding | None:
    names = [name for name in reports[-1][1] if name.startswith(SHARE_PREFIX)]
    if thresholds.over_production is None or not names:
        return None
    limit = thresholds.over_production / len(names)
    for name in names:
        recent = [values[name] for _, values in reports[-thresholds.patience :] if name in values]
        if len(recent) == thresholds.patience and min(recent) > limit:
            return Finding(
                "class over-produced",
                reports[-1][0],
                f'{recent[-1]:.0%} of the fakes are of the class "{name.removeprefix(SHARE_PREFIX)}", which is one of '
                f"{len(names)}: the generator makes what is easy.",
                "tell both players the class, minibatch discrimination, an unrolled critic, several generators.",
            )
    return None


def _players_unequal(reports: Reports, thresholds: Thresholds) -> Finding | None:
    sizes = {role: reports[-1][1].get(f"{role}_weights", 0.0) for role in ("generator", "critic")}
    small, large = sorted(sizes, key=lambda role: sizes[role])
    if thresholds.imbalance is None or not sizes[small] or sizes[large] <= thresholds.imbalance * sizes[small]:
        return None
    return Finding(
        "players unequal",
        reports[-1][0],
        f"the {large} has {sizes[large]:,.0f} weights, the {small} only {sizes[small]:,.0f}.",
        "networks of similar size: a critic that is much larger knows every sample by heart, one that is much smaller "
        "sees no difference.",
    )


def _losses_oscillate(reports: Reports, thresholds: Thresholds) -> Finding | None:
    for name in ("generator_loss", "critic_loss"):
        series = [values[name] for _, values in reports if name in values]
        if thresholds.swing is not None and _turns(series, thresholds.swing) >= thresholds.turns:
            return Finding(
                "oscillation",
                reports[-1][0],
                f"the {name.replace('_', ' ')} went up and down by more than {thresholds.swing:g} again and again: "
                "the players chase each other.",
                "lower rates or less momentum, a gradient penalty or R1, an average of the generator, a replay pool.",
            )
    return None


def _lastingly_below(name: str, limit: float | None, reports: Reports, patience: int) -> bool:
    recent = [values[name] for _, values in reports[-patience:] if name in values]
    return limit is not None and len(recent) == patience and max(recent) < limit


def _turns(series: Sequence[float], swing: float) -> int:
    """How often a series turns back by more than ``swing`` from its last peak or valley."""
    if not series:
        return 0
    turns, direction, extreme = 0, 0, series[0]
    for value in series:
        if direction and (value - extreme) * direction > 0:
            extreme = value  # still the same way
        elif abs(value - extreme) > swing:
            turns += direction != 0
            direction, extreme = (1 if value > extreme else -1), value
    return turns
