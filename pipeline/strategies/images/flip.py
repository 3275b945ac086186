"""Mirror the picture left to right: traffic on the other side of the road."""

from dataclasses import dataclass, replace

import numpy as np

from models.reporting import Report, silent
from pipeline.pictures import Pictures
from pipeline.strategies.facts import Facts
from pipeline.strategies.images.base import PictureSynthesizer, changing


@dataclass(frozen=True)
class Flip(Facts):
    """Horizontal flip of picture, boxes and depth, exact: x -> (width - 1) - x."""

    def fit(self, real: Pictures, rng: np.random.Generator, report: Report = silent) -> PictureSynthesizer:
        """Nothing to learn."""
        return changing(real, lambda pictures, rng: mirror(pictures))


def mirror(pictures: Pictures) -> Pictures:
    """All of it mirrored about the vertical centre line."""
    left, top, right, bottom = np.moveaxis(pictures.boxes, -1, 0)
    last_column = np.float32(pictures.image.shape[2] - 1)
    mirrored = pictures.made_by("flip", pictures.image[:, :, ::-1])
    depth = None if pictures.depth_m is None else pictures.depth_m[:, :, ::-1]
    return replace(mirrored, boxes=np.stack([last_column - right, top, last_column - left, bottom], -1), depth_m=depth)
