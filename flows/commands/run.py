"""``augment-kitti run STUDY``: run a study and print where its report is."""

import argparse
import sys

from flows.commands import Commands, leave_console_to_us


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("run", help="run a study; the last line printed is the report's folder")
    parser.set_defaults(main=main)
    parser.add_argument("study", metavar="STUDY", help="a name that `augment-kitti studies` lists")
    parser.add_argument("--root", metavar="DIR", help="folder of the data, for studies that do not make their own")
    parser.add_argument("--seeds", type=int, metavar="N", help="number of seeds")
    parser.add_argument("--profile", metavar="P", help="one of the study's sets of settings, such as quick")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides",
        help="change a setting: history=8, fractions=[0.25], strategies=[none,flip], task.steps=600, gan.steps=500",
    )  # fmt: skip
    parser.add_argument("--out", metavar="DIR", help="folder of the report")
    parser.add_argument("--workers", type=int, metavar="N", help="processes to train in")
    parser.add_argument(
        "--runner", default="process", metavar="R",
        help="what trains: process, dask or ray; a cluster by its address: dask:tcp://HOST:8786, ray:ray://HOST:10001",
    )  # fmt: skip
    parser.add_argument(
        "--on-error", choices=("refuse", "quarantine"), default="refuse",
        help="what bad rows of the data do: stop the study (default), or be left out and listed",
    )  # fmt: skip


def main(arguments: argparse.Namespace) -> int:
    """Run the study in this process, as the flow that Prefect would run."""
    leave_console_to_us()
    from flows.mishaps import explained
    from flows.servers import prefect_api

    try:
        with prefect_api() as wait_for_server:
            from flows.augment_kitti import augment_kitti
            from flows.results import require_place_for_report
            from flows.tour_plan import require_plan

            # the flow checks this too; here a mistake costs no wait for a server
            require_plan(arguments.study, arguments.root, arguments.seeds, arguments.profile, arguments.overrides)
            require_place_for_report(arguments.out)
            wait_for_server()
            with explained():
                folder = augment_kitti(
                    arguments.study,
                    arguments.root,
                    arguments.seeds,
                    arguments.profile,
                    arguments.overrides,
                    arguments.workers,
                    arguments.out,
                    arguments.on_error,
                    arguments.runner,
                )
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. What is finished is kept: the same command goes on from here.\n")
        raise
    print_answer(folder)
    return 0


def print_answer(folder: str) -> None:
    """What was found, as a table, and last the folder of the report."""
    from pathlib import Path

    from flows.mlflow_runs import LESSONS
    from flows.results import load_facts, load_scores
    from flows.summary import print_lessons, print_summary

    facts = load_facts(Path(folder))
    if LESSONS in facts:
        print_lessons(facts[LESSONS])
    else:
        print_summary(load_scores(Path(folder)))
    sys.stdout.write(f"{folder}\n")
