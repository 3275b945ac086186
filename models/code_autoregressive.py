"""A recurrent network that writes a sequence step by step, each step drawn from a mixture of Gaussians."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.blocks import materialise
from models.code_frames import CodeVelocities
from models.code_sampler import LossSampler
from models.sequence_code import SequenceCode

PARTS = 5
"""Gaussians in every mixture."""
NARROWEST = -3.0
"""Least logarithm of a Gaussian's deviation. Labels that repeat would be worth any price: where a change is always 0,
narrower Gaussians have gradients so steep that nothing else is learnt."""
QUIET = -2.0
"""The same of a change before training: a free run adds the changes' errors up."""


class CodeAutoregressive(LossSampler):
    """p(a | class) · p(v_0 | a, class) · Π_t p(v_t | v_<t, a, class), a the anchors: mixtures all, the memory an LSTM.

    Source: Graves, Generating sequences with recurrent neural networks, 2013, section 4; noise on the inputs makes the
    network used to its own errors, in place of scheduled sampling (Bengio et al., NeurIPS 2015).
    """

    def __init__(
        self, code: SequenceCode, classes: int, hidden: int, input_noise: float, *, generator: torch.Generator
    ) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        self.input_noise = input_noise
        anchors = len(code.anchor_mean)
        with torch.device("meta"):
            self.anchor = _two_layers(classes, hidden, PARTS * (1 + 2 * anchors))
            self.first = _two_layers(anchors + classes, hidden, PARTS * (1 + 2 * code.channels))
            self.lstm = nn.LSTM(2 * code.channels + anchors + classes, hidden)
            self.step = nn.Linear(hidden, PARTS * (1 + 2 * code.channels))
        materialise(self, generator)
        with torch.no_grad():
            self.step.bias[PARTS:].unflatten(0, (PARTS, -1))[:, code.channels :] += QUIET
        self.code, self.view = code, CodeVelocities(code)

    def loss(
        self, codes: Float[Tensor, "batch size"], one_hot: Float[Tensor, "batch classes"], rng: torch.Generator
    ) -> Float[Tensor, ""]:
        """Mean negative log likelihood per number, up to a constant; the true past is the input."""
        anchors = codes[:, -len(self.code.anchor_mean) :]
        velocity = self.view.velocities(codes).asinh().transpose(0, 1)
        told = velocity + self.input_noise * torch.randn(velocity.shape, generator=rng, device=velocity.device)
        states, _ = self.lstm(_inputs(told[:-1], told[:-1].diff(dim=0, prepend=told[:1]), anchors, one_hot))
        steps = _surprise(self.step(states), velocity.diff(dim=0)).sum(dim=0)
        start = _surprise(self.first(torch.cat([anchors, one_hot], dim=1)), velocity[0])
        return (steps + start + _surprise(self.anchor(one_hot), anchors)).mean() / codes.shape[1]

    def sample(self, one_hot: Float[Tensor, "n classes"], rng: torch.Generator) -> Float[Tensor, "n size"]:
        """The anchors, then one velocity after the other, each fed back."""
        anchors = _drawn(self.anchor(one_hot), rng)
        velocity = _drawn(self.first(torch.cat([anchors, one_hot], dim=1)), rng)
        memory, change, written = None, torch.zeros_like(velocity), [velocity]
        for _ in range(self.view.steps - 1):
            states, memory = self.lstm(_inputs(velocity[None], change[None], anchors, one_hot), memory)
            change = _drawn(self.step(states[0]), rng)
            velocity = velocity + change
            written.append(velocity)
        return self.view.codes(torch.stack(written, dim=1).clamp(-8, 8).sinh(), anchors)


def _inputs(
    last: Float[Tensor, "steps batch channels"],
    change: Float[Tensor, "steps batch channels"],
    anchors: Tensor,
    one_hot: Tensor,
) -> Float[Tensor, "steps batch width"]:
    """For each step: the velocity before it, how that had changed, the anchors and the class."""
    still = torch.cat([anchors, one_hot], dim=1).expand(len(last), -1, -1)
    return torch.cat([last, change, still], dim=2)


def _two_layers(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.Tanh(), nn.Linear(hidden, outputs))


def _parts(numbers: Float[Tensor, "*batch numbers"]) -> tuple[Tensor, Tensor, Tensor]:
    """Logarithms of the shares, means and logarithms of the deviations of a mixture."""
    shares, rest = numbers[..., :PARTS].log_softmax(dim=-1), numbers[..., PARTS:]
    mean, log_deviation = rest.unflatten(-1, (PARTS, -1)).chunk(2, dim=-1)
    return shares, mean, log_deviation.clamp(NARROWEST, 3)


def _surprise(numbers: Float[Tensor, "*batch numbers"], values: Float[Tensor, "*batch size"]) -> Tensor:
    """-log Σ_k w_k N(values; m_k, s_k), up to a constant."""
    shares, mean, log_deviation = _parts(numbers)
    distance = (values[..., None, :] - mean) / log_deviation.exp()
    return -(shares - (distance.square() / 2 + log_deviation).sum(dim=-1)).logsumexp(dim=-1)


def _drawn(numbers: Float[Tensor, "n numbers"], rng: torch.Generator) -> Float[Tensor, "n size"]:
    """A point of each mixture."""
    shares, mean, log_deviation = _parts(numbers)
    part = torch.multinomial(shares.exp(), 1, generator=rng)[..., None].expand(-1, -1, mean.shape[-1])
    noise = torch.randn(len(mean), mean.shape[-1], generator=rng, device=mean.device)
    return mean.gather(1, part)[:, 0] + log_deviation.gather(1, part)[:, 0].exp() * noise
