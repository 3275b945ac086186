"""Golden values of the embedded city. ``python tests/golden/city.py`` rewrites ``city.json`` after a wanted change."""

import json
from pathlib import Path

import numpy as np

from pipeline.city.drives import record_drive
from pipeline.city.pixel_labels import pixel_rows
from pipeline.city.render import render
from pipeline.city.rig import kitti_calibration
from pipeline.city.stage import Cast
from pipeline.city.view import resize_calibration
from pipeline.city.world import build_world

FILE = Path(__file__).with_suffix(".json")
CITIES = ("new_york", "salt_lake_city")


def values(city: str) -> dict[str, list[list[float]]]:
    """Label rows of one frame, and its day and night pictures as means over a coarse grid."""
    world = build_world(city, 0)
    recording = record_drive(city, 0, 1, 8)
    cast = Cast.dress(recording, world, 0)
    calibration = resize_calibration(kitti_calibration(), "quarter")
    picture = render(world, recording, cast, 4, calibration, np.random.default_rng(0), 1, ("day", "night"))
    rows = pixel_rows(recording, cast, 4, calibration, picture)
    grids = {
        look: image[:90, :310].reshape(9, 10, 31, 10, 3).mean(axis=(1, 3, 4)) for look, image in picture.colour.items()
    }
    return {"rows": np.round(rows, 4).tolist(), **{look: np.round(grid, 2).tolist() for look, grid in grids.items()}}


if __name__ == "__main__":
    FILE.write_text(json.dumps({city: values(city) for city in CITIES}) + "\n")
