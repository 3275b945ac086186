"""Placebo: labels without a picture. Its gain must not be positive, or any sample at all would have helped."""

from dataclasses import dataclass

import numpy as np

from models.reporting import Report, silent
from pipeline.pictures import Pictures
from pipeline.strategies.facts import Facts
from pipeline.strategies.images.base import PictureSynthesizer, changing


@dataclass(frozen=True)
class Noise(Facts):
    """The pixels of each picture in random order: its colours stay, and nothing is to be seen."""

    def fit(self, real: Pictures, rng: np.random.Generator, report: Report = silent) -> PictureSynthesizer:
        """Nothing to learn."""

        def scatter(pictures: Pictures, rng: np.random.Generator) -> Pictures:
            mixed = [rng.permutation(picture.reshape(-1, 3)) for picture in pictures.image]
            return pictures.made_by("noise", np.array(mixed, np.uint8).reshape(pictures.image.shape))

        return changing(real, scatter)
