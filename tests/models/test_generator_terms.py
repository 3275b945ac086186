import pytest
import torch
from torch import nn

from models.adversarial import AdversarialRecipe, Players, train_adversarial
from models.generator_terms import Reconstruction
from models.losses import LeastSquares

NONE = torch.empty(0)


def test_reconstruction_is_the_mean_absolute_error_of_what_is_known():
    real, fake = torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[2.0, 0.0, 99.0]])
    known = torch.tensor([[1.0, 1.0, 0.0]])
    assert Reconstruction(weight=10.0)(
        nn.Identity(), latent=NONE, fake=fake, real=real, given=[]
    ).item() == pytest.approx(10 * 99 / 3)
    assert Reconstruction(weight=10.0, known=1)(
        nn.Identity(), latent=NONE, fake=fake, real=real, given=[real, known]
    ).item() == pytest.approx(15)
    assert Reconstruction(known=0)(nn.Identity(), latent=NONE, fake=fake, real=real, given=[0 * known]).item() == 0


def test_a_mask_of_one_channel_counts_for_all_channels():
    real, known = torch.ones(2, 3, 2, 2), torch.zeros(2, 1, 2, 2)
    known[0] = 1
    assert Reconstruction(weight=1.0, known=0)(
        nn.Identity(), latent=NONE, fake=0 * real, real=real, given=[known]
    ).item() == pytest.approx(1)


def test_the_generator_follows_it_and_the_critic_does_not_see_it():
    class Shift(nn.Module):
        def __init__(self):
            super().__init__()
            self.by = nn.Parameter(torch.zeros(1))

        def forward(self, latent, start):
            return start + self.by

    class Deaf(nn.Linear):
        def forward(self, samples, start):
            return 0 * super().forward(samples)

    def draw_real(count, rng):
        start = torch.randn(count, 1, generator=rng)
        return start + 2.5, start

    recipe = AdversarialRecipe(
        loss=LeastSquares(), penalties=(), generator_terms=(Reconstruction(weight=5.0),), steps=80, batch=4,
        generator_rate=0.1, critic_steps=1, average=0.0,
    )  # fmt: skip
    players = Players(Shift(), Deaf(1, 1), recipe)
    before = [weight.clone() for weight in players.weights_c]
    train_adversarial(players, recipe, draw_real, lambda count, rng: torch.empty(count, 0), torch.Generator())
    assert players.generator.by.item() == pytest.approx(2.5, abs=0.2)
    assert all(torch.equal(was, weight) for was, weight in zip(before, players.weights_c, strict=True))


def test_a_lazy_term_comes_at_its_steps_only():
    class Counting:
        every = 3

        def __call__(self, generator, *, latent, fake, real, given):
            assert torch.equal(generator(latent, *given), fake)
            steps.append(players.step)
            return 0 * fake.sum()

    class Line(nn.Linear):
        def forward(self, samples, *given):
            return super().forward(samples)

    steps = []
    recipe = AdversarialRecipe(penalties=(), generator_terms=(Counting(),), steps=7, batch=4)
    players = Players(Line(1, 1), Line(1, 1), recipe)
    rows = torch.ones(4, 1)
    train_adversarial(players, recipe, lambda count, rng: (rows, rows), lambda count, rng: rows, torch.Generator())
    assert steps == [0, 3, 6]


def test_a_weight_that_rewards_errors_is_refused():
    with pytest.raises(ValueError, match="positive, got 0"):
        Reconstruction(weight=0.0)
