"""The only network the small experiments need: layers of numbers in, numbers out."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.blocks import materialise
from models.critics import MinibatchDiscrimination


class Perceptron(nn.Module):
    """Linear layers with an activation between them."""

    def __init__(
        self, sizes: Sequence[int], activation: type[nn.Module], kernels: int = 0, *, generator: torch.Generator
    ) -> None:
        """Draw the initial weights from ``generator`` alone.

        Args:
            sizes: Widths from input to output.
            activation: Between the layers.
            kernels: Features of minibatch discrimination before the last layer; 0 for none.
            generator: The only source of randomness.
        """
        super().__init__()
        layers: list[nn.Module] = []
        with torch.device("meta"):
            for before, after in pairwise(sizes[:-1]):
                layers += [nn.Linear(before, after), activation()]
            if kernels:
                layers.append(MinibatchDiscrimination(sizes[-2], kernels, size=2))
            layers.append(nn.Linear(sizes[-2] + kernels, sizes[-1]))
        self.layers = nn.Sequential(*layers)
        materialise(self, generator)

    def forward(self, inputs: Float[Tensor, "batch size"]) -> Float[Tensor, "batch more"]:
        """The last layer's numbers."""
        return self.layers(inputs)
