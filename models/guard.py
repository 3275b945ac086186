"""Training that acts on the bad signs a monitor sees: it goes back to the last good checkpoint, or ends there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from models.adversarial import AdversarialRecipe, DrawLatent, DrawReal, Players, train_adversarial
from models.checkpoints import load_checkpoint, save_checkpoint
from models.monitor import Monitor
from models.reporting import TrainingDiverged
from models.signs import SIGNS, diagnose


@dataclass(frozen=True)
class Response:
    """What is done about a sign beside saying that it is there. Signs in neither list are only spoken of."""

    roll_back: tuple[str, ...] = ("not finite",)
    """Go back to the last good checkpoint and go on from there with lower rates."""
    stop: tuple[str, ...] = ()
    """Go back to the last good checkpoint and end there."""
    lower: float = 0.5
    """What both rates are multiplied by each time."""
    roll_backs: int = 3
    """How often in one run at most; the next time it has diverged."""

    def __post_init__(self) -> None:
        """Refuse signs that do not exist, and numbers that would repeat the same training for ever."""
        unknown = {*self.roll_back, *self.stop}.difference(SIGNS)
        if unknown:
            raise ValueError(f"unknown signs {', '.join(sorted(unknown))}; known: {', '.join(SIGNS)}")
        if {*self.roll_back} & {*self.stop}:
            raise ValueError("a sign can end training or send it back, not both")
        if not 0 < self.lower < 1 or self.roll_backs < 0:
            raise ValueError(f"lower must lie in (0, 1) and roll_backs be 0 or more, got {self}")


class _SignSeen(Exception):
    """A sign that asks for more than words; this is how a listener interrupts the loop."""


def train_guarded(
    players: Players,
    recipe: AdversarialRecipe,
    draw_real: DrawReal,
    draw_latent: DrawLatent,
    rng: torch.Generator,
    monitor: Monitor,
    response: Response,
    path: Path,
) -> nn.Module:
    """``train_adversarial``, with a checkpoint in ``path`` after every report without even a passing bad sign.

    Going back restores the random numbers too, so the same arguments give the same networks. A run that was killed
    continues from ``path`` when it is called again.

    Raises:
        CheckpointRefused: what lies in ``path`` is damaged or of another run.
        TrainingDiverged: it has been sent back ``roll_backs`` times, and the sign is there again.
    """

    def report(step: int, values: Mapping[str, float]) -> None:
        monitor(step, values)
        for sign in (*response.stop, *response.roll_back):
            if sign in monitor.present:
                raise _SignSeen(sign)
        if players.finite() and _is_good(monitor, response):
            save_checkpoint(path, players, recipe, rng)

    if path.exists():
        load_checkpoint(path, players, recipe, rng)
    else:
        save_checkpoint(path, players, recipe, rng)
    while True:
        try:
            return train_adversarial(players, recipe, draw_real, draw_latent, rng, report)
        except _SignSeen as seen:
            sign, step = str(seen), players.step
        except TrainingDiverged:
            sign, step = "not finite", players.step
            if sign not in (*response.stop, *response.roll_back):
                raise
        load_checkpoint(path, players, recipe, rng)
        monitor.forget_after(players.step)
        if sign in response.stop:
            monitor.speak(f'Step {step}: ended because of "{sign}", with the networks of step {players.step}.')
            return players.average.network
        if players.rolled_back == response.roll_backs:
            raise TrainingDiverged(f'"{sign}" at step {step}, after going back {response.roll_backs} times.')
        _lower_rates(players, response.lower)
        save_checkpoint(path, players, recipe, rng)  # with the lower rates: the next time they are lowered further
        monitor.speak(
            f"Step {step}: back to step {players.step} with rates {response.lower:g} times as high "
            f"({players.rolled_back} of {response.roll_backs})."
        )


def _is_good(monitor: Monitor, response: Response) -> bool:
    """Whether none of the signs that matter shows in the last report, even if it has not lasted yet."""
    at_once = replace(monitor.thresholds, patience=1)
    passing = {finding.sign for finding in diagnose(tuple(monitor.reports), at_once)}
    return passing.isdisjoint({*response.stop, *response.roll_back})


def _lower_rates(players: Players, factor: float) -> None:
    players.rolled_back += 1
    for optimiser in (players.optimiser_g, players.optimiser_c):
        for group in optimiser.param_groups:
            group["lr"] *= factor
