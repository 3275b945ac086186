"""Penalties against finite differences, closed forms and numpy."""

import numpy as np
import pytest
import torch
from torch import nn

from models.dragan import NeighbourhoodPenalty
from models.losses import Wasserstein
from models.penalties import R1, GradientPenalty, OrthogonalPenalty, WeightClipping, normalise_spectrally


def _critic(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 7), nn.Tanh(), nn.Linear(7, 5), nn.Softplus(), nn.Linear(5, 1)).double()


def _batch(seed=0):
    rng = torch.Generator().manual_seed(seed)
    real, fake = torch.randn(2, 6, 3, generator=rng, dtype=torch.float64)
    return real, fake


def _numeric_norms(critic, points, step=1e-6):
    """Length of the gradient at each point by central differences."""
    slopes = []
    for axis in range(points.shape[1]):
        shift = torch.zeros(points.shape[1], dtype=points.dtype)
        shift[axis] = step
        slopes.append((critic(points + shift) - critic(points - shift))[:, 0].detach() / (2 * step))
    return torch.stack(slopes).norm(dim=0)


def _penalty_and_reference(name):
    """A penalty with the points it looks at and what it makes of the length of the gradient there."""
    real, fake = _batch()
    mix = torch.rand(6, 1, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    noise = torch.rand(6, 3, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    return {
        "two-sided": (GradientPenalty(), real + mix * (fake - real), lambda norm: 10 * (norm - 1) ** 2),
        "one-sided": (
            GradientPenalty(target=0.05, one_sided=True),
            real + mix * (fake - real),
            lambda norm: 10 * np.maximum(norm - 0.05, 0) ** 2,
        ),
        "r1": (R1(weight=3.0, every=4), real, lambda norm: 4 * 3 / 2 * norm**2),
        "dragan": (
            NeighbourhoodPenalty(),
            real + 0.5 * torch.from_numpy(np.std(real.numpy(), keepdims=True)) * noise,
            lambda norm: 10 * (norm - 1) ** 2,
        ),
    }[name]


@pytest.mark.parametrize("name", ["two-sided", "one-sided", "r1", "dragan"])
def test_a_penalty_on_gradients_agrees_with_finite_differences(name):
    critic, (real, fake) = _critic(), _batch()
    penalty, points, formula = _penalty_and_reference(name)
    found = penalty(critic, real=real, fake=fake, rng=torch.Generator().manual_seed(5))
    norms = _numeric_norms(critic, points)
    assert found.item() == pytest.approx(formula(norms.numpy()).mean(), rel=1e-5)


@pytest.mark.parametrize("name", ["two-sided", "one-sided", "r1", "dragan"])
def test_its_slope_by_the_critics_weights_agrees_with_finite_differences(name):
    critic, (real, fake) = _critic(), _batch()
    penalty, _, _ = _penalty_and_reference(name)

    def value():
        return penalty(critic, real=real, fake=fake, rng=torch.Generator().manual_seed(5))

    value().backward()
    weight, step = critic[0].weight, 1e-6
    for place in [(0, 0), (3, 1), (6, 2)]:
        with torch.no_grad():
            weight[place] += step
            above = _read(value)
            weight[place] -= 2 * step
            below = _read(value)
            weight[place] += step
        assert weight.grad[place].item() == pytest.approx((above - below) / (2 * step), rel=1e-3, abs=1e-6)


def _read(value):
    with torch.enable_grad():
        return value().item()


def test_r1_of_a_quadratic_critic_is_known():
    # D(x) = xᵀAx has the gradient (A + Aᵀ)x.
    rng = np.random.default_rng(0)
    matrix, points = rng.normal(size=(4, 4)), rng.normal(size=(9, 4))
    tensor = torch.from_numpy(matrix)
    found = R1(weight=1.0, every=1)(
        lambda samples: torch.einsum("bi,ij,bj->b", samples, tensor, samples),
        real=torch.from_numpy(points), fake=torch.zeros(9, 4), rng=torch.Generator(),
    )  # fmt: skip
    expected = 0.5 * np.mean(np.sum((points @ (matrix + matrix.T)) ** 2, axis=1))
    assert found.item() == pytest.approx(expected, rel=1e-9)


def test_wasserstein_with_a_gradient_penalty_balances_where_calculus_says():
    # Real at distance d from fake, f(x) = w x: minimise -w d + λ (|w| - 1)², so w = 1 + d / (2 λ).
    weight = torch.zeros(1, requires_grad=True)
    real, fake = torch.full((8, 1), 5.0), torch.full((8, 1), 2.0)
    optimiser, rng = torch.optim.SGD([weight], lr=0.04), torch.Generator().manual_seed(0)
    with torch.no_grad():
        weight += 0.1  # the length of a gradient of 0 has no slope
    for _ in range(40):
        loss = Wasserstein().critic(real=real @ weight, fake=fake @ weight)
        loss = loss + GradientPenalty(weight=10.0)(lambda points: points @ weight, real=real, fake=fake, rng=rng)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert weight.item() == pytest.approx(1 + 3 / 20, rel=1e-5)


def test_orthogonal_penalty_agrees_with_numpy():
    critic = nn.Sequential(nn.Conv2d(3, 5, 2), nn.Flatten(), nn.Linear(20, 4)).double()
    expected = 0.0
    for weight in (critic[0].weight, critic[2].weight):
        rows = weight.detach().numpy().reshape(len(weight), -1)
        expected += np.linalg.norm(rows @ rows.T * (1 - np.eye(len(rows)))) ** 2
    assert OrthogonalPenalty(weight=0.3)(critic).item() == pytest.approx(0.3 * expected, rel=1e-9)


def test_spectral_normalisation_agrees_with_numpys_singular_values_and_bounds_the_slope():
    critic = _critic()
    plain = [layer.weight.detach().numpy().copy() for layer in critic[::2]]
    normalise_spectrally(critic, generator=torch.Generator().manual_seed(0))
    for _ in range(100):  # each pass in training mode is one step of the power iteration
        critic(torch.zeros(1, 3, dtype=torch.float64))
    critic.eval()
    for layer, weight in zip(critic[::2], plain, strict=True):
        largest = np.linalg.svd(weight, compute_uv=False)[0]
        assert layer.weight.detach().numpy() == pytest.approx(weight / largest, rel=1e-6)
    norms = _numeric_norms(critic, 3 * torch.randn(200, 3, dtype=torch.float64))
    assert norms.max() <= 1 + 1e-6  # tanh and softplus are 1-Lipschitz, so is the whole


def test_clipping_agrees_with_numpy():
    critic = _critic()
    plain = {name: weight.detach().numpy().copy() for name, weight in critic.named_parameters()}
    WeightClipping(0.1)(critic)
    for name, weight in critic.named_parameters():
        assert np.array_equal(weight.detach().numpy(), np.clip(plain[name], -0.1, 0.1))
