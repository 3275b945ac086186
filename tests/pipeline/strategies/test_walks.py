"""Walks between latents: where they begin and end, what stays the same, and who can walk."""

import numpy as np
import pytest
import torch

from models.latents import normal
from pipeline.randomness import torch_generator
from pipeline.strategies import TRACK_STRATEGIES
from pipeline.strategies.base import walked
from pipeline.strategies.code_gan import FittedGan
from pipeline.strategies.filters import FittedFiltered
from pipeline.strategies.infogan import InfoGan
from pipeline.strategies.sequence_gan import SequenceGan
from pipeline.strategies.window_code import decode_windows, one_hot_kinds


@pytest.fixture(scope="module", params=[SequenceGan, InfoGan])
def fitted(request: pytest.FixtureRequest, toy_windows) -> FittedGan:
    return request.param(steps=2, batch=8, hidden=8).fit(toy_windows, np.random.default_rng(0))


def test_a_walk_leads_from_one_latent_to_another_in_one_class(fitted: FittedGan) -> None:
    walk = fitted.walk(3, 5, np.random.default_rng(1))
    assert walk.track.tolist() == [0] * 5 + [1] * 5 + [2] * 5
    assert walk.index.tolist() == [0, 1, 2, 3, 4] * 3
    assert all(len(set(walk.kind[walk.track == path])) == 1 for path in range(3))
    draws = torch_generator(np.random.default_rng(1))
    ends = [normal(fitted.sampler.latent)(3, draws) for _ in range(2)]
    for stop, latent in zip((0, 4), ends, strict=True):
        part = walk.take(walk.index == stop)
        with torch.no_grad():
            codes = fitted.codes_of(latent, one_hot_kinds(part.kind))
        expected = decode_windows(fitted.sampler.code, codes, part.image_size)
        np.testing.assert_allclose(part.boxes, expected, rtol=1e-4, atol=0.05)


def test_filters_let_their_generator_walk_and_what_has_no_latent_does_not(fitted: FittedGan, toy_windows) -> None:
    walk = walked(FittedFiltered("kept", fitted, ()), 2, 3, np.random.default_rng(0))
    assert walk is not None
    assert set(walk.origin) == {"kept"}
    flip = TRACK_STRATEGIES["flip"].fit(toy_windows, np.random.default_rng(0))
    assert walked(flip, 2, 3, np.random.default_rng(0)) is None
    assert walked(FittedFiltered("kept", flip, ()), 2, 3, np.random.default_rng(0)) is None
