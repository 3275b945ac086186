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
}
"""Every study of pictures by name. To add one: add its entry."""
