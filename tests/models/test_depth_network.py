import math

import pytest
import torch

from models.depth_network import DepthCoding, DepthNetwork, depth_loss
from models.reporting import TrainingDiverged
from models.supervised import SupervisedRecipe, train_supervised


def _rng(seed=0):
    return torch.Generator().manual_seed(seed)


def _map(*values):
    return torch.tensor(values, dtype=torch.float32).reshape(1, 1, 1, -1)


@pytest.mark.parametrize(("space", "middle_m"), [("log", 10.0), ("inverse", 2 / (1 + 1 / 100)), ("linear", 50.5)])
def test_the_middle_of_the_code_is_the_middle_of_the_space(space, middle_m):
    coding = DepthCoding(space, 1.0, 100.0)
    code, known = coding.encode(_map(1, middle_m, 100))
    assert code.flatten().abs().tolist() == pytest.approx([1, 0, 1], abs=1e-5)
    assert known.tolist() == [[[[1, 1, 1]]]]
    assert coding.decode(code).flatten().tolist() == pytest.approx([1, middle_m, 100], rel=1e-4)


def test_unknown_is_no_depth_and_what_is_out_of_range_is_at_its_border():
    coding = DepthCoding("log", 2.0, 50.0)
    code, known = coding.encode(_map(0, math.nan, math.inf, -1, 1, 1000))
    assert known.flatten().tolist() == [0, 0, 0, 0, 1, 1]
    assert code.flatten().tolist() == pytest.approx([0, 0, 0, 0, -1, 1], abs=1e-6)


def test_near_is_minus_one_in_every_space():
    for space in ("log", "inverse", "linear"):
        assert DepthCoding(space).encode(_map(1.0))[0].item() == pytest.approx(-1)


@pytest.mark.parametrize(("nearest", "farthest"), [(0.0, 10.0), (10.0, 10.0)])
def test_a_range_that_holds_nothing_is_refused(nearest, farthest):
    with pytest.raises(ValueError, match="nearest_m < farthest_m"):
        DepthCoding("log", nearest, farthest)


def test_bins_answer_with_the_mean_of_their_depths():
    network = DepthNetwork(8, 2, bins=3, generator=_rng())
    network.unet.forward = lambda images: torch.tensor([0.0, math.log(2), 0.0])[:, None, None].expand(1, 3, 4, 4)
    assert network(torch.zeros(1, 3, 4, 4)).flatten()[0].item() == pytest.approx(0, abs=1e-6)  # 1/4, 1/2, 1/4
    network.unet.forward = lambda images: torch.tensor([-9.0, -9.0, 9.0])[:, None, None].expand(1, 3, 4, 4)
    assert network(torch.zeros(1, 3, 4, 4)).flatten()[0].item() == pytest.approx(1, abs=1e-4)
    with pytest.raises(ValueError, match="got 1"):
        DepthNetwork(8, 2, bins=1, generator=_rng())


def _brighter_is_farther(step, rng=None):
    rng = rng or _rng(step)
    images = torch.rand(8, 1, 4, 4, generator=rng).repeat_interleave(4, 2).repeat_interleave(4, 3) * 2 - 1
    code = 0.8 * images
    known = (torch.rand(8, 1, 16, 16, generator=rng) < 0.3).float()
    return images.expand(-1, 3, -1, -1), code.where(known > 0, 99.0), known


@pytest.mark.parametrize("bins", [0, 12])
def test_depth_is_learnt_from_scattered_points(bins):
    network = DepthNetwork(8, 3, bins, generator=_rng())
    recipe = SupervisedRecipe(steps=80, learning_rate=1e-2)
    train_supervised(network, recipe, _brighter_is_farther, depth_loss)
    images, _, _ = _brighter_is_farther(0, _rng(10**6))
    with torch.no_grad():
        error = (network(images) - 0.8 * images[:, :1]).abs().mean()
    assert error < 0.12  # a constant gets 0.4


def test_pictures_without_any_depth_teach_nothing_and_break_nothing():
    network = DepthNetwork(8, 2, generator=_rng())
    loss = depth_loss(network, torch.zeros(1, 3, 8, 8), *DepthCoding().encode(torch.zeros(1, 1, 8, 8)))
    loss.backward()
    assert loss.item() == 0
    assert all((weight.grad == 0).all() for weight in network.parameters())


def test_a_picture_that_is_not_finite_stops_training():
    batch = torch.full((1, 3, 8, 8), math.nan), torch.zeros(1, 1, 8, 8), torch.ones(1, 1, 8, 8)
    with pytest.raises(TrainingDiverged, match="step 1"):
        train_supervised(
            DepthNetwork(8, 2, generator=_rng()), SupervisedRecipe(steps=1), lambda step: batch, depth_loss
        )
