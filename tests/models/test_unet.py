import pytest
import torch
from torch import nn

from models.unet import PatchCritic, UNet


def _rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_picture_keeps_its_size():
    assert UNet(3, 2, width=8, levels=3, generator=_rng())(torch.zeros(2, 3, 16, 24)).shape == (2, 2, 16, 24)
    assert UNet(3, 2, width=8, levels=4, generator=_rng())(torch.zeros(1, 3, 16, 16)).shape == (1, 2, 16, 16)


def test_a_picture_that_cannot_be_halved_so_often_is_refused():
    with pytest.raises(ValueError, match=r"multiples of 8 px high and wide, got \(16, 20\)"):
        UNet(3, 1, width=8, levels=3, generator=_rng())(torch.zeros(1, 3, 16, 20))
    with pytest.raises(ValueError, match="2 or more, got 1"):
        UNet(3, 1, levels=1, generator=_rng())


@pytest.mark.parametrize(("halvings", "patch"), [(1, 16), (2, 34), (3, 70)])
def test_a_score_depends_on_its_patch_alone(halvings, patch):
    critic = PatchCritic(1, width=1, halvings=halvings, generator=_rng())
    critic.layers = nn.Sequential(*(_without_norm(layer) for layer in critic.layers))  # statistics see everything
    image = torch.rand(1, 1, 160, 160, generator=_rng(), requires_grad=True)
    scores = critic(image)
    scores[0, 0, scores.shape[2] // 2, scores.shape[3] // 2].backward()
    rows = image.grad[0, 0].abs().sum(dim=1).nonzero()
    assert rows.max() - rows.min() + 1 == patch


def _without_norm(layer):
    if isinstance(layer, nn.Sequential):
        return nn.Sequential(*map(_without_norm, layer))
    return nn.Identity() if isinstance(layer, nn.GroupNorm) else layer


def test_pictures_of_a_batch_do_not_know_each_other():
    images = torch.rand(2, 3, 16, 16, generator=_rng())
    for network in (UNet(3, 1, width=8, levels=3, generator=_rng()), PatchCritic(3, 8, 1, generator=_rng())):
        assert torch.allclose(network(images)[:1], network(images[:1]), atol=1e-5)


def test_weights_come_from_the_generator_alone():
    before = torch.get_rng_state()
    for build in (lambda rng: UNet(3, 1, 8, 3, generator=rng), lambda rng: PatchCritic(3, 8, generator=rng)):
        first, again, other = (next(build(_rng(seed)).parameters()) for seed in (1, 1, 2))
        assert torch.equal(first, again)
        assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)
