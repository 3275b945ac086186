"""``augment-kitti export RUN --to DIR``: a study's synthetic samples in layouts that other people's tools read."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.commands import Commands

if TYPE_CHECKING:
    from pipeline.schema import Calibration


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("export", help="write a study's synthetic samples for other people's tools")
    parser.set_defaults(main=main)
    parser.add_argument("run", type=Path, metavar="RUN", help="the report's folder")
    parser.add_argument(
        "--to", type=Path, required=True, metavar="DIR", help="folder to write: one subfolder a strategy"
    )
    parser.add_argument("--strategy", metavar="S", help="only this strategy's samples")
    parser.add_argument("--format", metavar="F", help="kitti-tracking, kitti-object, coco or parquet; default: KITTI's")


def cameras_of(facts: Mapping[str, Any]) -> "dict[str, Calibration | None]":
    """The cameras of the real drives; none where the ingested data is gone, and that is said."""
    from pipeline.schema import UserError
    from pipeline.store import load

    try:
        return {drive.name: drive.calibration for drive in load(Path(facts["stored"]))}
    except UserError as gone:
        sys.stderr.write(f"augment-kitti: no calib/ is written: {gone}\n")
        return {}


def main(arguments: argparse.Namespace) -> int:
    """Write every strategy's samples, each with its data card, and say how many there are."""
    from flows.cards import provenance_of
    from flows.deliveries import new_export, require_new
    from flows.results import load_facts, load_samples
    from flows.workspace import require_writable
    from pipeline.exports import format_for
    from pipeline.registry import lookup
    from pipeline.schema import UserError

    facts, samples = load_facts(arguments.run), load_samples(arguments.run)
    if not samples:
        raise UserError(f"{arguments.run} holds no synthetic samples.")
    if arguments.strategy:
        samples = {arguments.strategy: lookup(samples, arguments.strategy, "strategy of this run")}
    layouts = {strategy: format_for(type(made), arguments.format) for strategy, made in samples.items()}
    require_writable(arguments.to)
    cameras = cameras_of(facts)
    for strategy, made in samples.items():
        target = require_new(arguments.to / strategy)
        contents = new_export(target, layouts[strategy], made, cameras, provenance_of(arguments.run, facts, strategy))
        sys.stdout.write(f"{target}: {contents.in_words()}\n")
    return 0
