"""The studies of pictures: which data, strategies, seeds and settings answer which question."""

from dataclasses import replace

from flows.study import Study
from pipeline.design import NONE, Design


def _drives_of_each_city(first: int, stop: int, prefix: str = "") -> tuple[str, ...]:
    """Names of drives of a rendered set of 40 through each of the four cities."""
    return tuple(f"{prefix}{40 * city + number:04d}" for city in range(4) for number in range(first, stop))


CITY_NIGHT = Study(
    name="city-night",
    about="In the rendered city: does translated night help a detector labelled by day to find cars at night?",
    source="rendered_scenes",
    strategies=(NONE, "copies", "noise", "darken", "colour_match", "cycle_gan", "oracle"),
    seeds=5,
    tstr_seeds=0,
    rival="darken",
    valid=_drives_of_each_city(26, 28),
    held_out=_drives_of_each_city(28, 40),
    design=Design(task="detection", held_out_stride=1, options={"task": {"by_night": True}}),
    profiles={"quick": {"seeds": 1}},
)
"""Without mirror images: the detector sees every picture mirrored half the time, whatever it learns from."""

PICTURE_STUDIES: dict[str, Study] = {
    "city-night": CITY_NIGHT,
    "mini-night": replace(
        CITY_NIGHT,
        name="mini-night",
        about="In small pictures of a rendered city: does translated night help to find cars at night?",
        source="rendered_streets",
        strategies=(NONE, "copies", "noise", "darken", "cycle_gan", "oracle"),
        seeds=2,
        design=Design(
            task="detection",
            held_out_stride=1,
            size=(256, 80),
            options={"task": {"by_night": True, "steps": 400}, "cycle_gan": {"steps": 200}},  # minutes, not the best
        ),
        profiles={},
    ),
    "city-to-kitti": Study(
        name="city-to-kitti",
        about="A detector labelled in the rendered city alone: do the same pictures, made to look like real ones "
        "nobody labelled, help it to find cars in a real street? That is one KITTI drive, which cannot speak for "
        "others.",
        source="city_and_roads",
        strategies=(NONE, "copies", "noise", "colour_match", "cycle_gan"),
        seeds=5,
        rival="colour_match",
        valid=_drives_of_each_city(26, 28, "city-"),
        held_out=("kitti-0002",),
        look=("raw-*", "object-*", "bdd-*"),
        design=Design(
            task="detection",
            held_out_stride=1,
            size=(640, 192),  # far cars are a few pixels high in anything smaller
            options={"task": {"zoom": [1.6, 3.2], "cut": 2}},
        ),
        profiles={"quick": {"seeds": 1, "tstr_seeds": 0}},
    ),
    "bdd-night": Study(
        name="bdd-night",
        about="Real photographs that nobody labelled, learnt from by day: does translated night help a network to tell "
        "which colours things have by night? No car is marked in these, so nothing is said of detectors.",
        source="days_and_nights",
        strategies=(NONE, "copies", "noise", "darken", "colour_match", "cycle_gan", "looked"),
        seeds=5,
        rival="colour_match",
        valid=("day-*9",),
        held_out=("night-*[13579]",),
        look=("night-*[02468]",),
        design=Design(task="colour", held_out_stride=1, size=(128, 72)),
        profiles={"quick": {"seeds": 2, "tstr_seeds": 0}},
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
        fractions=(0.1, 0.25, 1.0),  # of about 29 pictures: it is where few are measured that others could help
        seeds=3,
        tstr_seeds=1,
        rival="flip",
        folds=3,
        design=Design(task="depth", held_out_stride=1, size=(160, 48)),
        profiles={
            "quick": {"seeds": 1, "fractions": [0.1, 1.0], "strategies": [NONE, "copies", "noise", "rendered_first"]}
        },
    ),
}
"""Every study of pictures by name. To add one: add its entry."""
