"""What training found, kept so that it need not be found again: weights in the order in which networks were trained.

Everything around a training is quick and repeats itself: how networks are built, codes fitted, limits measured. So a
fitted model is kept as what it was fitted to, its source of randomness, and the weights of every training; fitting it
again among ``given`` weights makes the same model without a single step.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

import numpy as np
import torch
from torch import nn

Weights: TypeAlias = dict[str, np.ndarray]
"""By the role of a network and the name of a weight: ``critic/body.0.weight``."""


class WeightsRefused(ValueError):
    """Kept weights are not those of the networks that they are given to."""


_kept: ContextVar[list[Weights] | None] = ContextVar("kept", default=None)
_given: ContextVar[list[Weights] | None] = ContextVar("given", default=None)


@contextmanager
def keeping() -> Iterator[list[Weights]]:
    """Yields a list that fills with the weights of every training in the block."""
    found: list[Weights] = []
    token = _kept.set(found)
    try:
        yield found
    finally:
        _kept.reset(token)


@contextmanager
def given(weights: Sequence[Weights]) -> Iterator[None]:
    """Trainings in the block take these weights, in order, instead of learning any.

    Raises:
        WeightsRefused: there are more or fewer trainings than weights, or networks of another shape.
    """
    waiting = list(weights)
    token = _given.set(waiting)
    try:
        yield
    finally:
        _given.reset(token)
    if waiting:
        raise WeightsRefused(f"{len(waiting)} of {len(weights)} trained networks were not asked for")


def recalling() -> bool:
    """Whether trainings take kept weights instead of learning any."""
    return _given.get() is not None


def keep(networks: Mapping[str, nn.Module]) -> None:
    """A training has ended with these networks."""
    kept = _kept.get()
    if kept is not None:
        kept.append({
            f"{role}/{name}": value.detach().cpu().numpy().copy()
            for role, network in networks.items()
            for name, value in network.state_dict().items()
        })  # fmt: skip


def taken(networks: Mapping[str, nn.Module]) -> bool:
    """Whether the networks have been given the weights of an earlier training, so that none is needed."""
    waiting = _given.get()
    if waiting is None:
        return False
    if not waiting:
        raise WeightsRefused("more networks are trained than weights were kept")
    weights = waiting.pop(0)
    for role, network in networks.items():
        start = f"{role}/"
        found = {key.removeprefix(start): value for key, value in weights.items() if key.startswith(start)}
        try:
            network.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in found.items()})
        except RuntimeError as refusal:
            raise WeightsRefused(f"the {role} has another shape: {refusal}") from refusal
    return True
