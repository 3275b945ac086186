"""What the tasks on pictures share: batches of real and synthetic pictures, and networks as arrays."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from pipeline.pictures import Pictures, as_tensor
from pipeline.schedule import Schedule

Network = TypeVar("Network", bound=nn.Module)

AT_ONCE = 16
"""Pictures that a trained network looks at together."""


class OnPictures:
    """What every task on pictures says of itself."""

    samples = Pictures
    needs_scenes = False

    def wanted(self, real: int, schedule: Schedule) -> int:
        """As many as were recorded: a picture takes longer to make than to learn from."""
        return real

    def to_arrays(self, fitted: nn.Module) -> dict[str, np.ndarray]:
        """Weights as plain arrays."""
        return {name: value.numpy() for name, value in fitted.state_dict().items()}


@dataclass(frozen=True, eq=False)
class Pool:
    """Pictures, and how many of them the batch of each step takes."""

    pictures: Pictures
    count: Callable[[int], int]

    def drawn(self, generator: torch.Generator, step: int = 0) -> Pictures:
        """This pool's part of the batch of ``step``, with replacement."""
        return self.pictures.take(torch.randint(len(self.pictures), (self.count(step),), generator=generator).numpy())


def pools_of(train: Pictures, synthetic: Pictures | None, schedule: Schedule, batch: int, steps: int = 1) -> list[Pool]:
    """Where batches come from: they are synthetic as ``schedule`` says, if there is anything synthetic.

    A task whose loop does not tell its step leaves out ``steps``: its batches all are as the first one.
    """
    if synthetic is None or not len(synthetic):
        return [Pool(train, lambda step: batch)]
    pools = [
        Pool(train, lambda step: schedule.counts(step, steps, batch)[0]),
        Pool(synthetic, lambda step: schedule.counts(step, steps, batch)[1]),
    ]
    return [pool for pool in pools if any(pool.count(step) for step in range(steps))]


def in_parts(images: UInt8[np.ndarray, "n height width 3"]) -> Iterator[Float[Tensor, "part 3 height width"]]:
    """All pictures, some at a time."""
    for start in range(0, len(images), AT_ONCE):
        yield as_tensor(images[start : start + AT_ONCE])


def network_from(network: Network, arrays: Mapping[str, np.ndarray]) -> Network:
    """The network with stored weights, ready to be used."""
    network.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in arrays.items()})
    return network.eval()
