"""A GAN of codes that can be steered: how fast and which way are inputs, and the generator is held to them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.code_sampler import CodeGenerator
from models.latents import normal
from models.sequence_code import SequenceCode
from models.sequence_gan import SequenceCritic, SequenceGenerator

CONTROLS = 2
"""Speed and turn."""
HABITS = 256
"""Pairs of speed and turn that are remembered for each class, for whoever asks for none."""


def speed_and_turn(sequences: Float[Tensor, "n time channels"]) -> Float[Tensor, "n 2"]:
    """Mean speed of the first two channels, and change of the first one's velocity from one half to the other.

    Both in units of the sequence per frame. Of boxes, the turn is positive where motion bends to the right.
    """
    velocity = sequences[..., :2].diff(dim=1)
    half = velocity.shape[1] // 2
    across = velocity[..., 0]
    turn = (
        across[:, velocity.shape[1] - half :].mean(dim=1) - across[:, :half].mean(dim=1) if half else 0 * across[:, 0]
    )
    return torch.stack([velocity.norm(dim=2).mean(dim=1), turn], dim=1)


class InfoGenerator(CodeGenerator):
    """A coarse-to-fine generator that is told the controls beside the class."""

    centre: Tensor
    spread: Tensor
    habits: Tensor

    def __init__(self, code: SequenceCode, classes: int, hidden: int, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        self.writer = SequenceGenerator(code, classes + CONTROLS, hidden, generator=generator)
        self.code = code
        self.register_buffer("centre", torch.zeros(CONTROLS))
        self.register_buffer("spread", torch.ones(CONTROLS))
        self.register_buffer("habits", torch.zeros(classes, HABITS, CONTROLS))

    @torch.no_grad()
    def learn_habits(
        self, codes: Float[Tensor, "n size"], one_hot: Float[Tensor, "n classes"], rng: torch.Generator
    ) -> None:
        """Remember how fast each class moves and how it turns, and what is usual among all."""
        found = speed_and_turn(self.code.decode(codes)[0])
        low, centre, high = found.quantile(torch.tensor([0.25, 0.5, 0.75]), dim=0)
        self.centre.copy_(centre)
        self.spread.copy_((high - low).clamp(min=1e-6))
        for label in one_hot.argmax(dim=1).unique().tolist():
            own = found[one_hot[:, label] > 0]
            self.habits[label] = own[torch.randint(len(own), (HABITS,), generator=rng)]

    def controls(self, codes: Float[Tensor, "n size"]) -> Float[Tensor, "n 2"]:
        """Whitened speed and turn of these codes."""
        return self.whitened(speed_and_turn(self.code.decode(codes)[0]))

    def whitened(self, controls: Float[Tensor, "n 2"]) -> Float[Tensor, "n 2"]:
        """Controls as the networks are told them: in quartile ranges, and with their long tails drawn in."""
        return torch.asinh((controls - self.centre) / self.spread)

    def forward(
        self,
        latent: Float[Tensor, "batch latent"],
        one_hot: Float[Tensor, "batch classes"],
        controls: Float[Tensor, "batch 2"],
    ) -> Float[Tensor, "batch size"]:
        """Codes; ``controls`` are whitened."""
        return self.writer(latent, torch.cat([one_hot, controls], dim=1))

    def sample(
        self,
        one_hot: Float[Tensor, "n classes"],
        rng: torch.Generator,
        speed: tuple[float, float] = (-math.inf, math.inf),
        turn: tuple[float, float] = (-math.inf, math.inf),
    ) -> Float[Tensor, "n size"]:
        """One code for each class asked for, at a speed and turn that the class has been seen with, within limits.

        A class that was never seen within the limits is asked for what lies nearest to its habits there.
        """
        low, high = torch.tensor([speed, turn], dtype=self.habits.dtype).T
        within = ((self.habits >= low) & (self.habits <= high)).all(dim=2)
        usable = (within | ~within.any(dim=1, keepdim=True)).double()
        label = one_hot.argmax(dim=1)
        pick = torch.multinomial(usable[label], 1, generator=rng)[:, 0]
        controls = self.habits[label, pick].clamp(low, high)
        return self(normal(self.latent)(len(one_hot), rng), one_hot, self.whitened(controls))


class InfoCritic(nn.Module):
    """Judges a code beside its class and its controls, so that each control must be used as real sequences use it."""

    def __init__(self, size: int, classes: int, hidden: int, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        self.reader = SequenceCritic(size, classes + CONTROLS, hidden, generator=generator)

    def forward(
        self,
        code: Float[Tensor, "batch size"],
        one_hot: Float[Tensor, "batch classes"],
        controls: Float[Tensor, "batch 2"],
    ) -> Float[Tensor, " batch"]:
        """Higher for sequences that look real; ``controls`` are whitened."""
        return self.reader(code, torch.cat([one_hot, controls], dim=1))


@dataclass(frozen=True)
class MutualInformation:
    """weight · E ‖Q(G(z, c)) - c‖², up to constants the information of samples about their controls, bounded below.

    Source: Chen et al., InfoGAN, NeurIPS 2016, equation 4, for a Gaussian of constant width around Q. There Q is learnt
    with the generator, and what a control means is found out afterwards; here a control is a known function of the
    sample, so Q is that function.
    """

    weight: float = 1.0
    every: int = 1

    def __call__(
        self, generator: nn.Module, *, latent: Tensor, fake: Tensor, real: Tensor, given: Sequence[Tensor]
    ) -> Float[Tensor, ""]:
        """The weighted error."""
        assert isinstance(generator, InfoGenerator)
        _, wanted = given
        return self.weight * (generator.controls(fake) - wanted).square().mean()
