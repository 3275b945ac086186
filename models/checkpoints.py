"""An adversarial run on disk: stopped at any step and continued, it is the uninterrupted run, bit for bit on the CPU.

The loop draws from the generator it is given, but dropout knows only PyTorch's global one: a checkpoint therefore
holds both, and loading it sets both. Such a run repeats itself only if nothing else draws from the global generator.
"""

import hashlib
import json
import math
import os
import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import torch

from models.players import AdversarialRecipe, Players
from models.reporting import CheckpointRefused, Report, silent

FORMAT = "adversarial-run-2"
"""Changes whenever older files can no longer be continued."""
FREE = ("steps", "report_every", "vital_signs")
"""Fields of a recipe that a continued run may change: how long it lasts and what it reports."""


def save_checkpoint(path: Path, players: Players, recipe: AdversarialRecipe, rng: torch.Generator) -> None:
    """Write the run as it stands; whoever looks at ``path`` sees the old file or the new one, never a part."""
    run = {
        "format": FORMAT,
        "recipe": recipe_digest(recipe),
        "players": players.state_dict(),
        "rng": rng.get_state(),
        "global_rng": _global_states(rng.device),
        "device": rng.device.type,
    }
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            torch.save(run, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def load_checkpoint(path: Path, players: Players, recipe: AdversarialRecipe, rng: torch.Generator) -> None:
    """Bring fresh players and a generator of random numbers to where ``save_checkpoint`` was called.

    Raises:
        CheckpointRefused: missing, cut short, damaged, not a checkpoint, of another recipe, network or kind of device.
            Nothing has been changed then.
    """
    run = _read(path)
    if not isinstance(run, dict) or run.get("format") != FORMAT:
        raise CheckpointRefused(f"{path} is not a checkpoint of this version ({FORMAT}).")
    if run["recipe"] != recipe_digest(recipe):
        raise CheckpointRefused(
            f"{path} belongs to another recipe: continue it with the recipe it was started with (only "
            f"{', '.join(FREE)} may differ), or start again in another place."
        )
    if run["device"] != rng.device.type:
        raise CheckpointRefused(f"{path} was written on {run['device']}; its random numbers need the same device.")
    for role in ("generator", "critic"):
        _require_same_network(path, role, run["players"][role], getattr(players, role).state_dict())
    players.load_state_dict(run["players"])
    rng.set_state(run["rng"])
    torch.set_rng_state(run["global_rng"][0])
    if rng.device.type == "cuda":
        torch.cuda.set_rng_state(run["global_rng"][1], rng.device)


def checkpointing(
    path: Path, players: Players, recipe: AdversarialRecipe, rng: torch.Generator, then: Report = silent
) -> Report:
    """A report that also saves the run, unless it has just diverged: the last file is a good place to go back to."""

    def report(step: int, values: Mapping[str, float]) -> None:
        if all(math.isfinite(value) for value in values.values()) and players.finite():
            save_checkpoint(path, players, recipe, rng)
        then(step, values)

    return report


def recipe_digest(recipe: AdversarialRecipe) -> str:
    """SHA-256 of every setting that changes what is learnt."""
    settings = _settings(recipe)
    for name in FREE:
        del settings[name]
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def _global_states(device: torch.device) -> list[torch.Tensor]:
    """What dropout draws from: the processor's generator, and the device's own where it has one."""
    return [torch.get_rng_state()] + ([torch.cuda.get_rng_state(device)] if device.type == "cuda" else [])


def _settings(value: Any) -> Any:
    """Dataclasses by name and fields, down to plain values."""
    if is_dataclass(value):
        named = {field.name: _settings(getattr(value, field.name)) for field in fields(value)}
        return {"is": type(value).__qualname__} | named
    if isinstance(value, tuple):
        return [_settings(part) for part in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ValueError(f"a recipe that can be continued is made of dataclasses and plain values, got {value!r}")


def _read(path: Path) -> Any:
    if not path.is_file():
        raise CheckpointRefused(f"{path}: there is no such checkpoint.")
    if not zipfile.is_zipfile(path):
        raise CheckpointRefused(f"{path} is cut short, or was never a checkpoint.")
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged is None:
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as refusal:
        raise CheckpointRefused(
            f"{path} holds more than numbers and is not opened: it could run any code."
        ) from refusal
    except (RuntimeError, EOFError, ValueError, KeyError, OSError, zipfile.BadZipFile) as failure:
        raise CheckpointRefused(f"{path} is damaged: {failure}") from failure
    raise CheckpointRefused(f"{path} is damaged: {damaged} differs from what was written.")


def _require_same_network(path: Path, role: str, stored: Mapping[str, Any], present: Mapping[str, Any]) -> None:
    found = {name: tuple(value.shape) for name, value in stored.items()}
    needed = {name: tuple(value.shape) for name, value in present.items()}
    for name in sorted(found.keys() | needed.keys()):
        if found.get(name) != needed.get(name):
            raise CheckpointRefused(
                f"{path} holds another {role}: {name} has shape {found.get(name)} there and {needed.get(name)} here."
            )
