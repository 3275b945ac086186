"""``augment-kitti``: the command line. Each command is a module with ``add_parser``; it imports what it needs late."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = (
    "flows.commands.run",
    "flows.commands.tune",
    "flows.commands.studies",
    "flows.commands.schema",
    "flows.commands.download",
    "flows.commands.check",
    "flows.commands.synthesize",
    "flows.commands.export",
    "flows.commands.render",
    "flows.commands.compare",
    "flows.commands.record",
    "flows.commands.models",
    "flows.commands.predict",
    "flows.commands.ui",
    "flows.commands.serve",
    "flows.commands.stop",
    "flows.commands.status",
    "flows.commands.doctor",
    "flows.commands.sbom",
)
"""Modules of the commands, in the order of the help. To add one: write its module, add its line."""

STOPPED_BY_CTRL_C = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 1 for what the user can mend, 2 for a misspelt command line."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything loads a numerical library
    try:
        return _run(parser().parse_args(arguments))
    except KeyboardInterrupt:
        return STOPPED_BY_CTRL_C
    except BrokenPipeError:  # the reader of our output, `head` say, has seen enough
        sys.stdout = None  # or Python complains when it flushes at exit
        return 0


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="augment-kitti",
        description="Does synthetic driving data help my model, which kind, and how much of it?",
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in COMMANDS:
        import_module(module).add_parser(commands)
    return top


def _run(arguments: argparse.Namespace) -> int:
    from flows.credentials import masked
    from pipeline.schema import UserError

    try:
        return int(arguments.main(arguments))
    except UserError as mistake:
        sys.stderr.write(f"augment-kitti: {masked(str(mistake))}\n")
    except OSError as failure:
        from flows.mishaps import of_disk

        trouble = of_disk(failure)
        if trouble is None:
            raise
        sys.stderr.write(f"augment-kitti: {trouble}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
