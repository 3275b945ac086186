"""``augment-kitti studies``: what can be run."""

import argparse
import sys

from flows.commands import Commands


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    commands.add_parser("studies", help="list the studies").set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    """Name, question and size of every study."""
    from flows.studies import STUDIES
    from flows.tour_plan import ABOUT, PROFILES, TEXTBOOK
    from pipeline.textbook import LESSONS

    for study in STUDIES.values():
        profiles = f"; profiles: {', '.join(study.profiles)}" if study.profiles else ""
        where = f"{study.folds} rotating folds" if study.folds else f"{len(study.held_out)} drives held out"
        fractions = ", ".join(f"{fraction:.0%}" for fraction in study.fractions)
        sys.stdout.write(
            f"{study.name}\n    {study.about}\n"
            f"    source {study.source}; {study.seeds} seeds; {where}; {fractions} of the real data{profiles}\n"
            f"    strategies {', '.join(study.strategies)}\n"
        )
    sys.stdout.write(f"{TEXTBOOK}\n    {ABOUT}\n    lessons {', '.join(LESSONS)}; profiles: {', '.join(PROFILES)}\n")
    return 0
