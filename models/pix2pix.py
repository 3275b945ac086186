"""A conditional GAN from pictures to depth (Isola et al., CVPR 2017), and the same network without an opponent.

Trained by ``models.adversarial`` on (code, image, known), see ``models.depth_network``. Every arm takes the same path
through the same loop, with the same draws, rates and average: only the loss differs.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.data_parallel import require_even
from models.depth_network import DepthNetwork
from models.generator_terms import Reconstruction
from models.losses import NonSaturating
from models.players import AdversarialRecipe, Players
from models.precision import InPrecision, Precision
from models.unet import PatchCritic

KNOWN = 1
"""Which of ``given`` says where the depth is known: after the image."""

Objective: TypeAlias = Literal["l1", "gan", "l1_gan"]


class DepthGenerator(nn.Module):
    """A depth network as the loop calls it: it needs no noise, and must not see where the truth is known."""

    def __init__(self, network: DepthNetwork) -> None:
        """Play with this network."""
        super().__init__()
        self.network = network

    def forward(
        self,
        latent: Float[Tensor, "batch 0"],
        image: Float[Tensor, "batch 3 height width"],
        known: Float[Tensor, "batch 1 height width"],
    ) -> Float[Tensor, "batch 1 height width"]:
        """Codes of depth everywhere."""
        return self.network(image)


class DepthCritic(nn.Module):
    """Judges depth beside its picture, and only where the truth is known: holes give nobody away."""

    def __init__(
        self, width: int = 32, halvings: int = 3, precision: Precision = "float32", *, generator: torch.Generator
    ) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        self.patches = InPrecision(PatchCritic(5, width, halvings, generator=generator), precision)

    def forward(
        self,
        code: Float[Tensor, "batch 1 height width"],
        image: Float[Tensor, "batch 3 height width"],
        known: Float[Tensor, "batch 1 height width"],
    ) -> Float[Tensor, "batch 1 rows columns"]:
        """Higher for patches that look real."""
        return self.patches(torch.cat([code * known, image, known], dim=1))


class NoCritic(nn.Module):
    """In place of an opponent: one weight that nobody moves and a score of 0 for everything, at no cost."""

    def __init__(self, device: torch.device) -> None:
        """One weight, since an optimiser wants something to hold."""
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1, device=device))

    def forward(self, samples: Tensor, *given: Tensor) -> Float[Tensor, " batch"]:
        """0, which depends on the weight in name only."""
        return 0 * self.weight.expand(len(samples))


@dataclass(frozen=True)
class NoOpponent:
    """The loss of the arm without a critic: nothing."""

    def critic(self, *, real: Float[Tensor, "*batch"], fake: Float[Tensor, "*batch"]) -> Float[Tensor, ""]:
        """0."""
        return real.mean() + fake.mean()

    def generator(self, *, fake: Float[Tensor, "*batch"]) -> Float[Tensor, ""]:
        """0."""
        return fake.mean()


@dataclass(frozen=True)
class Pix2Pix:
    """Two networks and how they are trained. ``l1`` has no critic, ``gan`` no distance to the truth."""

    objective: Objective = "l1_gan"
    weight: float = 100.0
    """Of the mean absolute error beside the adversarial loss."""
    width: int = 32
    levels: int = 5
    bins: int = 0
    halvings: int = 3
    steps: int = 2000
    batch: int = 8
    rate: float = 2e-4
    average: float = 0.995
    precision: Precision = "float32"
    processes: int = 1
    """That share every batch: ``models.data_parallel``."""

    def __post_init__(self) -> None:
        """Refuse an arm that nobody knows, and batches that cannot be shared."""
        require_even(self.batch, self.processes)
        if self.objective not in ("l1", "gan", "l1_gan"):
            raise ValueError(f'unknown objective "{self.objective}"; known: l1, gan, l1_gan')

    def training(self, report_every: int = 100) -> AdversarialRecipe:
        """What the loop follows: Adam's (0.5, 0.999), one critic step per generator step, as in the paper."""
        return AdversarialRecipe(
            loss=NoOpponent() if self.objective == "l1" else NonSaturating(), penalties=(),
            generator_terms=() if self.objective == "gan" else (Reconstruction(self.weight, known=KNOWN),),
            steps=self.steps, critic_steps=1, batch=self.batch, generator_rate=self.rate, critic_rate=self.rate,
            betas=(0.5, 0.999), average=self.average, report_every=report_every,
        )  # fmt: skip

    def players(self, recipe: AdversarialRecipe, generator: torch.Generator) -> Players:
        """Fresh networks; all objectives start from the same depth network."""
        depth = DepthNetwork(self.width, self.levels, self.bins, self.precision, generator=generator)
        network = DepthGenerator(depth)
        if self.objective == "l1":
            return Players(network, NoCritic(generator.device), recipe)
        return Players(network, DepthCritic(self.width, self.halvings, self.precision, generator=generator), recipe)


def draw_no_latent(count: int, rng: torch.Generator) -> Float[Tensor, "batch 0"]:
    """The picture alone decides the depth; noise was ignored in the paper too (section 3.2)."""
    return torch.empty(count, 0, device=rng.device)
