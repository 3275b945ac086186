"""A class-conditional variational autoencoder of codes."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.blocks import materialise
from models.code_sampler import LossSampler
from models.sequence_code import SequenceCode

LATENT = 16
"""Numbers between encoder and decoder."""


class CodeVae(LossSampler):
    """Encoder q(z | x, c) and decoder p(x | z, c) with a learnt noise for each number of the code.

    Sources: Kingma and Welling, ICLR 2014; classes: Sohn et al., NeurIPS 2015; learnt noise, which spares the choice of
    a weight between both terms: Rybkin et al., ICML 2021, section 4.
    """

    def __init__(self, code: SequenceCode, classes: int, hidden: int, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        with torch.device("meta"):
            self.encoder = _two_layers(code.size + classes, hidden, 2 * LATENT)
            self.decoder = _two_layers(LATENT + classes, hidden, code.size)
        materialise(self, generator)
        self.log_noise = nn.Parameter(torch.zeros(code.size))
        self.code = code

    def loss(
        self, codes: Float[Tensor, "batch size"], one_hot: Float[Tensor, "batch classes"], rng: torch.Generator
    ) -> Float[Tensor, ""]:
        """-E log p(x | z, c) + KL(q(z | x, c) ‖ N(0, 1)), up to a constant."""
        mean, log_deviation = self.encoder(torch.cat([codes, one_hot], dim=1)).chunk(2, dim=1)
        latent = mean + log_deviation.exp() * torch.randn(mean.shape, generator=rng, device=mean.device)
        decoded = self.decoder(torch.cat([latent, one_hot], dim=1))
        surprise = ((codes - decoded) / self.log_noise.exp()).square() / 2 + self.log_noise
        divergence = (mean.square() + (2 * log_deviation).exp() - 1) / 2 - log_deviation
        return surprise.sum(dim=1).mean() + divergence.sum(dim=1).mean()

    def sample(self, one_hot: Float[Tensor, "n classes"], rng: torch.Generator) -> Float[Tensor, "n size"]:
        """Z from the prior, then x from p(x | z, c), noise included."""
        latent = torch.randn(len(one_hot), LATENT, generator=rng, device=one_hot.device)
        noise = torch.randn(len(one_hot), self.code.size, generator=rng, device=one_hot.device)
        return self.decoder(torch.cat([latent, one_hot], dim=1)) + self.log_noise.exp() * noise


def _two_layers(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, outputs)
    )
