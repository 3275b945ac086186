"""Several GANs instead of one: each has its own seed and misses other modes, and together they miss fewer.

Source: Wang et al., Ensembles of generative adversarial networks, 2016, section 3 (standard ensemble).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.adversarial import AdversarialRecipe, DrawLatent, DrawReal, Players, train_adversarial
from models.checkpoints import checkpointing, load_checkpoint
from models.reporting import Report, silent

MakePlayers: TypeAlias = Callable[[torch.Generator], Players]
"""Fresh players whose first weights come from the generator of random numbers."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """Generators of which each sample comes from one, drawn anew."""

    generators: tuple[nn.Module, ...]

    @torch.no_grad()
    def __call__(
        self, latent: Float[Tensor, "count ..."], *given: Tensor, rng: torch.Generator
    ) -> Float[Tensor, "count ..."]:
        """One sample per latent, told what is given for it."""
        member = torch.randint(len(self.generators), (len(latent),), generator=rng, device=latent.device)
        rows = [torch.nonzero(member == number)[:, 0] for number in range(len(self.generators))]
        parts = [
            generator(latent[own], *(told[own] for told in given))
            for generator, own in zip(self.generators, rows, strict=True)
            if len(own)
        ]
        return torch.cat(parts)[torch.argsort(torch.cat(rows))]


def train_ensemble(
    members: int,
    make_players: MakePlayers,
    recipe: AdversarialRecipe,
    draw_real: DrawReal,
    draw_latent: DrawLatent,
    rng: torch.Generator,
    report: Report = silent,
    folder: Path | None = None,
) -> Mixture:
    """Train ``members`` GANs one after the other; any recipe will do.

    The steps reported go on from member to member. With a ``folder``, every report also saves the member, and the same
    call after a kill continues there.

    Raises:
        ValueError: fewer than one member.
        TrainingDiverged, CheckpointRefused: as for a single GAN.
    """
    if members < 1:
        raise ValueError(f"an ensemble needs a member, got {members}")
    seeds = torch.randint(2**31, (members,), generator=rng, device=rng.device).tolist()
    generators = []
    for number, seed in enumerate(seeds):
        own_rng = torch.Generator(rng.device).manual_seed(seed)
        players = make_players(own_rng)
        own_report = _counting_on(report, number * recipe.steps)
        if folder is not None:
            path = folder / f"member-{number}.pt"
            if path.exists():
                load_checkpoint(path, players, recipe, own_rng)
            own_report = checkpointing(path, players, recipe, own_rng, own_report)
        generators.append(train_adversarial(players, recipe, draw_real, draw_latent, own_rng, own_report))
    return Mixture(tuple(generators))


def _counting_on(report: Report, before: int) -> Report:
    def later(step: int, values: Mapping[str, float]) -> None:
        report(before + step, values)

    return later
