import pytest
import torch
from torch import nn

from models.input_gradients import gradient_norms
from models.penalties import PENALTIES, R1, GradientPenalty, OrthogonalPenalty, WeightClipping, normalise_spectrally
from pipeline.registry import lookup
from pipeline.schema import UserError

SLOPE = torch.tensor([3.0, 4.0])  # a linear critic whose gradient has length 5 everywhere


def _linear(samples):
    return samples @ SLOPE


def _batch():
    rng = torch.Generator().manual_seed(0)
    return {"real": torch.randn(8, 2, generator=rng), "fake": torch.randn(8, 2, generator=rng), "rng": rng}


def test_gradient_norm_of_a_linear_critic_is_its_slope():
    assert torch.allclose(gradient_norms(_linear, torch.randn(7, 2)), torch.full((7,), 5.0))


def test_gradient_norm_of_a_quadratic_critic_is_twice_the_radius():
    samples = torch.tensor([[3.0, 4.0], [0.0, 1.0]])
    norms = gradient_norms(lambda points: points.square().sum(1), samples)
    assert torch.allclose(norms, torch.tensor([10.0, 2.0]))


def test_two_sided_penalty_of_a_linear_critic():
    assert GradientPenalty(weight=10.0)(_linear, **_batch()).item() == pytest.approx(10 * (5 - 1) ** 2)


def test_one_sided_penalty_spares_gradients_below_the_target():
    two, one = GradientPenalty(target=6.0), GradientPenalty(target=6.0, one_sided=True)
    assert two(_linear, **_batch()).item() == pytest.approx(10)
    assert one(_linear, **_batch()).item() == 0
    assert GradientPenalty(target=3.0, one_sided=True)(_linear, **_batch()).item() == pytest.approx(40)


def test_points_of_the_penalty_lie_between_real_and_fake():
    seen = []

    def critic(samples):
        seen.append(samples.detach())
        return samples.sum(1)

    GradientPenalty()(critic, real=torch.zeros(50, 2), fake=torch.ones(50, 2), rng=torch.Generator().manual_seed(0))
    assert torch.equal(seen[0][:, 0], seen[0][:, 1])  # one mixture per sample, not per coordinate
    assert 0 < seen[0].min() < 0.2
    assert 0.8 < seen[0].max() < 1


def test_the_penalty_can_be_differentiated_by_the_critics_weights():
    critic = nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        critic.weight.copy_(SLOPE[None])
    GradientPenalty(weight=1.0)(lambda points: critic(points)[:, 0], **_batch()).backward()
    # d/dw (|w| - 1)² = 2 (|w| - 1) w / |w|
    assert torch.allclose(critic.weight.grad, 2 * 4 * SLOPE[None] / 5)


def test_clipping_cuts_every_weight_to_the_limit():
    critic = nn.Linear(2, 2)
    with torch.no_grad():
        critic.weight.copy_(torch.tensor([[5.0, -0.005], [0.02, -3.0]]))
    WeightClipping(0.01)(critic)
    assert torch.equal(critic.weight, torch.tensor([[0.01, -0.005], [0.01, -0.01]]))
    assert critic.bias.abs().max() <= 0.01


def test_r1_of_a_linear_critic_is_half_its_squared_slope():
    assert R1(weight=2.0, every=1)(_linear, **_batch()).item() == pytest.approx(25)


def test_lazy_r1_is_as_many_times_stronger_as_it_is_rarer():
    often, rare = (R1(every=every)(_linear, **_batch()).item() for every in (1, 16))
    assert rare == pytest.approx(16 * often)


def test_r1_looks_at_real_samples_alone():
    batch = _batch()
    curved = R1(every=1)(lambda points: points.square().sum(1), **batch).item()
    assert curved == pytest.approx(2 * batch["real"].square().sum(1).mean().item())  # |2x|² / 2


def test_orthogonal_penalty_counts_products_of_different_rows():
    critic = nn.Linear(2, 3)
    with torch.no_grad():
        critic.weight.copy_(torch.tensor([[3.0, 0.0], [0.0, 2.0], [1.0, 1.0]]))
    # Products of pairs: 0, 3 and 2; each stands twice in the matrix. Lengths and biases are free.
    assert OrthogonalPenalty(weight=0.5)(critic).item() == pytest.approx(0.5 * 2 * (9 + 4))


def test_orthogonal_penalty_sees_kernels_as_rows_and_can_be_differentiated():
    kernel = nn.Conv2d(2, 2, 1, bias=False)
    with torch.no_grad():
        kernel.weight.copy_(torch.tensor([[1.0, 1.0], [1.0, -1.0]])[:, :, None, None])
    assert OrthogonalPenalty()(kernel).item() == 0
    with torch.no_grad():
        kernel.weight[1, 1] = 1.0
    OrthogonalPenalty(weight=1.0)(kernel).backward()
    # P = 2 (a·b)², a = b = (1, 1): dP/da = 4 (a·b) b
    assert torch.equal(kernel.weight.grad.flatten(), torch.full((4,), 8.0))


@pytest.mark.parametrize("make", [lambda: nn.Linear(6, 4), lambda: nn.Conv2d(3, 4, 3)])
def test_a_spectrally_normalised_weight_is_divided_by_its_largest_singular_value(make):
    layer = make()
    plain = layer.weight.detach().clone()
    normalise_spectrally(nn.Sequential(layer), generator=torch.Generator().manual_seed(0))
    for _ in range(60):  # each pass in training mode is one step of the power iteration
        weight = layer.weight
    expected = plain / torch.linalg.svdvals(plain.flatten(1))[0]
    assert torch.allclose(weight, expected, atol=1e-4)


def test_spectral_normalisation_draws_from_the_given_generator_alone():
    layers = [nn.Linear(5, 4) for _ in range(3)]
    for layer in layers:  # all singular values alike: the iteration stays where it was started
        nn.init.eye_(layer.weight)
    before = torch.get_rng_state()
    for layer, seed in zip(layers, (1, 1, 2), strict=True):
        normalise_spectrally(layer, generator=torch.Generator().manual_seed(seed))
    assert torch.equal(torch.get_rng_state(), before)
    first, again, other = (layer.parametrizations.weight[0]._u for layer in layers)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_misspelt_penalty_brings_a_suggestion():
    assert lookup(PENALTIES, "r1", "penalty") is R1
    with pytest.raises(UserError, match='Did you mean "gradient_penalty"'):
        lookup(PENALTIES, "gradient_penality", "penalty")
