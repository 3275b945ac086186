"""``augment-kitti stop``: end what ``augment-kitti serve --background`` keeps up."""

import argparse
import sys

from flows.commands import Commands


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("stop", help="stop what `serve --background` or `ui` keeps up")
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    """Ask it to end, and wait until it has."""
    from flows.background import stop

    sys.stdout.write("Stopped.\n" if stop() else "Nothing is running.\n")
    return 0
