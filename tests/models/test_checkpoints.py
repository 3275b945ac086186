import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from models.adversarial import AdversarialRecipe, Players, train_adversarial
from models.blocks import materialise
from models.checkpoints import checkpointing, load_checkpoint, recipe_digest, save_checkpoint
from models.critics import MinibatchDeviation, MinibatchDiscrimination, ReconstructionCritic
from models.latents import spherical
from models.losses import BoundaryEquilibrium, Hinge, NonSaturating
from models.penalties import R1, OrthogonalPenalty, normalise_spectrally
from models.reporting import CheckpointRefused
from models.sequence_code import SequenceCode
from models.sequence_gan import LATENT, SequenceCritic, SequenceGenerator
from models.stabilizers import InstanceNoise, Unrolled

STEPS = 6


class _Stopped(Exception):
    """What a test raises to interrupt a run."""


class _SequenceGan:
    """The recipe of the sequence GAN in small."""

    recipe = AdversarialRecipe(steps=STEPS, critic_steps=2, batch=16, betas=(0.0, 0.9), average=0.9, report_every=2)

    def __init__(self):
        rng = torch.Generator().manual_seed(5)
        sequences, anchors = torch.randn(64, 8, 2, generator=rng).cumsum(1), torch.randn(64, 1, generator=rng)
        self.code = SequenceCode.fitted(sequences, anchors, components=6)
        self.data = self.code.encode(sequences, anchors), torch.eye(2).repeat(32, 1)

    def players(self, seed=1):
        rng = torch.Generator().manual_seed(seed)
        generator = SequenceGenerator(self.code, 2, 8, generator=rng)
        return Players(generator, SequenceCritic(self.code.size, 2, 8, generator=rng), self.recipe)

    def draw_real(self, count, rng):
        index = torch.randint(len(self.data[0]), (count,), generator=rng)
        return tuple(part[index] for part in self.data)

    def draw_latent(self, count, rng):
        return torch.randn(count, LATENT, generator=rng)


class _BatchNormed:
    """Both players keep batch statistics, and the penalty comes every third step only."""

    recipe = AdversarialRecipe(
        loss=NonSaturating(), penalties=(R1(every=3),), steps=STEPS, critic_steps=1, batch=8, one_pass=False,
        report_every=4,
    )  # fmt: skip

    def players(self, seed=1):
        with torch.device("meta"):
            generator = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
            critic = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
        rng = torch.Generator().manual_seed(seed)
        materialise(generator, rng)
        materialise(critic, rng)
        return Players(generator, critic, self.recipe)

    def draw_real(self, count, rng):
        return (3 + torch.randn(count, 2, generator=rng),)

    def draw_latent(self, count, rng):
        return torch.randn(count, 3, generator=rng)


class _Balanced(_BatchNormed):
    """BEGAN with a pool of old fakes, fading noise, swapped labels, orthogonal and spectrally normalised weights."""

    recipe = AdversarialRecipe(
        loss=BoundaryEquilibrium(rate=0.1), penalties=(), weight_penalties=(OrthogonalPenalty(),), critic_steps=2,
        views=(InstanceNoise(deviation=0.5, steps=4),), swapped=0.1, replay=10, steps=STEPS, batch=8, report_every=3,
        vital_signs=True,
    )  # fmt: skip

    def players(self, seed=1):
        with torch.device("meta"):
            generator = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
            autoencoder = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1), nn.Linear(1, 2))
        rng = torch.Generator().manual_seed(seed)
        materialise(generator, rng)
        materialise(autoencoder, rng)
        normalise_spectrally(autoencoder, generator=rng)
        return Players(generator, ReconstructionCritic(autoencoder), self.recipe)


class _LookingAhead(_BatchNormed):
    """An unrolled critic that compares the samples of a batch, with smoothed labels and spherical latents."""

    recipe = AdversarialRecipe(
        loss=NonSaturating(real_label=0.9), penalties=(), unrolled=Unrolled(steps=2), critic_steps=1, steps=STEPS,
        batch=8, one_pass=False, report_every=1,
    )  # fmt: skip
    draw_latent = staticmethod(spherical(3))

    def players(self, seed=1):
        with torch.device("meta"):
            generator = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
            compare = nn.Sequential(MinibatchDiscrimination(8, kernels=3, size=2), MinibatchDeviation())
            critic = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), *compare, nn.Linear(12, 1))
        rng = torch.Generator().manual_seed(seed)
        materialise(generator, rng)
        materialise(critic, rng)
        return Players(generator, critic, self.recipe)


RUNS = [_SequenceGan, _BatchNormed, _Balanced, _LookingAhead]


def _train(run, players, rng, report=lambda step, values: None, recipe=None):
    train_adversarial(players, recipe or run.recipe, run.draw_real, run.draw_latent, rng, report)


def _equal(first, second):
    if isinstance(first, torch.Tensor):
        return torch.equal(first, second)
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(_equal(first[key], second[key]) for key in first)
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(_equal, first, second))
    return first == second


def _saved(tmp_path, run, seed=1):
    path = tmp_path / "run.pt"
    players, rng = run.players(seed), torch.Generator().manual_seed(0)
    _train(run, players, rng, recipe=replace(run.recipe, steps=2))
    save_checkpoint(path, players, run.recipe, rng)
    return path


