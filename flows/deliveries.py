"""From a fitted synthesizer to a folder somebody can train on: order, draw, write, and say where it comes from."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from flows.workspace import new_folder
from pipeline.exports import format_for, write_export
from pipeline.exports.base import Cameras, Contents
from pipeline.exports.data_card import Provenance, write_card
from pipeline.samples import Samples
from pipeline.schema import UserError
from pipeline.strategies.base import Synthesizer
from pipeline.strategies.conditioned import Filled, fill
from pipeline.strategies.order import Order
from pipeline.windows import Windows


@dataclass(frozen=True, eq=False)
class Delivery:
    """An order that has been written."""

    filled: Filled
    contents: Contents


def deliver(
    draw: Synthesizer,
    order: Order,
    count: int,
    seed: int,
    target: Path,
    layout: str | None,
    cameras: Cameras,
    provenance: Provenance,
) -> Delivery:
    """Draw ``count`` windows as ordered and write them with their data card; the same seed gives the same folder.

    Args:
        draw: Any fitted synthesizer of tracks, just trained or loaded.
        order: What the windows must be.
        count: How many.
        seed: Of the drawing.
        target: Folder to write; must not exist.
        layout: A name in ``pipeline.exports.FORMATS``; None: the usual one.
        cameras: Of the real drives.
        provenance: Where the synthesizer comes from; the order and the drawing are noted down here.

    Raises:
        UserError: ``count`` is not positive, ``target`` exists, or not enough windows are as ordered.
    """
    require_order(count, target)
    filled = fill(draw, order, count, np.random.default_rng(seed))
    world = filled.windows.scenes is not None
    noted = replace(
        provenance,
        seeds={**provenance.seeds, "samples": seed},
        asked=order.in_words(world),
        drawn=filled.made,
    )
    layout = format_for(Windows, layout)
    return Delivery(filled, new_export(target, layout, filled.windows, cameras, noted))


def new_export(target: Path, layout: str, samples: Samples, cameras: Cameras, provenance: Provenance) -> Contents:
    """Write samples and their data card; the folder appears whole or not at all."""
    with new_folder(target) as part:
        contents = write_export(samples, cameras, layout, part)
        write_card(part, layout, samples, contents, provenance)
    return contents


def require_order(count: int, target: Path) -> None:
    """Find out early what cannot be delivered.

    Raises:
        UserError: ``count`` is not positive, or ``target`` exists.
    """
    if count <= 0:
        raise UserError(f"--n must be at least 1, got {count}.")
    require_new(target)


def require_new(target: Path) -> Path:
    """The folder, which nobody has written yet.

    Raises:
        UserError: it exists.
    """
    if target.exists():
        raise UserError(f"{target} exists already; name another folder with --to.")
    return target
