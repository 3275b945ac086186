"""The studies of pictures: which data, strategies, seeds and settings answer which question."""

from flows.study import Study
from pipeline.arms import NONE, Design

PICTURE_STUDIES: dict[str, Study] = {
    "city-night": Study(
        name="city-night",
        about="In the rendered city: does translated night help a detector labelled by day to find cars at night?",
        source="rendered_city",
        strategies=(NONE, "copies", "noise", "flip", "darken", "cycle_gan", "oracle"),
        seeds=3,
        tstr_seeds=0,
        rival="darken",
        valid=("0003", "0009", "0015", "0021"),
        held_out=("0004", "0005", "0010", "0011", "0016", "0017", "0022", "0023"),  # two of each city
        design=Design(task="detection", held_out_stride=1, options={"task": {"by_night": True}}),
        profiles={"quick": {"seeds": 1}},
    ),
    "city-depth": Study(
        name="city-depth",
        about="In a rendered city never seen before: does a critic help a network to tell depth, to 1000 m?",
        source="rendered_streets",
        strategies=(NONE, "copies", "noise", "flip", "gan", "l1_gan"),
        seeds=3,
        tstr_seeds=0,
        rival="flip",
        groups=tuple(tuple(f"{number:04d}" for number in range(first, first + 40)) for first in (0, 40, 80, 120)),
        design=Design(
            task="depth",
            held_out_stride=2,  # a drive's second picture is all but its first
            size=(160, 48),
            options={"task": {"farthest_m": 1000.0, "crop": "none"}},
        ),
        profiles={"quick": {"seeds": 1}},
    ),
    "kitti-depth": Study(
        name="kitti-depth",
        about="With few real pictures of measured depth: do rendered ones help a network to tell depth?",
        source="kitti_depth",
        strategies=(NONE, "copies", "noise", "flip", "gan", "l1_gan", "rendered", "rendered_first"),
        seeds=3,
        tstr_seeds=1,
        rival="flip",
        folds=3,
        design=Design(task="depth", held_out_stride=1, size=(160, 48)),
        profiles={"quick": {"seeds": 1, "strategies": [NONE, "copies", "noise", "rendered_first"]}},
    ),
}
"""Every study of pictures by name. To add one: add its entry."""
