"""``augment-kitti tune STUDY STRATEGY``: search for a strategy's settings on the validation drives."""

import argparse
import sys

from flows.commands import Commands, leave_console_to_us


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("tune", help="search for a strategy's settings; never on held-out drives")
    parser.set_defaults(main=main)
    parser.add_argument("study", metavar="STUDY", help="a name that `augment-kitti studies` lists")
    parser.add_argument("strategy", metavar="STRATEGY", help="one of the study's strategies")
    parser.add_argument("--root", metavar="DIR", help="folder of the data, for studies that do not make their own")
    parser.add_argument("--trials", type=_count, default=20, metavar="N", help="settings to try, earlier ones counted")
    parser.add_argument("--workers", type=_count, metavar="N", help="processes to train in")
    parser.add_argument("--seeds", type=_count, metavar="N", help="seeds of each trial")
    parser.add_argument("--fraction", type=float, metavar="F", help="share of the real data; default: the study's most")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides",
        help="change the study; a setting of the strategy itself is then not searched: gan.steps=500",
    )  # fmt: skip


def main(arguments: argparse.Namespace) -> int:
    """Search in this process, as the flow that Prefect would run; the same command again goes on."""
    leave_console_to_us()
    from flows.servers import prefect_api

    try:
        with prefect_api() as wait_for_server:
            from flows.search import require_studied
            from flows.studies import planned
            from flows.tune_flow import tune

            plan = planned(arguments.study, arguments.root, arguments.seeds, None, arguments.overrides)
            require_studied(plan, arguments.strategy)  # a mistake costs no wait for a server
            wait_for_server()
            folder = tune(
                arguments.study, arguments.strategy, arguments.root, arguments.trials, arguments.workers,
                arguments.seeds, arguments.fraction, arguments.overrides,
            )  # fmt: skip
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. Finished trials are kept: the same command goes on from here.\n")
        raise
    print_best(folder)
    return 0


def print_best(folder: str) -> None:
    """The trials as a table, the command that examines the best settings, and last the folder of the page."""
    from pathlib import Path

    from flows.results import load_facts
    from flows.search_summary import print_search

    print_search(load_facts(Path(folder)))
    sys.stdout.write(f"{folder}\n")


def _count(text: str) -> int:
    if int(text) < 1:
        raise ValueError
    return int(text)
