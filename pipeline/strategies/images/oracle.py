"""The true night of each day: what the best translation could be worth. No data set has it but a rendered one."""

from dataclasses import dataclass

import numpy as np

from models.reporting import Report, silent
from pipeline.pictures import Pictures
from pipeline.strategies.facts import Facts
from pipeline.strategies.images.base import PictureSynthesizer, changing, nights_of


@dataclass(frozen=True)
class Oracle(Facts):
    """Each picture's own twin by night, with the labels of the day."""

    def fit(self, real: Pictures, rng: np.random.Generator, report: Report = silent) -> PictureSynthesizer:
        """Nothing to learn.

        Raises:
            UserError: the pictures have no twins by night.
        """
        nights_of(real, "oracle")
        return changing(real, lambda pictures, rng: pictures.made_by("oracle", nights_of(pictures, "oracle")))