@pytest.mark.parametrize("make", RUNS)
@pytest.mark.parametrize("stop", range(STEPS))
def test_a_run_stopped_at_any_step_and_resumed_is_the_uninterrupted_one(make, stop, tmp_path):
    run, path, whole_reports, reports = make(), tmp_path / "run.pt", [], []
    whole, whole_rng = run.players(), torch.Generator().manual_seed(0)
    _train(run, whole, whole_rng, lambda *heard: whole_reports.append(heard))

    def stopping_draw(count, rng):  # interrupted in the middle of the step after ``stop``
        if players.step == stop:
            save_checkpoint(path, players, run.recipe, rng)
            raise _Stopped
        return run.draw_real(count, rng)

    players, rng = run.players(), torch.Generator().manual_seed(0)
    with pytest.raises(_Stopped):
        train_adversarial(
            players, run.recipe, stopping_draw, run.draw_latent, rng, lambda *heard: reports.append(heard)
        )
    resumed, resumed_rng = run.players(seed=2), torch.Generator().manual_seed(9)  # other weights, to be replaced
    load_checkpoint(path, resumed, run.recipe, resumed_rng)
    assert resumed.step == stop
    _train(run, resumed, resumed_rng, lambda *heard: reports.append(heard))
    assert _equal(resumed.state_dict(), whole.state_dict())
    assert torch.equal(resumed_rng.get_state(), whole_rng.get_state())
    assert reports == whole_reports


def test_a_checkpointing_report_keeps_the_last_good_state_and_passes_on(tmp_path):
    run, path, heard = _BatchNormed(), tmp_path / "run.pt", []
    players, rng = run.players(), torch.Generator().manual_seed(0)
    report = checkpointing(path, players, run.recipe, rng, lambda step, values: heard.append(step))
    _train(run, players, rng, report)
    report(7, {"critic_loss": float("nan")})
    assert heard == [4, 6, 7]
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]
    again = run.players(seed=2)
    load_checkpoint(path, again, run.recipe, torch.Generator())
    assert _equal(again.state_dict(), players.state_dict())


def test_a_failed_write_leaves_the_old_checkpoint_alone(tmp_path, monkeypatch):
    run = _BatchNormed()
    path = _saved(tmp_path, run)
    before = path.read_bytes()

    def full_disk(run, file):
        file.write(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(torch, "save", full_disk)
    with pytest.raises(OSError, match="space"):
        save_checkpoint(path, run.players(), run.recipe, torch.Generator())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kept", [0, 10, 0.5, 0.99])
def test_a_truncated_checkpoint_is_refused(kept, tmp_path):
    run = _BatchNormed()
    path = _saved(tmp_path, run)
    content = path.read_bytes()
    path.write_bytes(content[: kept if isinstance(kept, int) else int(kept * len(content))])
    with pytest.raises(CheckpointRefused, match="cut short"):
        load_checkpoint(path, run.players(), run.recipe, torch.Generator())


def test_a_changed_byte_is_noticed(tmp_path):
    run = _BatchNormed()
    path = _saved(tmp_path, run)
    content = bytearray(path.read_bytes())
    weights = torch.load(path, weights_only=True)["players"]["critic"]["0.weight"].numpy().tobytes()
    content[content.index(weights) + len(weights) // 2] ^= 0x10
    path.write_bytes(content)
    with pytest.raises(CheckpointRefused, match="damaged"):
        load_checkpoint(path, run.players(), run.recipe, torch.Generator())


class _Trap:
    """Pickled, it would create a file when it is opened."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("write", [torch.save, lambda trap, path: path.write_bytes(pickle.dumps(trap))])
def test_a_pickle_posing_as_a_checkpoint_is_refused_and_never_runs(write, tmp_path):
    run, path, trace = _BatchNormed(), tmp_path / "run.pt", tmp_path / "trace"
    write({"format": _Trap(trace)}, path)
    with pytest.raises(CheckpointRefused, match=r"could run any code|never a checkpoint"):
        load_checkpoint(path, run.players(), run.recipe, torch.Generator())
    assert not trace.exists()


def test_weights_that_are_no_checkpoint_and_a_missing_file_are_refused(tmp_path):
    run = _BatchNormed()
    torch.save(run.players().generator.state_dict(), tmp_path / "weights.pt")
    with pytest.raises(CheckpointRefused, match="not a checkpoint of this version"):
        load_checkpoint(tmp_path / "weights.pt", run.players(), run.recipe, torch.Generator())
    with pytest.raises(CheckpointRefused, match="no such checkpoint"):
        load_checkpoint(tmp_path / "none.pt", run.players(), run.recipe, torch.Generator())


def test_a_checkpoint_of_another_recipe_or_network_is_refused_and_nothing_changes(tmp_path):
    run, other = _BatchNormed(), _SequenceGan()
    path = _saved(tmp_path, run)
    players, rng = run.players(seed=3), torch.Generator().manual_seed(4)
    before, drawn = run.players(seed=3).state_dict(), rng.get_state()
    with pytest.raises(CheckpointRefused, match="another recipe"):
        load_checkpoint(path, players, replace(run.recipe, loss=Hinge()), rng)
    with pytest.raises(CheckpointRefused, match=r"another generator: .* has shape"):
        load_checkpoint(path, other.players(), run.recipe, rng)
    assert _equal(players.state_dict(), before)
    assert torch.equal(rng.get_state(), drawn)


def test_the_digest_sees_nested_settings_but_not_the_length_of_the_run():
    recipe = _BatchNormed.recipe
    assert recipe_digest(replace(recipe, steps=99, report_every=7)) == recipe_digest(recipe)
    assert recipe_digest(replace(recipe, penalties=(R1(weight=2.0, every=3),))) != recipe_digest(recipe)


def test_a_recipe_of_things_that_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match="dataclasses and plain values"):
        recipe_digest(replace(_BatchNormed.recipe, constraints=(lambda critic: None,)))
