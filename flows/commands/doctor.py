"""``augment-kitti doctor``: what is wrong with this installation, and how to mend it."""

import argparse
import sys

from flows.commands import Commands


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("doctor", help="say what is wrong with this installation and how to mend it")
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    """Examine everything; exit code 1 if something keeps studies from running."""
    from flows.examination import examine

    findings = examine()
    for finding in findings:
        sys.stdout.write(f"{finding.mark:<6} {finding.what}: {finding.found}\n")
        if finding.remedy:
            sys.stdout.write(f"       {finding.remedy}\n")
    return int(any(finding.grave for finding in findings))
