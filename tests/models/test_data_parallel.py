"""Several processes that share every batch learn what one process learns."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from models.adversarial import AdversarialRecipe, Players
from models.critics import MinibatchDeviation
from models.cycle_gan import CycleGan
from models.data_parallel import require_splittable
from models.helpers import HelperLost, helped
from models.losses import NonSaturating
from models.penalties import PENALTIES
from models.pix2pix import Pix2Pix
from models.precision import InPrecision
from models.stabilizers import Unrolled

PROGRAM = Path(__file__).with_name("shared_training.py")
PLAIN = AdversarialRecipe(loss=NonSaturating(), penalties=(), batch=8, one_pass=False)


def _leaves(state):
    if isinstance(state, dict):
        state = list(state.values())
    if isinstance(state, list | tuple):
        return [leaf for part in state for leaf in _leaves(part)]
    return [] if state is None else [state]


@pytest.fixture(scope="module")
def learnt(tmp_path_factory):
    """Number of processes and name of a game to all that was found."""
    folder = tmp_path_factory.mktemp("shared")
    said = subprocess.run(
        [sys.executable, PROGRAM, folder, "1", "2"], capture_output=True, text=True, timeout=300, check=False
    )
    assert (said.returncode, said.stderr) == (0, "")
    return lambda processes, name: torch.load(folder / f"{processes}" / f"{name}.pt")


@pytest.mark.parametrize("game", ["cycle_gan", "pix2pix", "wasserstein"])
def test_two_processes_learn_what_one_learns_to_rounding(learnt, game):
    alone, together = learnt(1, f"{game}-6"), learnt(2, f"{game}-6")
    assert torch.equal(alone["rng"], together["rng"])  # everything was drawn alike, the pool's exchanges too
    pairs = list(zip(_leaves(alone), _leaves(together), strict=True))
    assert len(pairs) > 40
    for one, two in pairs:
        torch.testing.assert_close(torch.as_tensor(one), torch.as_tensor(two), rtol=1e-5, atol=5e-5)
    for one, two in zip(_leaves(alone["losses"]), _leaves(together["losses"]), strict=True):
        assert one == pytest.approx(two, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_continued_run_is_the_uninterrupted_one_bit_for_bit(learnt, processes):
    whole, resumed = learnt(processes, "cycle_gan-6"), learnt(processes, "cycle_gan-resumed")
    for name in ("players", "rng"):
        for one, two in zip(_leaves(whole[name]), _leaves(resumed[name]), strict=True):
            assert torch.equal(torch.as_tensor(one), torch.as_tensor(two))
    assert whole["losses"][3:] == resumed["losses"]


def _players(recipe, *middle):
    critic = nn.Sequential(nn.Linear(4, 4), *middle, nn.LazyLinear(1))
    critic(torch.zeros(2, 4))
    return Players(nn.Linear(3, 4), InPrecision(critic), recipe)


@pytest.mark.parametrize(
    ("changes", "middle", "reason"),
    [
        ({"batch": 9}, (), "2 processes cannot share a batch of 9 evenly"),
        ({"unrolled": Unrolled(steps=1)}, (), "unrolled critic"),
        ({"weight_penalties": (PENALTIES["orthogonal"](),)}, (), "penalties on weights"),
        ({}, (nn.BatchNorm1d(4),), "batch statistics"),
        ({}, (MinibatchDeviation(),), "batch statistics"),
        ({}, (nn.Dropout(0.5),), "dropout would draw otherwise"),
    ],
)
def test_what_would_learn_something_else_is_refused(changes, middle, reason):
    recipe = replace(PLAIN, **changes)
    with pytest.raises(ValueError, match=reason):
        require_splittable(_players(recipe, *middle), recipe, 2)


def test_dropout_that_drops_nothing_is_welcome():
    require_splittable(_players(PLAIN, nn.Dropout(0.0)), PLAIN, 2)


@pytest.mark.parametrize(("kind", "batch"), [(CycleGan, 1), (Pix2Pix, 3)])
def test_a_recipe_refuses_batches_that_cannot_be_shared(kind, batch):
    with pytest.raises(ValueError, match=f"2 processes cannot share a batch of {batch} evenly: set batch"):
        kind(batch=batch, processes=2)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        kind(processes=0)


def test_a_helper_that_fails_is_named():
    with pytest.raises(HelperLost, match="process 2: ValueError: invalid literal for int"), helped(2, int, "many"):
        torch.distributed.barrier()


def test_a_helper_that_is_killed_is_named():
    with pytest.raises(HelperLost, match=r"process 2 was ended from outside \(exit code 3\)"), helped(2, os._exit, 3):
        torch.distributed.barrier()
