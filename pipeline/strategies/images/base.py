"""What an image strategy is, and what those share that change real pictures one by one."""

from collections.abc import Callable
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np

from models.reporting import Report, silent
from pipeline.pictures import Pictures
from pipeline.schema import UserError
from pipeline.strategies.facts import Facts
from pipeline.strategies.transforms import shuffled

PictureSynthesizer: TypeAlias = Callable[[int, np.random.Generator], Pictures]
"""A fitted recipe: how many, and a source of randomness -> that many synthetic pictures with labels."""


@runtime_checkable
class ImageStrategy(Facts, Protocol):
    """A recipe for synthetic labelled pictures."""

    def fit(self, real: Pictures, rng: np.random.Generator, report: Report = silent) -> PictureSynthesizer:
        """Learn from real pictures of the training drives alone; never change them."""
        ...


def changing(real: Pictures, change: Callable[[Pictures, np.random.Generator], Pictures]) -> PictureSynthesizer:
    """A synthesizer that passes through ``real`` in random order and changes each picture it takes."""
    return lambda count, rng: change(real.take(shuffled(len(real), count, rng)), rng)


def nights_of(real: Pictures, strategy: str) -> np.ndarray:
    """The pictures by night.

    Raises:
        UserError: there are none.
    """
    if real.night is None:
        raise UserError(f'Strategy "{strategy}" needs pictures by night, and this source has none.')
    return real.night
