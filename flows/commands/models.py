"""``augment-kitti models``: the generators and predictors that studies have registered."""

import argparse
import sys

from flows.commands import Commands


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    commands.add_parser("models", help="list registered generators and predictors").set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    """One line a version, the champions marked."""
    from rich.console import Console
    from rich.table import Table

    from flows.model_registry import registered
    from flows.tracking import trouble
    from pipeline.schema import UserError

    why_not = trouble()
    if why_not:
        raise UserError(why_not)
    shown = Table()
    for name in ("study", "role", "version", "strategy", "gain % (95 % interval)", "champion"):
        shown.add_column(name)
    models = registered()
    for item in models:
        tags = item.tags
        gain = f"{float(tags['gain_pct']):+.1f} ({float(tags['ci_low']):+.1f} to {float(tags['ci_high']):+.1f})"
        shown.add_row(item.study, item.role, item.version, tags["strategy"], gain, "champion" if item.champion else "")
    if not models:
        sys.stdout.write("Nothing is registered yet: a study registers a strategy whose gain is beyond doubt.\n")
        return 0
    Console(file=sys.stdout, highlight=False, soft_wrap=True).print(shown)
    return 0
