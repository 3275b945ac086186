import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from models.adversarial import AdversarialRecipe, Players, train_adversarial
from models.critics import MinibatchDeviation
from models.losses import BoundaryEquilibrium, NonSaturating
from models.penalties import GradientPenalty, OrthogonalPenalty, WeightClipping
from models.stabilizers import InstanceNoise, Unrolled


def test_clipping_with_a_gradient_penalty_is_refused():
    with pytest.raises(ValueError, match="choose one"):
        AdversarialRecipe(constraints=(WeightClipping(),))


@pytest.mark.parametrize("field", ["steps", "critic_steps", "batch", "report_every"])
def test_a_recipe_refuses_zero(field):
    with pytest.raises(ValueError, match=field):
        AdversarialRecipe(**{field: 0})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loss": "hinge"}, r"loss must be an object such as Hinge\(\), got 'hinge'"),
        ({"loss": NonSaturating}, "loss must be an object"),
        ({"penalties": ("r1",)}, "penalties must hold objects of the type Penalty, got 'r1'"),
        ({"penalties": (OrthogonalPenalty(),)}, "penalties must hold"),
        ({"views": (InstanceNoise,)}, "views must hold"),
        ({"constraints": (GradientPenalty(),)}, "belongs to penalties"),
        ({"swapped": 0.5}, "swapped"),
        ({"replay": 10}, "half a batch of 128"),
        ({"loss": BoundaryEquilibrium(), "unrolled": Unrolled()}, "choose one"),
    ],
)
def test_a_recipe_refuses_what_it_cannot_use(changes, message):
    recipe = AdversarialRecipe()
    for name, value in changes.items():  # past the type checks that exist in tests only
        object.__setattr__(recipe, name, value)
    with pytest.raises(ValueError, match=message):
        recipe.__post_init__()


@pytest.mark.parametrize(
    ("layer", "recipe", "message"),
    [
        (MinibatchDeviation(), AdversarialRecipe(penalties=()), "one_pass=False"),
        (nn.BatchNorm1d(1), AdversarialRecipe(one_pass=False), "layer normalisation"),
        (
            spectral_norm(nn.Linear(1, 1)),
            AdversarialRecipe(penalties=(), constraints=(WeightClipping(),)),
            "spectral normalisation",
        ),
    ],
)
def test_players_refuse_a_critic_that_contradicts_the_recipe(layer, recipe, message):
    with pytest.raises(ValueError, match=message):
        Players(nn.Linear(1, 1), nn.Sequential(layer), recipe)


def test_a_pool_is_refused_beside_conditions():
    class Told(nn.Linear):
        def forward(self, latent, label):
            return super().forward(latent)

    recipe = AdversarialRecipe(steps=1, batch=4, replay=8)
    with pytest.raises(ValueError, match="replay=0"):
        train_adversarial(
            Players(Told(1, 1), nn.Linear(1, 1), recipe), recipe, lambda count, rng: (torch.ones(count, 1),) * 2,
            lambda count, rng: torch.ones(count, 1), torch.Generator(),
        )  # fmt: skip
