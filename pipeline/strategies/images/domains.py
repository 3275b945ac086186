"""The two worlds of a translation: pictures as they are, and pictures as they should look."""

import numpy as np
from jaxtyping import UInt8

from pipeline.pictures import Pictures
from pipeline.schema import UserError


def domains(
    real: Pictures, rng: np.random.Generator, strategy: str
) -> tuple[UInt8[np.ndarray, "n height width 3"], UInt8[np.ndarray, "m height width 3"]]:
    """Pictures from here, and from there: the drives that may be looked at, else the nights of other drives.

    Nobody ever sees one place in both worlds.

    Raises:
        UserError: there is neither.
    """
    if real.look is not None:
        return real.image, real.look
    here, there = apart(real, rng)
    if there.night is None:
        raise UserError(f'Strategy "{strategy}" needs pictures by night or drives to look at, and this study has none.')
    return here.image, there.night


def apart(real: Pictures, rng: np.random.Generator) -> tuple[Pictures, Pictures]:
    """Pictures to be seen by day and others to be seen by night: of different drives, or frames of the only one."""
    drives = rng.permutation(np.unique(real.drive))
    by_day = np.isin(real.drive, drives[: (len(drives) + 1) // 2])
    if by_day.all():
        by_day = real.index <= np.median(real.index)
    return (real, real) if by_day.all() else (real.take(by_day), real.take(~by_day))
