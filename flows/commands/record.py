"""``augment-kitti record FOLDER``: record a finished study in MLflow, later or elsewhere."""

import argparse
import sys
from pathlib import Path

from flows.commands import Commands


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("record", help="record a finished study in MLflow (again)")
    parser.set_defaults(main=main)
    parser.add_argument("run", type=Path, metavar="RUN", help="the report's folder")


def main(arguments: argparse.Namespace) -> int:
    """Record the study and print where it can be seen."""
    from flows import mlflow_runs, tracking
    from flows.results import load_facts
    from pipeline.schema import UserError

    load_facts(arguments.run)
    why_not = tracking.trouble()
    if why_not:
        raise UserError(why_not)
    opened = mlflow_runs.record(arguments.run)
    sys.stdout.write(f"strategies ranked: {opened.ranking}\n{opened.url}\n")
    return 0
