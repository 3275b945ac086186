"""``augment-kitti predict --model M --root TRACKS --to FILE``: where road users will be, by a registered predictor."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from flows.commands import Commands

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".csv", ".parquet")


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("predict", help="say where road users will be, by a registered predictor")
    parser.set_defaults(main=main)
    parser.add_argument(
        "--model", default="champion", metavar="M",
        help="champion (default), or STUDY@VERSION of `augment-kitti models`",
    )  # fmt: skip
    parser.add_argument("--root", type=Path, required=True, metavar="TRACKS", help="a tracks table or a folder of data")
    parser.add_argument("--source", metavar="NAME", help="its reader; default: the first that knows the layout")
    parser.add_argument("--every", type=int, metavar="N", help="from every N-th frame; default: from each track's last")
    parser.add_argument(
        "--to", type=Path, required=True, metavar="FILE", help=f"table to write: {' or '.join(SUFFIXES)}"
    )


def main(arguments: argparse.Namespace) -> int:
    """Predict and write; then say for how many tracks."""
    from flows.predicting import loaded, predicted

    _require_target(arguments.to)
    predictor = loaded(arguments.model)
    found = predicted(predictor, arguments.root.expanduser(), arguments.source, arguments.every)
    _write(found.table, arguments.to)
    future = found.table["horizon"].max()
    left_out = f" ({found.left_out} left out: too short, or of another class)" if found.left_out else ""
    forecasts = f"{len(found.table) // future} forecasts of {future} frames for {found.tracks} tracks{left_out}"
    sys.stdout.write(f"{forecasts}\n{arguments.to}\n")
    return 0


def _require_target(target: Path) -> None:
    """Find out early what cannot be written.

    Raises:
        UserError: another kind of file, one that exists, or a folder that cannot be written.
    """
    from flows.workspace import require_writable
    from pipeline.schema import UserError

    if target.suffix not in SUFFIXES:
        raise UserError(f"{target} must end in {' or '.join(SUFFIXES)}.")
    if target.exists():
        raise UserError(f"{target} exists already; name another file with --to.")
    require_writable(target.absolute().parent)


def _write(table: "pd.DataFrame", target: Path) -> None:
    """The whole file or none."""
    part = target.with_name(f".{target.name}.part")
    try:
        if target.suffix == ".csv":
            table.to_csv(part, index=False)
        else:
            table.to_parquet(part, index=False)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
