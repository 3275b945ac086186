"""What a generator minimises beside pleasing its critic: terms that compare its fakes with what they should be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor, nn


@runtime_checkable
class GeneratorTerm(Protocol):
    """A term of the generator's loss."""

    @property
    def every(self) -> int:
        """Generator steps from one evaluation to the next."""
        ...

    def __call__(
        self, generator: nn.Module, *, latent: Tensor, fake: Float[Tensor, "batch ..."],
        real: Float[Tensor, "batch ..."], given: Sequence[Tensor],
    ) -> Float[Tensor, ""]:  # fmt: skip
        """The weighted term; ``fake`` and ``real`` were made for the same ``given``, ``fake`` from ``latent`` too."""
        ...


@dataclass(frozen=True)
class Weighted:
    """What all terms have: how heavy they are, and how often they come."""

    weight: float = 1.0
    every: int = 1

    def __post_init__(self) -> None:
        """Refuse a weight that rewards what the term is against."""
        if self.weight <= 0 or self.every <= 0:
            raise ValueError(f"weight and every must be positive, got {self.weight} and {self.every}")


@dataclass(frozen=True)
class Reconstruction(Weighted):
    """weight · mean |x - G(...)| over what is known of x: for pairs, where one answer is right.

    Source: Isola et al., CVPR 2017, equation 3, with its weight.
    """

    weight: float = 100.0
    known: int | None = None
    """Which of ``given`` is 1 where x is known and 0 elsewhere; None where all of it is."""

    def __call__(
        self, generator: nn.Module, *, latent: Tensor, fake: Float[Tensor, "batch ..."],
        real: Float[Tensor, "batch ..."], given: Sequence[Tensor],
    ) -> Float[Tensor, ""]:  # fmt: skip
        """0 where nothing at all is known."""
        error = (real - fake).abs()
        if self.known is None:
            return self.weight * error.mean()
        known = given[self.known]
        return self.weight * (error * known).sum() / known.expand_as(error).sum().clamp(min=1)
