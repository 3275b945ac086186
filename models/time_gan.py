"""TimeGAN: a GAN in the state space of a recurrent autoencoder, held to that space's one-step dynamics.

Source: Yoon, Jarrett and van der Schaar, Time-series generative adversarial networks, NeurIPS 2019, section 4. Every
network is one GRU instead of three, and a sequence's anchors are written first and told to all networks (its static
features, without an autoencoder of their own).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from models.blocks import materialise
from models.code_frames import CodeFrames
from models.code_sampler import CodeGenerator
from models.sequence_code import SequenceCode

STILL, FRESH = 16, 4
"""Noise that holds for the whole sequence, and noise that is new in every step."""


class Recurrent(nn.Module):
    """A GRU whose every state is read by one linear layer."""

    def __init__(self, inputs: int, hidden: int, outputs: int, *last: nn.Module, both_ways: bool = False) -> None:
        """Without weights yet when built on ``meta``."""
        super().__init__()
        self.gru = nn.GRU(inputs, hidden, bidirectional=both_ways)
        self.read = nn.Sequential(nn.Linear((1 + both_ways) * hidden, outputs), *last)

    def forward(
        self, steps: Float[Tensor, "time n inputs"], still: Float[Tensor, "n still"]
    ) -> Float[Tensor, "time n outputs"]:
        """Each step beside what does not change; time first, as the kernel walks."""
        states, _ = self.gru(torch.cat([steps, still.expand(len(steps), -1, -1)], dim=2))
        return self.read(states)


class TimeGenerator(CodeGenerator):
    """Embedder, recovery, supervisor and generator; a sample of the game is a path of states and the anchors."""

    def __init__(self, code: SequenceCode, classes: int, hidden: int, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        channels, anchors = code.channels, len(code.anchor_mean)
        told = anchors + classes
        with torch.device("meta"):
            self.embedder = Recurrent(channels + told, hidden, hidden, nn.Sigmoid())
            self.recovery = Recurrent(hidden + told, hidden, channels)
            self.supervisor = Recurrent(hidden + told, hidden, hidden, nn.Sigmoid())
            self.writer = Recurrent(FRESH + STILL + told, hidden, hidden, nn.Sigmoid())
            self.anchor = nn.Sequential(
                nn.Linear(STILL + classes, 2 * hidden), nn.LeakyReLU(0.2), nn.Linear(2 * hidden, anchors)
            )
        materialise(self, generator)
        self.code, self.view, self.anchors = code, CodeFrames(code), anchors
        self.latent = STILL + FRESH * self.view.steps

    def embed(self, codes: Float[Tensor, "n size"], one_hot: Float[Tensor, "n classes"]) -> Float[Tensor, "time n h"]:
        """The states of real sequences."""
        return self.embedder(self.view.frames(codes).transpose(0, 1), self.told(codes, one_hot))

    def recovered(self, states: Float[Tensor, "time n h"], told: Float[Tensor, "n told"]) -> Float[Tensor, "n size"]:
        """The codes of states, beside the anchors that are told."""
        return self.view.codes(self.recovery(states, told).transpose(0, 1), told[:, : self.anchors])

    def told(self, codes: Float[Tensor, "n size"], one_hot: Float[Tensor, "n classes"]) -> Float[Tensor, "n told"]:
        """Anchors and class."""
        return torch.cat([codes[:, codes.shape[1] - self.anchors :], one_hot], dim=1)

    def reconstruction(self, codes: Float[Tensor, "n size"], one_hot: Float[Tensor, "n classes"]) -> Float[Tensor, ""]:
        """√ mean ‖x - r(e(x))‖²."""
        return _root(mse_loss(self.recovered(self.embed(codes, one_hot), self.told(codes, one_hot)), codes))

    def supervision(self, codes: Float[Tensor, "n size"], one_hot: Float[Tensor, "n classes"]) -> Float[Tensor, ""]:
        """√ mean ‖h_t - s(h_<t)‖²; 0 for a single step."""
        states = self.embed(codes, one_hot)
        if len(states) == 1:
            return 0 * states.mean()
        return _root(mse_loss(self.supervisor(states[:-1], self.told(codes, one_hot)), states[1:]))

    def invented(
        self, latent: Float[Tensor, "n latent"], one_hot: Float[Tensor, "n classes"]
    ) -> tuple[Float[Tensor, "time n h"], Float[Tensor, "n told"]]:
        """States of sequences that never were, corrected by the supervisor; their anchors and classes."""
        still, fresh = latent[:, :STILL], latent[:, STILL:].unflatten(1, (self.view.steps, FRESH)).transpose(0, 1)
        told = torch.cat([self.anchor(torch.cat([still, one_hot], dim=1)), one_hot], dim=1)
        states = self.writer(fresh, torch.cat([still, told], dim=1))
        return torch.cat([states[:1], self.supervisor(states[:-1], told)]) if len(states) > 1 else states, told

    def forward(
        self, latent: Float[Tensor, "n latent"], codes: Tensor, one_hot: Float[Tensor, "n classes"]
    ) -> Float[Tensor, "n time width"]:
        """What the critic judges; the real ``codes`` serve the terms beside it."""
        return _shown(*self.invented(latent, one_hot))

    @torch.no_grad()
    def real(self, codes: Float[Tensor, "n size"], one_hot: Float[Tensor, "n classes"]) -> Float[Tensor, "n time w"]:
        """Real sequences as the critic sees them."""
        return _shown(self.embed(codes, one_hot), self.told(codes, one_hot))

    def sample(self, one_hot: Float[Tensor, "n classes"], rng: torch.Generator) -> Float[Tensor, "n size"]:
        """One code for each class asked for."""
        return self.recovered(*self.invented(torch.randn(len(one_hot), self.latent, generator=rng), one_hot))


class TimeCritic(nn.Module):
    """A GRU reads a path of states both ways; the score is the mean of one score for each step."""

    def __init__(self, code: SequenceCode, classes: int, hidden: int, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        with torch.device("meta"):
            self.score = Recurrent(hidden + len(code.anchor_mean) + classes, hidden, 1, both_ways=True)
        materialise(self, generator)

    def forward(self, samples: Float[Tensor, "n time width"], codes: Tensor, one_hot: Tensor) -> Float[Tensor, " n"]:
        """Higher for paths that look real; samples hold all that they were made for."""
        return self.score(samples.transpose(0, 1), samples.new_zeros(len(samples), 0))[..., 0].mean(dim=0)


@dataclass(frozen=True)
class JointTerms:
    """What the networks minimise beside the game: the autoencoder's errors, the supervisor's, and differing moments."""

    reconstruction: float = 10.0
    supervision: float = 10.0
    moments: float = 10.0
    every: int = 1

    def __call__(
        self, generator: nn.Module, *, latent: Tensor, fake: Float[Tensor, "batch ..."],
        real: Float[Tensor, "batch ..."], given: Sequence[Tensor],
    ) -> Float[Tensor, ""]:  # fmt: skip
        """The weighted sum of three losses on one batch."""
        assert isinstance(generator, TimeGenerator)
        codes, one_hot = given
        invented = generator.recovered(*generator.invented(latent, one_hot))
        apart = (invented.mean(dim=0) - codes.mean(dim=0)).abs().mean()
        apart = apart + (invented.std(dim=0, correction=0) - codes.std(dim=0, correction=0)).abs().mean()
        learnt = self.reconstruction * generator.reconstruction(codes, one_hot)
        return learnt + self.supervision * generator.supervision(codes, one_hot) + self.moments * apart


def _shown(states: Float[Tensor, "time n h"], told: Float[Tensor, "n told"]) -> Float[Tensor, "n time width"]:
    return torch.cat([states, told.expand(len(states), -1, -1)], dim=2).transpose(0, 1)


def _root(square: Float[Tensor, ""]) -> Float[Tensor, ""]:
    return (square + 1e-12).sqrt()
