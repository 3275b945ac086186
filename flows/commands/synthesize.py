"""``augment-kitti synthesize STRATEGY --n N --to DIR``: synthetic tracks to order, with their ego poses."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.commands import Commands

if TYPE_CHECKING:
    from flows.deliveries import Delivery
    from flows.loaded_models import LoadedModel
    from flows.synthesis import Model
    from pipeline.strategies.order import Order

RANGES = {
    "speed": "mean speed: m/s over the ground where the strategy's tracks hold in the world, else box heights a frame",
    "turn": "degrees to the right in the world, else change of sideways speed in box heights a frame, right positive",
    "distance": "metres from the camera at the middle frame",
    "ego-speed": "mean speed of the recording car, m/s",
}
"""What a track can be asked for, as LOW HIGH; ``-inf`` and ``inf`` leave an end open."""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "synthesize", help="fit a strategy and write tracks to order: class, speed, ego motion"
    )
    parser.set_defaults(main=main)
    parser.add_argument("strategy", nargs="?", metavar="STRATEGY", help="flip, gan, recombination, city_traffic, ...")
    parser.add_argument(
        "--model", metavar="M", help="instead of a strategy: champion, or STUDY@VERSION of `augment-kitti models`"
    )
    parser.add_argument("--root", type=Path, metavar="DIR", help="folder of the real data")
    parser.add_argument("--source", default="kitti_tracking", metavar="NAME", help="its reader (default: %(default)s)")
    parser.add_argument("--drives", metavar="A,B", help="learn from these drives alone; default: from all")
    parser.add_argument("--n", type=int, required=True, metavar="N", help="number of tracks")
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="folder to write")
    parser.add_argument(
        "--kinds", default="", metavar="A,B", help="classes, such as Car,Cyclist; default: all it makes"
    )
    for name, meaning in RANGES.items():
        parser.add_argument(f"--{name}", type=float, nargs=2, metavar=("LOW", "HIGH"), help=meaning)
    parser.add_argument("--ego", default="", metavar="M", help="standing, moving, straight, turning, left or right")
    parser.add_argument("--frames", type=int, default=20, metavar="N", help="length of a track (default: %(default)s)")
    parser.add_argument(
        "--shortest", type=int, metavar="N", help="tracks may end sooner, as real ones do, after N frames or more"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="decides everything (default: %(default)s)")
    parser.add_argument("--format", metavar="F", help="kitti-tracking (default), coco or parquet")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides",
        help="change an option of the strategy: steps=500",
    )  # fmt: skip


def main(arguments: argparse.Namespace) -> int:
    """Fit, draw until there are enough, write; then say what was made and what was rejected."""
    from flows.deliveries import deliver, require_order
    from pipeline.exports import format_for
    from pipeline.windows import Windows

    order = order_of(arguments)
    require_order(arguments.n, arguments.to)
    layout = format_for(Windows, arguments.format)  # found now, not after an hour of fitting
    model = _model(arguments, order)
    made = deliver(
        model.draw, order, arguments.n, arguments.seed, arguments.to, layout, model.cameras,
        model.provenance(command_of(arguments)),
    )  # fmt: skip
    _say(arguments, order, made, model.fit_s)
    return 0


def _model(arguments: argparse.Namespace, order: "Order") -> "Model | LoadedModel":
    """The strategy, fitted now, or a registered one that was fitted long ago.

    Raises:
        UserError: neither or both are named, or either is refused.
    """
    from flows.loaded_models import loaded
    from flows.synthesis import fitted, planned
    from flows.workspace import require_writable
    from pipeline.schema import UserError

    if bool(arguments.strategy) == bool(arguments.model):
        raise UserError("Name a strategy, or a registered model with --model: one of both.")
    if arguments.model:
        if arguments.root or arguments.drives or arguments.overrides:
            raise UserError("A registered model is fitted already: --root, --drives and --set do not go with --model.")
        require_writable(arguments.to.absolute().parent)
        return loaded(arguments.model, order)
    plan = planned(
        arguments.strategy, arguments.source, arguments.root, _names(arguments.drives), order, arguments.frames,
        arguments.seed, arguments.overrides,
    )  # fmt: skip
    require_writable(arguments.to.absolute().parent)
    return fitted(plan)


def order_of(arguments: argparse.Namespace) -> "Order":
    """What is asked for.

    Raises:
        UserError: it makes no sense.
    """
    from pipeline.schema import UserError
    from pipeline.strategies.order import Order

    ranges = {name.replace("-", "_"): getattr(arguments, name.replace("-", "_")) for name in RANGES}
    limits: dict[str, Any] = {name: tuple(limit) for name, limit in ranges.items() if limit}
    try:
        return Order(kinds=_names(arguments.kinds), ego=arguments.ego, shortest=arguments.shortest, **limits)
    except ValueError as refusal:
        raise UserError(str(refusal)) from refusal


def command_of(arguments: argparse.Namespace) -> str:
    """The command that makes the same again, with ``DIR`` for folders."""
    import shlex

    from flows.cards import ordered

    fitted_now = {} if arguments.model else {"source": arguments.source, "drives": arguments.drives}
    given = {
        "model": arguments.model, "root": "DIR" if arguments.root else None, **fitted_now,
        "n": arguments.n, "to": "DIR", "kinds": arguments.kinds or None,
        **{name: getattr(arguments, name.replace("-", "_")) for name in RANGES},
        "ego": arguments.ego or None, "frames": None if arguments.model else arguments.frames,
        "shortest": arguments.shortest,
        "seed": arguments.seed, "format": arguments.format,
    }  # fmt: skip
    overrides = [word for override in arguments.overrides for word in ("--set", override)]
    return shlex.join(["augment-kitti", "synthesize", *filter(None, [arguments.strategy]), *ordered(given), *overrides])


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def _say(arguments: argparse.Namespace, order: "Order", made: "Delivery", fit_s: float) -> None:
    from pipeline.exports.data_card import class_counts, distinct

    filled = made.filled
    world = filled.windows.scenes is not None
    classes = ", ".join(f"{count} {name}" for name, count in class_counts(filled.windows).items())
    space = "in the world (m, m/s, degrees)" if world else "in the image alone (box heights per frame)"
    origin = f"{arguments.model}: loaded" if arguments.model else f"{arguments.strategy}: fitted"
    sys.stdout.write(
        f"{origin} in {fit_s:.1f} CPU seconds; its tracks hold {space}\n"
        f"asked for: {order.in_words(world)}\n"
        f"{filled.made} drawn, {filled.made - filled.passed} rejected ({100 * filled.acceptance:.3g} % as asked for)\n"
        f"{made.contents.in_words()} ({distinct(filled.windows)} tracks are distinct): {classes}\n"
        f"{arguments.to}\n"
    )
