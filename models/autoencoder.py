"""An autoencoder, and the variational one: what to compare a GAN of digits with.

Both squeeze an image through a few numbers. The plain one learns no distribution of these codes, so samples come from a
Gaussian fitted to them afterwards; the variational one is trained so that N(0, 1) is that distribution.
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from models.blocks import dense, materialise
from models.reporting import Report, silent
from models.supervised import SupervisedRecipe, train_supervised

CODE = 20
"""Numbers that an image is squeezed through; 20 as in Kingma and Welling's figure 2."""
HIDDEN = 500
RECIPE = SupervisedRecipe(steps=1500, batch=128, learning_rate=2e-3)


class Autoencoder(nn.Module):
    """Pixels to a code and back. The variational kind has a mean and a log-variance for each number of the code."""

    code_mean: Tensor
    code_factor: Tensor

    def __init__(
        self,
        pixels: int,
        kind: Literal["plain", "variational"],
        code: int = CODE,
        hidden: int = HIDDEN,
        code_noise: float = 0.0,
        *,
        generator: torch.Generator,
    ) -> None:
        """Draw the initial weights from ``generator`` alone.

        ``code_noise``: how much the plain kind's codes are shaken before decoding, as a part of their deviation; it
        makes neighbouring codes mean similar images. The variational kind learns how much by itself.

        Raises:
            ValueError: noise is negative, or asked of the variational kind.
        """
        super().__init__()
        self.variational = kind == "variational"
        if code_noise < 0 or (self.variational and code_noise):
            raise ValueError(f"code_noise must be 0 or more, and 0 for the variational kind, got {code_noise}")
        self.code_noise = code_noise
        self.encode = dense((pixels, hidden, 2 * code if self.variational else code), nn.ReLU())
        self.decode = dense((code, hidden, pixels), nn.ReLU())
        materialise(self, generator)
        self.register_buffer("code_mean", torch.zeros(code))
        self.register_buffer("code_factor", torch.eye(code))

    def forward(
        self, images: Float[Tensor, "batch pixels"], noise: Float[Tensor, "batch code"]
    ) -> tuple[Float[Tensor, "batch pixels"], Float[Tensor, " batch"]]:
        """Logits of the pixels, and KL(q(z|x) ‖ N(0, 1)) in nats, which is 0 for the plain kind."""
        code = self.encode(images)
        if not self.variational:
            if self.code_noise:
                code = code + self.code_noise * code.detach().std(dim=0, correction=0) * noise
            return self.decode(code), images.new_zeros(len(images))
        mean, log_variance = code.chunk(2, dim=1)
        divergence = (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1) / 2
        return self.decode(mean + (log_variance / 2).exp() * noise), divergence

    @torch.no_grad()
    def learn_codes(self, images: Float[Tensor, "image pixels"]) -> None:
        """Fit the Gaussian of the codes that ``sample`` draws from; the variational kind keeps N(0, 1)."""
        if not self.variational:
            codes = self.encode(images)
            lengths, axes = torch.linalg.eigh(torch.cov(codes.T))
            self.code_mean.copy_(codes.mean(dim=0))
            self.code_factor.copy_(axes * lengths.clamp(min=0).sqrt())  # codes may lie in a plane: no Cholesky

    @torch.no_grad()
    def white_codes(self, images: Float[Tensor, "image pixels"]) -> Float[Tensor, "image code"]:
        """Codes of the plain kind, moved and turned to mean 0 and, after ``learn_codes``, covariance 1.

        Directions in which they hardly vary stay at 0: what is known of them is rounding.
        """
        return (self.encode(images) - self.code_mean) @ torch.linalg.pinv(self.code_factor, rtol=1e-3).T

    @torch.no_grad()
    def sample(self, count: int, rng: torch.Generator) -> Float[Tensor, "count pixels"]:
        """Brightness from 0 to 1."""
        noise = torch.randn(count, len(self.code_mean), generator=rng)
        return torch.sigmoid(self.decode(self.code_mean + noise @ self.code_factor.T))


def evidence_loss(
    model: Autoencoder, images: Float[Tensor, "batch pixels"], noise: Float[Tensor, "batch code"]
) -> Float[Tensor, ""]:
    """- E log p(x|z) + KL(q(z|x) ‖ p(z)) per image: the negated evidence lower bound, pixels as Bernoulli variables.

    Source: Kingma and Welling, ICLR 2014, equation 10 and appendix B.
    """
    logits, divergence = model(images, noise)
    surprise = binary_cross_entropy_with_logits(logits, images, reduction="none").sum(dim=1)
    return (surprise + divergence).mean()


def train_autoencoder(
    images: Float[Tensor, "image pixels"],
    kind: Literal["plain", "variational"],
    rng: torch.Generator,
    recipe: SupervisedRecipe = RECIPE,
    report: Report = silent,
    code: int = CODE,
    code_noise: float = 0.0,
) -> Autoencoder:
    """An autoencoder of these images, ready to sample; batches are drawn with replacement."""
    model = Autoencoder(images.shape[1], kind, code, code_noise=code_noise, generator=rng)

    def draw_batch(step: int) -> tuple[Tensor, Tensor]:
        chosen = torch.randint(len(images), (recipe.batch,), generator=rng)
        return images[chosen], torch.randn(recipe.batch, len(model.code_mean), generator=rng)

    train_supervised(model, recipe, draw_batch, evidence_loss, report=report)
    model.learn_codes(images)
    return model
