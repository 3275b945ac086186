"""``augment-kitti check DIR``: every defect of a data set, by file, line and reason."""

import argparse
import sys
from pathlib import Path

from flows.commands import Commands


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("check", help="name every bad row of a data set; exit code 1 if there are any")
    parser.set_defaults(main=main)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--source", metavar="NAME", help="the reader to use; default: the first that knows the layout")
    parser.add_argument("--shown", type=int, default=100, metavar="N", help="problems to print (default: %(default)s)")


def main(arguments: argparse.Namespace) -> int:
    """Print the problems and a summary."""
    from pipeline.check import check, render

    report = check(arguments.folder, arguments.source)
    sys.stdout.write(render(report, arguments.shown) + "\n")
    return 1 if report.problems else 0
