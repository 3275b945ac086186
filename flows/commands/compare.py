"""``augment-kitti compare RUN RUN ...``: finished studies in one table, and as a page with ``--to``."""

import argparse
import sys
from pathlib import Path

from flows.commands import Commands


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("compare", help="finished studies in one table: gains, costs, fidelity")
    parser.set_defaults(main=main)
    parser.add_argument("runs", nargs="+", metavar="RUN", help="a report's folder, or its name below data/reports")
    parser.add_argument("--to", type=Path, metavar="DIR", help="also write a page, its table as CSV and its figures")


def main(arguments: argparse.Namespace) -> int:
    """Print the table; the last line is the page's path, where one is written."""
    from rich.console import Console

    from flows.comparing import comparison_table, load_finished, predictor_table
    from pipeline.compare_page import write_comparison
    from pipeline.comparison import compared, predictors

    studies = load_finished(arguments.runs)
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    console.print(comparison_table(compared(studies)))
    predicted = predictors(studies)
    if len(predicted):
        console.print(predictor_table(predicted))
    for study in studies:
        if not study.scores.valid:
            console.print(f"{study.name} is invalid: its gains must not be used.", markup=False)
    if arguments.to:
        sys.stdout.write(f"{write_comparison(arguments.to.expanduser(), studies)}\n")
    return 0
