"""A GAN of an autoencoder's codes: the autoencoder learns what an image looks like, then the GAN which codes occur.

Two stages, and only the second is adversarial. In the adversarial autoencoder of Makhzani et al. (2015) both go on
at once and the critic bends the codes to a Gaussian; here codes stay as they are and a generator learns to make them.
Codes being few and smooth, that is a small game for small players.
"""

from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.adversarial import AdversarialRecipe, Players, train_adversarial
from models.autoencoder import RECIPE as AUTOENCODER
from models.autoencoder import Autoencoder, train_autoencoder
from models.blocks import dense, materialise
from models.dense_gan import DenseCritic
from models.latents import normal
from models.reporting import Report, silent
from models.supervised import SupervisedRecipe


@dataclass(frozen=True)
class LatentGan:
    """The sizes and rules of both stages."""

    code: int = 10
    """Numbers that an image is squeezed through."""
    code_noise: float = 0.1
    """Of the codes' deviation, while the autoencoder learns: neighbouring codes then mean similar images."""
    latent: int = 32
    """Numbers that a code is made from."""
    players: tuple[int, ...] = (256, 256)
    """Hidden layers of generator and critic."""
    stage_one: SupervisedRecipe = field(default_factory=lambda: replace(AUTOENCODER, steps=3000))
    stage_two: AdversarialRecipe = field(
        default_factory=lambda: AdversarialRecipe(
            steps=1500, generator_rate=1e-3, critic_rate=1e-3, betas=(0.0, 0.9), average=0.998
        )
    )
    """WGAN-GP."""


class LatentGenerator(nn.Module):
    """Noise to a code, and by the decoder of a trained autoencoder to brightness from 0 to 1."""

    def __init__(self, codes: nn.Module, autoencoder: Autoencoder) -> None:
        """``codes`` makes white codes; of the autoencoder only the way back to images is kept."""
        super().__init__()
        self.codes, self.decode = codes, autoencoder.decode
        self.register_buffer("mean", autoencoder.code_mean)
        self.register_buffer("factor", autoencoder.code_factor)

    mean: Tensor
    factor: Tensor

    def forward(self, latent: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch pixels"]:
        """Images, flattened."""
        return torch.sigmoid(self.decode(self.mean + self.codes(latent) @ self.factor.T))


def train_latent_gan(
    images: Float[Tensor, "image pixels"], recipe: LatentGan, rng: torch.Generator, report: Report = silent
) -> LatentGenerator:
    """A generator of images like these; the second stage knows nothing of them but their codes.

    ``report`` hears first the autoencoder's loss, then, with steps from 0 again, those of the players.
    """
    autoencoder = train_autoencoder(
        images, "plain", rng, recipe.stage_one, report, code=recipe.code, code_noise=recipe.code_noise
    )
    real = autoencoder.white_codes(images)
    generator = dense((recipe.latent, *recipe.players, recipe.code), nn.ReLU())
    materialise(generator, rng)
    players = Players(generator, DenseCritic(recipe.code, recipe.players, generator=rng), recipe.stage_two)

    def draw_real(count: int, rng: torch.Generator) -> tuple[Tensor, ...]:
        return (real[torch.randint(len(real), (count,), generator=rng)],)

    codes = train_adversarial(players, recipe.stage_two, draw_real, normal(recipe.latent), rng, report)
    return LatentGenerator(codes, autoencoder)
