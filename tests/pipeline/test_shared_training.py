"""Image GANs whose batches several processes share, from the recipe on: the numbers are those of one process."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.trained import keeping
from pipeline.registry import configured
from pipeline.schedule import Schedule
from pipeline.schema import UserError
from pipeline.strategies.images import IMAGE_STRATEGIES
from pipeline.strategies.saved import fit_to_keep, load_fit, save_fit
from pipeline.tasks.depth import Depth

SMALL = {"width": 4, "blocks": 1, "halvings": 1, "crop": 32, "pool": 4, "steps": 3, "batch": 2}


def _same(alone, together):
    assert len(alone) == len(together) > 0
    for one, two in zip(alone, together, strict=True):
        assert one.keys() == two.keys()
        for name, weight in one.items():
            np.testing.assert_allclose(weight, two[name], rtol=1e-5, atol=5e-5, err_msg=name)


def test_two_processes_learn_the_night_of_one_and_what_is_kept_needs_no_second(toy_pictures, tmp_path):
    fits = []
    for processes in (1, 2):
        rng, steps = np.random.default_rng(3), []
        options = {**SMALL, "processes": processes}
        fit = fit_to_keep(
            "pictures", "cycle_gan", options, toy_pictures, rng, lambda step, _, to=steps: to.append(step)
        )
        assert steps == [3]
        fits.append((fit, rng.integers(2**62)))
    (alone, drawn), (together, drawn_together) = fits
    assert drawn == drawn_together
    _same(alone.weights, together.weights)
    save_fit(together, tmp_path, {})
    loaded, _ = load_fit(tmp_path)
    assert not torch.distributed.is_initialized()
    assert loaded.recipe.gan.processes == 2
    _same(together.weights, loaded.weights)


def test_two_processes_learn_the_depth_of_one(toy_pictures):
    found = []
    for processes in (1, 2):
        network = replace(Depth().network, objective="l1_gan", levels=3, width=4, steps=3, processes=processes)
        with keeping() as weights:
            Depth(network=network).train(
                toy_pictures, toy_pictures, Schedule(0.5), toy_pictures, np.random.default_rng(3)
            )
        found.append(weights)
    _same(*found)


def test_a_batch_that_cannot_be_shared_is_the_users_to_mend():
    with pytest.raises(UserError, match=r"cycle_gan.*processes = 2 is refused: 2 processes cannot share a batch of 1"):
        configured(IMAGE_STRATEGIES["cycle_gan"], {"processes": 2}, "cycle_gan")
