"""The pictures themselves that may be looked at: what the best translation could be worth where no label is needed."""

from dataclasses import dataclass

import numpy as np

from models.reporting import Report, silent
from pipeline.pictures import Pictures
from pipeline.strategies.facts import Facts
from pipeline.strategies.images.base import PictureSynthesizer, changing
from pipeline.strategies.images.domains import domains


@dataclass(frozen=True)
class Looked(Facts):
    """Pictures from there as they are, with no label: only a task that needs none can learn from them."""

    def fit(self, real: Pictures, rng: np.random.Generator, report: Report = silent) -> PictureSynthesizer:
        """Nothing to learn.

        Raises:
            UserError: there is no other world to look at.
        """
        _, there = domains(real, rng, "looked")
        return changing(_unlabelled(there), lambda pictures, rng: pictures)


def _unlabelled(image: np.ndarray) -> Pictures:
    count = len(image)
    return Pictures(
        image=image,
        boxes=np.zeros((count, 0, 4), np.float32),
        kind=np.zeros((count, 0), np.int64),
        truncated=np.zeros((count, 0), np.float32),
        occluded=np.zeros((count, 0), np.int64),
        drive=np.full(count, "looked"),
        index=np.arange(count),
        origin=np.full(count, "looked"),
    )
