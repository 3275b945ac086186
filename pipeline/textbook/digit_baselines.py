"""Makers of digits that are no GANs: what they have to be compared with."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import torch
from jaxtyping import Float
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from models.autoencoder import RECIPE, train_autoencoder
from models.supervised import SupervisedRecipe
from pipeline.randomness import torch_generator
from pipeline.sources.idx import DigitSet

Draw: TypeAlias = Callable[[int, np.random.Generator], Float[np.ndarray, "count pixel"]]
"""``draw(count, rng)``: digits with brightness from 0 to 1."""
COMPONENTS = 50
"""Principal components: 82 % of the variance of MNIST."""
MIXTURE_FITTED_ON = 5_000
"""Digits that the mixture of Gaussians is fitted on; more change little and take long."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted model that can be drawn from."""

    draw: Draw
    parameters: int
    """Numbers that were learnt from the data and are needed to draw."""


def real_digits(real: DigitSet, rng: np.random.Generator) -> Fitted:
    """No model: training digits again, without repetition while they last. What a perfect generator would score."""

    def draw(count: int, rng: np.random.Generator) -> Float[np.ndarray, "count pixel"]:
        return real[_chosen(len(real), count, rng)].pixels

    return Fitted(draw, real.images.size)


def kmeans(real: DigitSet, rng: np.random.Generator, per_cluster: int = 5) -> Fitted:
    """Centres of clusters of a few digits each, drawn as they are: no new digit, and unbeaten at Parzen's measure.

    Clusters are found among principal components, where distances are cheap; the centres are means of whole images.
    Source of the idea: Theis et al., ICLR 2016, section 3.3.
    """
    pixels = real.pixels
    codes, _ = _projected(pixels, rng)
    clusters = max(1, len(real) // per_cluster)
    finder = KMeans(clusters, init="random", n_init=1, max_iter=3, tol=0, random_state=_seed(rng))
    member = finder.fit_predict(codes)
    sums = np.zeros((clusters, pixels.shape[1]), np.float32)
    np.add.at(sums, member, pixels)
    counts = np.bincount(member, minlength=clusters)
    centres = sums[counts > 0] / counts[counts > 0, None]

    def draw(count: int, rng: np.random.Generator) -> Float[np.ndarray, "count pixel"]:
        return centres[_chosen(len(centres), count, rng)]

    return Fitted(draw, centres.size)


def mixture(real: DigitSet, rng: np.random.Generator, gaussians: int = 20) -> Fitted:
    """A mixture of Gaussians with full covariances among principal components; one Gaussian is plain PCA."""
    pixels = real.pixels
    codes, components = _projected(pixels, rng)
    fitted_on = codes[_chosen(len(codes), min(MIXTURE_FITTED_ON, len(codes)), rng)]
    model = GaussianMixture(gaussians, reg_covar=1e-3, max_iter=15, tol=1e-2, random_state=_seed(rng))
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):  # fifteen rounds of EM are enough here
        model.fit(fitted_on)
    factors = np.linalg.cholesky(model.covariances_)

    def draw(count: int, rng: np.random.Generator) -> Float[np.ndarray, "count pixel"]:
        which = rng.choice(gaussians, count, p=model.weights_)
        noise = rng.normal(size=(count, codes.shape[1]))
        drawn = model.means_[which] + np.einsum("nij,nj->ni", factors[which], noise)
        return np.clip(components.inverse_transform(drawn), 0, 1).astype(np.float32)

    size = codes.shape[1]
    return Fitted(draw, gaussians * (1 + size + size * (size + 1) // 2) + components.components_.size + pixels.shape[1])


def autoencoder(
    real: DigitSet,
    rng: np.random.Generator,
    kind: Literal["plain", "variational"] = "plain",
    recipe: SupervisedRecipe = RECIPE,
) -> Fitted:
    """An autoencoder whose codes are drawn from a Gaussian: fitted afterwards, or built in (variational)."""
    model = train_autoencoder(torch.from_numpy(real.pixels), kind, torch_generator(rng), recipe)
    fitted_codes = 0 if model.variational else model.code_mean.numel() + model.code_factor.numel()
    parameters = sum(weight.numel() for weight in model.decode.parameters()) + fitted_codes
    return Fitted(lambda count, rng: model.sample(count, torch_generator(rng)).numpy(), parameters)


def _projected(pixels: Float[np.ndarray, "image pixel"], rng: np.random.Generator) -> tuple[np.ndarray, PCA]:
    """Principal components, the solver that works on the covariance: exact and quick for few pixels."""
    components = PCA(min(COMPONENTS, *pixels.shape), svd_solver="covariance_eigh", random_state=_seed(rng))
    return components.fit_transform(pixels), components


def _chosen(available: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Indices without repetition while they last."""
    rounds = -(-count // available)
    return np.concatenate([rng.permutation(available) for _ in range(rounds)])[:count]


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))
