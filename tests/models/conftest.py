"""Small games, one for every entry of the tables and for every other remedy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
import torch
from torch import Tensor, nn

from models.adversarial import AdversarialRecipe, Players
from models.blocks import materialise
from models.critics import MinibatchDeviation, MinibatchDiscrimination, ReconstructionCritic
from models.diff_augment import DiffAugment
from models.latents import DrawLatent, normal, spherical
from models.losses import LOSSES, NonSaturating
from models.penalties import PENALTIES, normalise_spectrally
from models.stabilizers import InstanceNoise, Unrolled

ENERGIES = ("energy_margin", "boundary_equilibrium")
"""Losses whose scores are negated errors of reconstruction."""
FIELDS = {"orthogonal": "weight_penalties", "weight_clipping": "constraints"}
"""Where a recipe keeps penalties that are not terms with samples."""


def _recipe(**changes: object) -> AdversarialRecipe:
    small = {
        "loss": NonSaturating(), "penalties": (), "steps": 4, "critic_steps": 1, "batch": 8, "report_every": 4,
    }  # fmt: skip
    return AdversarialRecipe(**(small | changes))


@dataclass(frozen=True)
class Game:
    """A recipe, and what is special about its critic."""

    recipe: AdversarialRecipe
    middle: Callable[[], Sequence[nn.Module]] = lambda: ()
    """Layers in the middle of the critic."""
    width: int = 8
    """Features after these layers."""
    reconstructs: bool = False
    spectral: bool = False
    shape: tuple[int, ...] = (4,)
    draw_latent: DrawLatent = field(default_factory=lambda: normal(3))

    def players(self, seed: int = 1) -> Players:
        numbers = torch.Size(self.shape).numel()
        outputs = numbers if self.reconstructs else 1
        with torch.device("meta"):
            generator = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, numbers), nn.Unflatten(1, self.shape))
            layers = [nn.Flatten(), nn.Linear(numbers, 8), nn.LeakyReLU(0.2), *self.middle()]
            critic = nn.Sequential(*layers, nn.Linear(self.width, outputs))
        rng = torch.Generator().manual_seed(seed)
        materialise(generator, rng)
        materialise(critic, rng)
        if self.spectral:
            normalise_spectrally(critic, generator=rng)
        return Players(generator, ReconstructionCritic(critic) if self.reconstructs else critic, self.recipe)

    def draw_real(self, count: int, rng: torch.Generator) -> tuple[Tensor, ...]:
        return (1 + torch.randn(count, *self.shape, generator=rng),)


GAMES = {
    **{f"loss {name}": Game(_recipe(loss=kind()), reconstructs=name in ENERGIES) for name, kind in LOSSES.items()},
    **{
        f"penalty {name}": Game(_recipe(**{FIELDS.get(name, "penalties"): (kind(),)}))
        for name, kind in PENALTIES.items()
    },
    "two time scales and many critic steps": Game(_recipe(critic_steps=3, critic_rate=2e-3)),
    "last weights instead of an average": Game(_recipe(average=0.0)),
    "smoothed and swapped labels": Game(_recipe(loss=NonSaturating(real_label=0.9), swapped=0.2)),
    "fading noise": Game(_recipe(views=(InstanceNoise(steps=3),))),
    "augmented images": Game(_recipe(views=(DiffAugment(),)), shape=(1, 4, 4)),
    "replay": Game(_recipe(replay=12)),
    "unrolled": Game(_recipe(unrolled=Unrolled(steps=2))),
    "spectral": Game(_recipe(), spectral=True),
    "batch statistics": Game(_recipe(one_pass=False), lambda: [nn.BatchNorm1d(8)]),
    "minibatch deviation": Game(_recipe(one_pass=False), lambda: [MinibatchDeviation()], width=9),
    "minibatch discrimination": Game(_recipe(one_pass=False), lambda: [MinibatchDiscrimination(8, 3, 2)], width=11),
    "spherical latents": Game(_recipe(), draw_latent=spherical(3)),
    "dropout": Game(_recipe(), lambda: [nn.Dropout(0.5)]),
    "unrolled with dropout": Game(_recipe(unrolled=Unrolled(steps=2)), lambda: [nn.Dropout(0.5)]),
}


@pytest.fixture(params=GAMES, ids=lambda name: name.replace(" ", "_"))
def game(request: pytest.FixtureRequest) -> Game:
    """Each of them."""
    return GAMES[request.param]
