"""``augment-kitti render``: frames of the embedded city in KITTI's layouts, by day and by night."""

import argparse
import sys
from pathlib import Path

from flows.commands import Commands

EVERY_CITY = "all"


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("render", help="render drives through a small city: colour, depth, labels, LiDAR")
    parser.set_defaults(main=main)
    parser.add_argument(
        "--city", default=EVERY_CITY, metavar="NAME",
        help="new_york, miami, houston, salt_lake_city, or all: 900 frames of the four (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--frames", type=int, metavar="N", help="frames of the city (default: as in all)")
    parser.add_argument("--size", default="half", help="full, half, quarter or small (default: %(default)s)")
    parser.add_argument("--looks", default="day,night", help="day, night, dusk, rain (default: %(default)s)")
    parser.add_argument("--samples", type=int, default=2, help="rays along each side of a pixel (default: %(default)s)")
    parser.add_argument("--no-lidar", action="store_true", help="leave out the LiDAR scans, most of the bytes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, metavar="N", help="default: one for each core")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write; the same again resumes")


def main(arguments: argparse.Namespace) -> int:
    """Render, then say where the pictures are."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from pipeline.city.contact_sheet import write_contact_sheet
    from pipeline.city.render_set import LECTURE_SET, RenderSet, render_set
    from pipeline.schema import UserError

    if arguments.city == EVERY_CITY:
        if arguments.frames is not None:
            raise UserError("--frames goes with one --city; all has its own numbers of frames.")
        cities = tuple(LECTURE_SET.items())
    else:
        cities = ((arguments.city, arguments.frames or LECTURE_SET.get(arguments.city, 100)),)
    looks = tuple(arguments.looks.split(","))
    try:
        plan = RenderSet(cities, arguments.size, looks, arguments.samples, not arguments.no_lidar, arguments.seed)
    except ValueError as error:
        raise UserError(str(error)) from error
    columns = (TextColumn("rendering"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=not sys.stderr.isatty()) as bar:
        task = bar.add_task("frames", total=plan.frames)
        training = render_set(
            plan, arguments.out, arguments.processes, lambda done, total: bar.update(task, completed=done, total=total)
        )
    sheet = write_contact_sheet(plan, arguments.out)
    sys.stdout.write(f"{sheet}\n{training}\n")
    return 0
