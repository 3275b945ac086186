"""A mixture of Gaussians for each class: the plainest model of codes, and hard to beat where they are few."""

import warnings

import torch
from jaxtyping import Float
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from torch import Tensor

from models.code_sampler import CodeSampler
from models.sequence_code import SequenceCode

ROUNDS = 15
"""Of expectation maximisation."""
MOST = 3000
"""Codes of a class that are looked at: windows of one track say the same many times over."""


class CodeMixture(CodeSampler):
    """p(code | class) = Σ_k w_k N(m_k, L_k L_kᵀ), fitted by expectation maximisation (Dempster et al., 1977)."""

    shares: Tensor
    means: Tensor
    factors: Tensor

    def __init__(self, code: SequenceCode, classes: int, parts: int) -> None:
        """Standard normal for every class, until it is fitted."""
        super().__init__()
        size = code.size
        self.register_buffer("shares", torch.eye(parts)[0].expand(classes, parts).clone())
        self.register_buffer("means", torch.zeros(classes, parts, size))
        self.register_buffer("factors", torch.eye(size).expand(classes, parts, size, size).clone())
        self.code = code

    def fit_class(self, label: int, codes: Float[Tensor, "n size"], regularisation: float, seed: int) -> float:
        """Fit the mixture of one class, with fewer parts where it has too few codes to shape them.

        Args:
            label: The class.
            codes: All of its codes, at least two.
            regularisation: Added to the variance of every number; codes have variance 1.
            seed: Decides where the parts begin.

        Returns:
            Mean log likelihood of the codes that were looked at.
        """
        parts = max(1, min(self.shares.shape[1], len(codes) // (5 * self.code.size)))
        if len(codes) > MOST:
            codes = codes[torch.randperm(len(codes), generator=torch.Generator().manual_seed(seed))[:MOST]]
        mixture = GaussianMixture(
            parts, reg_covar=regularisation, init_params="k-means++", max_iter=ROUNDS, random_state=seed
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # likely enough is as good as most likely
            mixture.fit(codes.double().numpy())
        self.shares[label] = 0
        self.shares[label, :parts] = torch.from_numpy(mixture.weights_).float()
        self.means[label, :parts] = torch.from_numpy(mixture.means_).float()
        self.factors[label, :parts] = torch.linalg.cholesky(torch.from_numpy(mixture.covariances_)).float()
        return float(mixture.lower_bound_)

    def sample(self, one_hot: Float[Tensor, "n classes"], rng: torch.Generator) -> Float[Tensor, "n size"]:
        """A part of the class's mixture, then a point of it."""
        label = one_hot.argmax(dim=1)
        part = torch.multinomial(self.shares[label], 1, generator=rng)[:, 0]
        noise = torch.randn(len(label), self.code.size, generator=rng)
        return self.means[label, part] + torch.einsum("nij,nj->ni", self.factors[label, part], noise)
