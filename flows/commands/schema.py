"""``augment-kitti schema``: the table format for data that is not KITTI's."""

import argparse
import sys

from flows.commands import Commands


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    commands.add_parser("schema", help="print the table format for your own data").set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    """The documented schema of a tracks table."""
    from pipeline.sources.tracks_table import schema_text

    sys.stdout.write(schema_text())
    return 0
