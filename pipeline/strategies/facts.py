"""What a study must know of a strategy before it is fitted. Where a strategy is unlike most, its class says so."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np

from pipeline.schedule import Schedule


@runtime_checkable
class Facts(Protocol):
    """The usual facts; to state another one, write ``share = 0.25`` in the strategy's class."""

    @property
    def cost(self) -> float:
        """How long an arm takes, in plain arms. Decides only about order and about what is worth remembering."""
        return 1.0

    @property
    def share(self) -> float:
        """Synthetic part of each training batch. Learned samples are less exact than transformed ones: fewer."""
        return 0.5

    @property
    def schedule(self) -> Schedule:
        """How that part changes during a training; as a rule, not at all."""
        return Schedule(self.share)

    @property
    def keeps_scenes(self) -> bool:
        """Whether samples hold in the world, not in the image alone: tasks on the ground can learn from them."""
        return False

    @property
    def ends_tracks(self) -> bool:
        """Whether it can learn from tracks that end before their window does, and make such ones."""
        return False

    @property
    def task_options(self) -> Mapping[str, Any]:
        """Changes to the task's recipe, where the strategy is another way to learn from the same samples."""
        return {}

    def amount(self, wanted: int) -> int:
        """How many samples are made where a task wants so many (``Task.wanted``)."""
        return wanted

    def beside(self, real: Any, rng: np.random.Generator) -> Any:
        """What the real part of each batch is drawn from: the real samples, unless a strategy adds to them."""
        return real


class OfItsPart(Facts):
    """The facts of a strategy that hands on what another one, its field ``part``, makes."""

    part: Any

    @property
    def cost(self) -> float:
        """As long as the other takes."""
        cost: float = self.part.cost
        return cost

    @property
    def share(self) -> float:
        """As many as of the other."""
        share: float = self.part.share
        return share

    @property
    def keeps_scenes(self) -> bool:
        """If the other does."""
        keeps: bool = self.part.keeps_scenes
        return keeps

    @property
    def ends_tracks(self) -> bool:
        """If the other does."""
        ends: bool = self.part.ends_tracks
        return ends
