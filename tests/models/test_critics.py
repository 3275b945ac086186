import math

import pytest
import torch
from torch import nn

from models.critics import (
    MinibatchDeviation,
    MinibatchDiscrimination,
    ReconstructionCritic,
    mixes_batch,
    normalises_batch,
)


def test_minibatch_deviation_by_hand():
    features = torch.tensor([[1.0, 0.0], [3.0, 8.0]])  # deviations 1 and 4
    found = MinibatchDeviation()(features)
    assert torch.equal(found[:, :2], features)
    assert found[:, 2].tolist() == pytest.approx([2.5, 2.5])


def test_minibatch_deviation_of_images_is_one_channel_more():
    found = MinibatchDeviation()(torch.randn(4, 3, 5, 6))
    assert found.shape == (4, 4, 5, 6)
    assert found[:, 3].unique().numel() == 1


def test_a_collapsed_batch_has_next_to_no_deviation_and_a_finite_gradient():
    features = torch.ones(4, 3, requires_grad=True)
    deviation = MinibatchDeviation()(features)[:, 3]
    deviation.sum().backward()
    assert deviation.max() < 1e-3
    assert features.grad.isfinite().all()


def test_minibatch_discrimination_by_hand():
    layer = MinibatchDiscrimination(1, kernels=1, size=2)
    with torch.no_grad():
        layer.project.weight.copy_(torch.tensor([[1.0], [0.5]]))
    found = layer(torch.tensor([[0.0], [1.0], [3.0]]))
    # Distances are 1.5 times those of the samples: 1.5, 4.5 and 3; each sample is at 0 from itself.
    near, far, middle = (math.exp(-distance) for distance in (1.5, 4.5, 3.0))
    assert found[:, 1].tolist() == pytest.approx([1 + near + far, 1 + near + middle, 1 + far + middle])


def test_reconstruction_critic_scores_by_the_mean_error():
    critic = ReconstructionCritic(nn.Threshold(1.0, 0.0))  # forgets what is not above 1
    assert critic(torch.tensor([[2.0, 0.5], [3.0, 4.0]])).tolist() == [-0.25, 0.0]


@pytest.mark.parametrize(
    ("layer", "mixes", "normalises"),
    [
        (nn.Linear(2, 2), False, False),
        (nn.LayerNorm(2), False, False),
        (nn.BatchNorm1d(2), True, True),
        (MinibatchDeviation(), True, False),
        (MinibatchDiscrimination(2), True, False),
    ],
)
def test_critics_that_look_at_the_batch_are_known(layer, mixes, normalises):
    critic = nn.Sequential(nn.Linear(2, 2), layer)
    assert (mixes_batch(critic), normalises_batch(critic)) == (mixes, normalises)
