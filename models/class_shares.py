"""Which classes a generator makes, watched while it learns: a critic does not mind ones instead of eights."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from jaxtyping import Float, Int
from torch import Tensor

from models.players import Players
from models.reporting import Report, silent
from models.signs import SHARE_PREFIX

Classify: TypeAlias = Callable[[Tensor], Tensor]
"""Samples in, the number of a class for each out."""


@dataclass(frozen=True, eq=False)
class ClassShares:
    """A listener that adds to every report how often each class occurs among fakes made from always the same latents.

    It draws nothing, so that listening changes no run.
    """

    players: Players
    latent: Tensor
    classify: Classify
    names: Sequence[str]
    """Of the classes, by number."""
    given: Sequence[Tensor] = ()
    """What the generator is told beside each latent."""
    then: Report = silent

    @torch.no_grad()
    def __call__(self, step: int, values: Mapping[str, float]) -> None:
        """Hear one report, and pass on a longer one."""
        kinds = self.classify(self.players.average.network(self.latent, *self.given))
        shares = class_shares(kinds, len(self.names)).tolist()
        named = {SHARE_PREFIX + name: share for name, share in zip(self.names, shares, strict=True)}
        self.then(step, {**values, **named})


def class_shares(kinds: Int[Tensor, " n"], classes: int) -> Float[Tensor, " classes"]:
    """The part of samples that belongs to each class.

    Raises:
        ValueError: no sample, or the number of a class that does not exist.
    """
    counts = torch.bincount(kinds, minlength=classes)
    if not len(kinds) or len(counts) != classes:
        raise ValueError(f"{len(kinds)} samples of classes up to {len(counts) - 1}, where there are {classes} classes")
    return counts / len(kinds)
