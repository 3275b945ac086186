"""Every adversarial loss against its definition in numpy, and against what theory says its best critic reaches.

The theory is tried where it can be computed: four places, real and fake samples spread over them with known
probabilities, and a critic that is one free score per place, brought to its optimum by gradient descent.
"""

import numpy as np
import pytest
import torch

from models.losses import LOSSES, Hinge, LeastSquares, Minimax, NonSaturating, Wasserstein

REAL_COUNTS, FAKE_COUNTS = (1, 4, 3, 2), (5, 1, 2, 2)
P, Q = np.array(REAL_COUNTS) / 10, np.array(FAKE_COUNTS) / 10


def _sigmoid(scores):
    return 1 / (1 + np.exp(-scores))


def _cross_entropy(scores, label):
    return -np.mean(label * np.log(_sigmoid(scores)) + (1 - label) * np.log(1 - _sigmoid(scores)))


# By name: the critic's loss of (real, fake) scores, and the generator's loss of fake scores. A new entry of the table
# needs a line here.
DEFINITIONS = {
    "minimax": (
        lambda real, fake: _cross_entropy(real, 1) + _cross_entropy(fake, 0),
        lambda fake: np.mean(np.log(1 - _sigmoid(fake))),
    ),
    "non_saturating": (
        lambda real, fake: _cross_entropy(real, 1) + _cross_entropy(fake, 0),
        lambda fake: -np.mean(np.log(_sigmoid(fake))),
    ),
    "least_squares": (
        lambda real, fake: 0.5 * np.mean((real - 1) ** 2) + 0.5 * np.mean(fake**2),
        lambda fake: 0.5 * np.mean((fake - 1) ** 2),
    ),
    "wasserstein": (lambda real, fake: np.mean(fake) - np.mean(real), lambda fake: -np.mean(fake)),
    "hinge": (
        lambda real, fake: np.mean(np.maximum(0, 1 - real)) + np.mean(np.maximum(0, 1 + fake)),
        lambda fake: -np.mean(fake),
    ),
    "kullback_leibler": (
        lambda real, fake: -np.mean(real) + np.mean(np.exp(fake - 1)),
        lambda fake: -np.mean(np.exp(fake - 1)),
    ),
    "energy_margin": (
        lambda real, fake: np.mean(-real) + np.mean(np.maximum(0, 1 - -fake)),
        lambda fake: np.mean(-fake),
    ),
    # The weight of the fakes starts at 0, so the first loss is the energy of the real samples alone.
    "boundary_equilibrium": (lambda real, fake: np.mean(-real), lambda fake: np.mean(-fake)),
}


def _scores(seed):
    return np.random.default_rng(seed).normal(0, 2, 50)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_its_definition(name):
    critic, generator = DEFINITIONS[name]
    loss = LOSSES[name]()
    loss = loss.started(torch.device("cpu")) if name == "boundary_equilibrium" else loss
    for seed in range(3):
        real, fake = _scores(seed), _scores(seed + 10)
        found = loss.generator(fake=torch.from_numpy(fake)).item()
        assert found == pytest.approx(generator(fake), rel=1e-6)
        if name == "boundary_equilibrium" and seed:
            break  # its weight has moved: the recurrence has a test of its own
        found = loss.critic(real=torch.from_numpy(real), fake=torch.from_numpy(fake)).item()
        assert found == pytest.approx(critic(real, fake), rel=1e-6)


def _best_critic(loss, counts=(REAL_COUNTS, FAKE_COUNTS), steps=200, rate=2.0):
    """Scores of the four places that minimise the critic's loss, and that loss."""
    scores = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    real, fake = (torch.arange(4).repeat_interleave(torch.tensor(count)) for count in counts)
    for _ in range(steps):
        value = loss.critic(real=scores[real], fake=scores[fake])
        (slope,) = torch.autograd.grad(value, scores)
        with torch.no_grad():
            scores -= rate * slope
    return scores.detach().numpy(), loss.critic(real=scores[real], fake=scores[fake]).item()


def _divergence(p, q):
    return np.sum(p * np.log(p / q))


@pytest.mark.parametrize("loss", [Minimax(), NonSaturating()])
def test_the_best_critic_of_minimax_is_p_over_p_plus_q_and_reads_jensen_shannon(loss):
    scores, value = _best_critic(loss)
    assert _sigmoid(scores) == pytest.approx(P / (P + Q), abs=1e-3)
    jensen_shannon = (_divergence(P, (P + Q) / 2) + _divergence(Q, (P + Q) / 2)) / 2
    assert -value == pytest.approx(2 * jensen_shannon - np.log(4), abs=1e-6)


def test_once_the_generator_is_perfect_the_value_is_minus_log_4():
    _, value = _best_critic(Minimax(), counts=(REAL_COUNTS, REAL_COUNTS))
    assert -value == pytest.approx(-np.log(4), abs=1e-12)


def test_smoothed_labels_lower_the_best_critic_to_a_p_over_p_plus_q():
    scores, _ = _best_critic(NonSaturating(real_label=0.9))
    assert _sigmoid(scores) == pytest.approx(0.9 * P / (P + Q), abs=1e-3)


def test_the_best_critic_of_least_squares_reads_half_the_harmonic_overlap():
    scores, value = _best_critic(LeastSquares())
    assert scores == pytest.approx(P / (P + Q), abs=1e-6)
    assert value == pytest.approx(0.5 * np.sum(P * Q / (P + Q)), abs=1e-9)


def test_the_best_critic_of_hinge_is_a_sign_and_reads_total_variation():
    scores, value = _best_critic(Hinge(), steps=400, rate=0.05)  # small steps: its edges are sharp
    assert np.sign(scores[P != Q]) == pytest.approx(np.sign(P - Q)[P != Q])
    total_variation = 0.5 * np.abs(P - Q).sum()
    assert value == pytest.approx(2 - 2 * total_variation, abs=0.02)


def test_the_best_critic_of_kullback_leibler_is_1_plus_log_p_over_q():
    scores, value = _best_critic(LOSSES["kullback_leibler"]())
    assert scores == pytest.approx(1 + np.log(P / Q), abs=1e-4)
    assert -value == pytest.approx(_divergence(P, Q), abs=1e-6)


def test_wasserstein_of_two_points_with_a_clipped_slope_is_their_distance():
    # f(x) = w·x with |w| ≤ 1 in two dimensions; the best w points from the fake to the real sample.
    real, fake = torch.tensor([[4.0, 6.0]]), torch.tensor([[1.0, 2.0]])
    weight = torch.zeros(2, requires_grad=True)
    for _ in range(60):
        (slope,) = torch.autograd.grad(Wasserstein().critic(real=real @ weight, fake=fake @ weight), weight)
        with torch.no_grad():
            weight -= 0.05 * slope
            weight /= max(1.0, weight.norm().item())
    assert -Wasserstein().critic(real=real @ weight, fake=fake @ weight).item() == pytest.approx(5.0, rel=1e-5)
