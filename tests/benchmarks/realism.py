"""How close the city is to KITTI: ``python tests/benchmarks/realism.py TRAINING [PICTURES]``.

``TRAINING`` is the training folder of KITTI tracking: its labels are compared with those of the city's traffic.
Pictures are those below ``image_02`` there, or below ``PICTURES``.
"""

import sys
from pathlib import Path

import numpy as np

from pipeline.city.drives import labelled_drive, record_drive
from pipeline.city.realism import colour_distances, label_distances, label_values, table
from pipeline.city.render import render
from pipeline.city.rig import kitti_calibration
from pipeline.city.stage import Cast
from pipeline.city.styles import STYLES
from pipeline.city.view import resize_calibration
from pipeline.city.world import build_world
from pipeline.frames import decode
from pipeline.sources import SOURCES
from pipeline.windows import PREDICTED_KINDS

SIZE = "quarter"
DRIVES, FRAMES = 24, 200
PICTURES_OF_A_CITY = 6


def city_pictures() -> list[np.ndarray]:
    calibration = resize_calibration(kitti_calibration(), SIZE)
    pictures = []
    for style in STYLES:
        world = build_world(style, 0)
        for number in range(PICTURES_OF_A_CITY):
            recording = record_drive(style, 0, number, 11)
            cast, rng = Cast.dress(recording, world, 0), np.random.default_rng(number)
            pictures.append(render(world, recording, cast, 10, calibration, rng, 1).colour["day"])
    return pictures


def main(training: Path, pictures: Path) -> None:
    recorded = label_values(SOURCES["kitti_tracking"].read(training).drives, PREDICTED_KINDS)
    city = label_values((labelled_drive(0, number, FRAMES) for number in range(DRIVES)), PREDICTED_KINDS)
    sys.stdout.write(table(label_distances(recorded, city)) + "\n")
    files = sorted(pictures.rglob("*.png"))[::4]
    size = resize_calibration(kitti_calibration(), SIZE).image_size
    distances = colour_distances([decode(path, size) for path in files], city_pictures())
    sys.stdout.write(table(distances) + "\n")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else Path(sys.argv[1], "image_02"))
