"""A program that plays small games in one process or several; ``test_data_parallel.py`` compares what they learnt.

    python tests/models/shared_training.py FOLDER PROCESSES...

Helpers import what they are to do, and the modules of tests cannot be imported: hence a program of its own.
"""

import sys
from pathlib import Path

import torch
from torch import distributed, nn

from models.adversarial import AdversarialRecipe, Players, train_adversarial
from models.blocks import materialise
from models.checkpoints import load_checkpoint, save_checkpoint
from models.cycle_gan import CycleConsistency, CycleGan, Identity, unpaired
from models.data_parallel import split
from models.helpers import helped
from models.latents import normal
from models.losses import Wasserstein
from models.penalties import GradientPenalty
from models.pix2pix import Pix2Pix, draw_no_latent
from models.precision import InPrecision
from models.stabilizers import InstanceNoise

CYCLE = CycleGan(
    cycle=CycleConsistency(), identity=Identity(every=2), shared=True, width=4, blocks=1, halvings=1, pool=6, steps=6,
    batch=4, rate=2e-3, average=0.9,
)  # fmt: skip
PIX = Pix2Pix(width=4, levels=3, halvings=1, steps=6, batch=4, rate=2e-3, average=0.9)


def pictures(count, rng):
    return torch.rand(count, 3, 16, 16, generator=rng) * 2 - 1


def depths(count, rng):
    """Most of the truth is unknown, and in each picture another part of it."""
    image = pictures(count, rng)
    known = (torch.rand(count, 1, 16, 16, generator=rng) < torch.rand(count, 1, 1, 1, generator=rng)).float()
    return 0.8 * image[:, :1] * known, image, known


def points(count, rng):
    return (1 + torch.randn(count, 4, generator=rng),)


def cycle_gan(rng):
    recipe = CYCLE.training(report_every=1)
    return CYCLE.players(recipe, rng), recipe, unpaired(pictures, pictures)


def pix2pix(rng):
    recipe = PIX.training(report_every=1)
    return PIX.players(recipe, rng), recipe, (depths, draw_no_latent)


def wasserstein(rng):
    """Penalties on gradients differentiate twice; noise is drawn for what the critic sees; one layer is not shared."""
    recipe = AdversarialRecipe(
        loss=Wasserstein(), penalties=(GradientPenalty(),), views=(InstanceNoise(steps=9),), steps=6, critic_steps=2,
        batch=8, report_every=1,
    )  # fmt: skip
    with torch.device("meta"):
        generator = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 4))
        critic = nn.Sequential(nn.Linear(4, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
        last = nn.Linear(4, 4)
    for network in (generator, critic, last):
        materialise(network, rng)
    players = Players(nn.Sequential(InPrecision(generator), last), InPrecision(critic), recipe)
    return players, recipe, (points, normal(3))


GAMES = {"cycle_gan": cycle_gan, "pix2pix": pix2pix, "wasserstein": wasserstein}


def play(folder, processes):
    """Play every game, and one of them in two legs."""
    with helped(processes, play, folder, processes):
        for name in GAMES:
            train(name, folder, 6)
        train("cycle_gan", folder, 3)
        train("cycle_gan", folder, 6, resume=True)


def train(name, folder, steps, resume=False):
    """From the start or from a checkpoint; the first process writes what came of it."""
    players, recipe, draws = GAMES[name](torch.Generator().manual_seed(1))
    rng, losses = torch.Generator().manual_seed(0), []
    if resume:
        load_checkpoint(folder / f"{name}.pt", players, recipe, rng)
    legs = AdversarialRecipe(**{**vars(recipe), "steps": steps})
    with split(players, recipe):
        train_adversarial(players, legs, *draws, rng, lambda step, values: losses.append(list(values.values())))
    if not distributed.is_initialized() or distributed.get_rank() == 0:
        save_checkpoint(folder / f"{name}.pt", players, recipe, rng)
        result = {"losses": losses, "players": players.state_dict(), "rng": rng.get_state()}
        torch.save(result, folder / f"{name}-{'resumed' if resume else steps}.pt")
    if distributed.is_initialized():
        distributed.barrier()  # nobody reads the checkpoint before it is written


if __name__ == "__main__":
    torch.set_num_threads(1)
    for count in map(int, sys.argv[2:]):
        place = Path(sys.argv[1]) / f"{count}"
        place.mkdir()
        play(place, count)
