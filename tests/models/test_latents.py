import pytest
import torch

from models.latents import normal, slerp, spherical


def test_spherical_latents_have_one_length_and_no_preferred_direction():
    latents = spherical(16)(4000, torch.Generator().manual_seed(0))
    assert torch.allclose(latents.norm(dim=1), torch.full((4000,), 4.0))
    assert latents.mean(0).abs().max() < 0.08
    assert latents.std(0).tolist() == pytest.approx([1.0] * 16, abs=0.06)


def test_normal_latents_come_from_the_given_generator():
    draws = [normal(3)(5, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


def test_half_way_between_orthogonal_latents():
    half = slerp(torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 2.0]]), 0.5)
    assert torch.allclose(half, torch.full((1, 2), 2**0.5))


def test_the_way_keeps_its_length_and_reaches_both_ends():
    start, end = spherical(8)(6, torch.Generator().manual_seed(1)), spherical(8)(6, torch.Generator().manual_seed(2))
    for part in (0.0, 0.3, 1.0):
        assert torch.allclose(slerp(start, end, part).norm(dim=1), torch.full((6,), 8**0.5), atol=1e-4)
    assert torch.allclose(slerp(start, end, 0.0), start, atol=1e-5)
    assert torch.allclose(slerp(start, end, 1.0), end, atol=1e-5)


def test_the_way_to_itself_stays():
    start = torch.tensor([[1.0, 2.0, 3.0]])
    assert torch.allclose(slerp(start, start, 0.4), start)
