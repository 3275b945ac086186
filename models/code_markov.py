"""A Markov chain on velocities: the next change is one that followed a similar state in a real sequence."""

import torch
from jaxtyping import Float
from torch import Tensor

from models.code_frames import CodeVelocities
from models.code_sampler import CodeSampler
from models.sequence_code import SequenceCode

POOL = 2048
"""Real moments and beginnings that are remembered for each class."""
SHORTEST = 4
"""Frames: a velocity, its change, and the change after that."""


class CodeMarkov(CodeSampler):
    """The state is a velocity and its last change; the next change is that of one of the ``neighbours`` nearest states.

    Source: Lall and Sharma, Water Resources Research 1996, the nearest-neighbour bootstrap, with equal weights. Anchors
    come with the beginning, moved by a little noise.
    """

    moments: Tensor
    following: Tensor
    beginnings: Tensor

    def __init__(self, code: SequenceCode, classes: int, neighbours: int, noise: float) -> None:
        """A chain that stands still, until it is fitted."""
        super().__init__()
        self.code, self.view = code, CodeVelocities(code)
        self.neighbours, self.noise = neighbours, noise
        channels, anchors = code.channels, len(code.anchor_mean)
        self.register_buffer("moments", torch.zeros(classes, POOL, 2 * channels))
        self.register_buffer("following", torch.zeros(classes, POOL, channels))
        self.register_buffer("beginnings", torch.zeros(classes, POOL, 2 * channels + anchors))

    def fit_class(self, label: int, codes: Float[Tensor, "n size"], rng: torch.Generator) -> None:
        """Remember moments and beginnings of one class, with replacement."""
        velocity = self.view.velocities(codes)
        change = velocity.diff(dim=1)
        states = torch.cat([velocity[:, 1:-1], change[:, :-1]], dim=2).flatten(0, 1)
        moment = torch.randint(len(states), (POOL,), generator=rng)
        self.moments[label], self.following[label] = states[moment], change[:, 1:].flatten(0, 1)[moment]
        beginnings = torch.cat([velocity[:, 0], change[:, 0], codes[:, -len(self.code.anchor_mean) :]], dim=1)
        self.beginnings[label] = beginnings[torch.randint(len(codes), (POOL,), generator=rng)]

    def sample(self, one_hot: Float[Tensor, "n classes"], rng: torch.Generator) -> Float[Tensor, "n size"]:
        """One chain for each class asked for, all chains of a class step by step."""
        labels = one_hot.argmax(dim=1)
        codes = one_hot.new_zeros(len(labels), self.code.size)
        for label in labels.unique().tolist():
            codes[labels == label] = self._chains(label, int((labels == label).sum()), rng)
        return codes

    def _chains(self, label: int, count: int, rng: torch.Generator) -> Float[Tensor, "count size"]:
        channels = self.code.channels
        begun = self.beginnings[label, torch.randint(POOL, (count,), generator=rng)]
        velocity, change, anchors = begun.split([channels, channels, begun.shape[1] - 2 * channels], dim=1)
        steps = [velocity, velocity + change]
        for _ in range(self.view.steps - 2):
            distance = torch.cdist(torch.cat([steps[-1], change], dim=1), self.moments[label])
            nearest = distance.topk(self.neighbours, largest=False).indices
            picked = nearest.gather(1, torch.randint(self.neighbours, (count, 1), generator=rng))[:, 0]
            change = self.following[label, picked]
            steps.append(steps[-1] + change)
        anchors = anchors + self.noise * torch.randn(anchors.shape, generator=rng)
        return self.view.codes(torch.stack(steps, dim=1), anchors)
