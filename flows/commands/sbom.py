"""``augment-kitti sbom``: the software bill of materials of this installation, for those who audit it."""

import argparse
import json
import sys

from flows.commands import Commands


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "sbom", help="write a bill of materials: every installed dependency, as CycloneDX JSON"
    )
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    """Print the document."""
    from flows.bill_of_materials import bill_of_materials

    sys.stdout.write(json.dumps(bill_of_materials("augment-kitti"), indent=1) + "\n")
    return 0
