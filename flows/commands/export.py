"""``augment-kitti export RUN --to DIR``: a study's synthetic tracks in KITTI's tracking layout."""

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
    parser = commands.add_parser("export", help="write a study's synthetic tracks in KITTI's tracking layout")
    parser.set_defaults(main=main)
    parser.add_argument("run", type=Path, metavar="RUN", help="the report's folder")
    parser.add_argument(
        "--to", type=Path, required=True, metavar="DIR", help="folder to write: one subfolder a strategy"
    )
    parser.add_argument("--strategy", metavar="S", help="only this strategy's samples")


def _calibrations(facts: Mapping[str, Any]) -> "dict[str, Calibration | None]":
    """The cameras of the real drives; none where the ingested data is gone, and that is said."""
    from pipeline.schema import UserError
    from pipeline.store import load

    try:
        return {drive.name: drive.calibration for drive in load(Path(facts["stored"]))}
    except UserError as gone:
        sys.stderr.write(f"augment-kitti: no calib/ is written: {gone}\n")
        return {}


def main(arguments: argparse.Namespace) -> int:
    """Write every strategy's samples and say how many there are."""
    from flows.results import load_facts, load_samples
    from flows.workspace import new_folder, require_writable
    from pipeline.export import to_drives
    from pipeline.kitti_layout import write_tracking
    from pipeline.registry import lookup
    from pipeline.schema import UserError
    from pipeline.windows import Windows

    facts, samples = load_facts(arguments.run), load_samples(arguments.run)
    if not samples:
        raise UserError(f"{arguments.run} holds no synthetic samples.")
    cameras = _calibrations(facts)
    if arguments.strategy:
        samples = {arguments.strategy: lookup(samples, arguments.strategy, "strategy of this run")}
    require_writable(arguments.to)
    for strategy, windows in samples.items():
        if not isinstance(windows, Windows):
            raise UserError(f"{arguments.run} is a study of pictures; only tracks can be exported.")
        target = arguments.to / strategy
        if target.exists():
            raise UserError(f"{target} exists already; name another folder with --to.")
        with new_folder(target) as part:
            drives = to_drives(windows, cameras)
            for drive in drives:
                write_tracking(drive, part)
        sys.stdout.write(f"{target}: {len(windows)} tracks in {len(drives)} drives\n")
    return 0
