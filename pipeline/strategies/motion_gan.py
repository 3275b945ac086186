"""A small conditional WGAN-GP for motions: sequences and the features of their anchor, given numbers that are told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from models.adversarial import Players, train_adversarial
from models.code_sampler import LATENT
from models.latents import normal
from models.reporting import Report
from models.sequence_code import SequenceCode
from models.sequence_gan import SequenceCritic, SequenceGenerator
from pipeline.randomness import torch_generator
from pipeline.strategies.adversarial import Adversarial

DrawMotion: TypeAlias = Callable[[np.ndarray, np.random.Generator], tuple[np.ndarray, np.ndarray]]
"""(n, told) conditions -> (n, time, channels) sequences and (n, anchors) features."""


@dataclass(frozen=True, eq=False)
class Motions:
    """What a motion GAN learns from."""

    sequences: Float[np.ndarray, "n time channels"]
    """Zero at the anchor frame."""
    anchors: Float[np.ndarray, "n anchors"]
    """What is not relative to the anchor frame."""
    told: Float[np.ndarray, "n told"]
    """What both players know of each motion; numbers of the order of 1."""
    weights: Float[np.ndarray, " n"]
    """How often each is shown, up to a factor."""


def fit_motions(
    motions: Motions, recipe: Adversarial, components: int, rng: np.random.Generator, report: Report
) -> DrawMotion:
    """Train a generator on motions; the same motions and generator of randomness give the same network."""
    torch_rng = torch_generator(rng)
    sequences, anchors, told = (
        torch.from_numpy(part).float() for part in (motions.sequences, motions.anchors, motions.told)
    )
    code = SequenceCode.fitted(sequences, anchors, components)
    codes, weights = code.encode(sequences, anchors), torch.from_numpy(motions.weights)
    generator = SequenceGenerator(code, told.shape[1], recipe.hidden, generator=torch_rng)
    critic = SequenceCritic(code.size, told.shape[1], recipe.hidden, generator=torch_rng)

    def draw_real(count: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        index = torch.multinomial(weights, count, replacement=True, generator=rng)
        return codes.index_select(0, index), told.index_select(0, index)

    rules = recipe.rules()
    averaged = train_adversarial(Players(generator, critic, rules), rules, draw_real, normal(LATENT), torch_rng, report)

    @torch.no_grad()
    def draw(told: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        latent = normal(LATENT)(len(told), torch_generator(rng))
        drawn, features = code.decode(averaged(latent, torch.from_numpy(told).float()))
        return drawn.double().numpy(), features.double().numpy()

    return draw
