"""What the tasks on pictures share: batches of real and synthetic pictures, and networks as arrays."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from pipeline.pictures import Pictures, as_tensor

Network = TypeVar("Network", bound=nn.Module)

AT_ONCE = 16
"""Pictures that a trained network looks at together."""


@dataclass(frozen=True, eq=False)
class Pool:
    """Pictures, and how many of them each batch takes."""

    pictures: Pictures
    count: int

    def drawn(self, generator: torch.Generator) -> Pictures:
        """This pool's part of a batch, with replacement."""
        return self.pictures.take(torch.randint(len(self.pictures), (self.count,), generator=generator).numpy())


def pools_of(train: Pictures, synthetic: Pictures | None, share: float, batch: int) -> list[Pool]:
    """Where batches come from: ``share`` of each is synthetic, if there is anything synthetic."""
    if synthetic is None or not len(synthetic):
        return [Pool(train, batch)]
    pools = [Pool(train, batch - round(share * batch)), Pool(synthetic, round(share * batch))]
    return [pool for pool in pools if pool.count]


def in_parts(images: UInt8[np.ndarray, "n height width 3"]) -> Iterator[Float[Tensor, "part 3 height width"]]:
    """All pictures, some at a time."""
    for start in range(0, len(images), AT_ONCE):
        yield as_tensor(images[start : start + AT_ONCE])


def network_from(network: Network, arrays: Mapping[str, np.ndarray]) -> Network:
    """The network with stored weights, ready to be used."""
    network.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in arrays.items()})
    return network.eval()
