import pytest
import torch
from torch import nn

from models.adversarial import AdversarialRecipe
from models.ensembles import Mixture, train_ensemble


class _Constant(nn.Module):
    """x = value + z, plus what it is told."""

    def __init__(self, value):
        super().__init__()
        self.value = value

    def forward(self, latent, *given):
        assert len(latent) > 0
        return self.value + latent + sum(given)


def test_every_member_makes_its_part_and_each_sample_keeps_its_latent_and_condition():
    mixture, count = Mixture((_Constant(0.0), _Constant(1000.0), _Constant(2000.0))), 3000
    latent, told = torch.arange(count)[:, None] / count, 10.0 * (torch.arange(count)[:, None] % 7)
    samples = mixture(latent, told, rng=torch.Generator().manual_seed(0))
    member = (samples - latent - told) / 1000
    assert torch.allclose(member, member.round(), atol=1e-3)
    shares = torch.bincount(member[:, 0].round().long()) / count
    assert shares.tolist() == pytest.approx([1 / 3] * 3, abs=0.03)


def test_the_same_generator_of_numbers_gives_the_same_samples():
    mixture, latent = Mixture((_Constant(0.0), _Constant(1.0))), torch.zeros(64, 1)
    first, again, other = (mixture(latent, rng=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_an_ensemble_of_none_is_refused():
    with pytest.raises(ValueError, match="a member, got 0"):
        train_ensemble(0, lambda rng: None, AdversarialRecipe(), lambda *drawn: (), torch.zeros, torch.Generator())
