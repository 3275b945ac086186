"""From linear brightness to the bytes of a photograph: bloom, exposure, sensor noise, tone curve."""

from functools import lru_cache

import numpy as np
from jaxtyping import Float, UInt8
from scipy.ndimage import gaussian_filter

from pipeline.city.looks import Look

STEPS = 4096
"""Entries of the tone curve, for brightness 0 to ``WHITE``."""
WHITE = 2.6
PER_UNIT = (STEPS - 1) / WHITE
GAMMA = 1.5
"""Of KITTI's cameras, judged by the spread of their grey levels; a screen's own is 2.2."""
LATITUDE = (0.4, 2.5)
"""Least and greatest factor by which metering may change a look's exposure."""
DARKEST = 0.004
"""Brightness below which metering makes no difference."""
CELL = 4
"""Bloom is worked out on cells of so many pixels."""


def develop(
    light: Float[np.ndarray, "3 height width"], look: Look, rng: np.random.Generator
) -> UInt8[np.ndarray, "height width 3"]:
    """A picture as an 8-bit camera would store it."""
    _, height, width = light.shape
    steps = light * (_lens(height, width) * np.float32(_gain(light, look)))
    if look.bloom:
        _add_bloom(steps, look.bloom)
    grain = _grain()
    row, column = rng.integers(grain.shape[1] - height + 1), rng.integers(grain.shape[2] - width + 1)
    steps += grain[:, row : row + height, column : column + width] * np.float32(look.noise * PER_UNIT)
    np.clip(steps, 0, STEPS - 1, out=steps)
    return np.ascontiguousarray(np.moveaxis(np.take(_curve(), steps.astype(np.uint16)), 0, -1))


def _gain(light: Float[np.ndarray, "3 height width"], look: Look) -> float:
    """What the exposure multiplies brightness by: fixed, or metered as KITTI's cameras do, whose means hardly vary."""
    if not look.metered:
        return look.exposure
    grid = np.maximum(light[:, ::6, ::6].mean(axis=0), np.float32(DARKEST))
    return float(np.clip(look.metered / np.exp(np.log(grid).mean()), *look.exposure * np.array(LATITUDE)))


@lru_cache(maxsize=1)
def _curve() -> UInt8[np.ndarray, " step"]:
    """A short shoulder, then a power: steep as in KITTI's pictures, whose shades are deep and whose skies burn out."""
    linear = np.linspace(0, WHITE, STEPS)
    shoulder = np.where(linear < 0.7, linear, 0.7 + 0.3 * (1 - np.exp(-(linear - 0.7) / 0.3)))
    return np.round(255 * np.minimum(1.01 * shoulder ** (1 / GAMMA), 1)).astype(np.uint8)


def _add_bloom(steps: Float[np.ndarray, "3 height width"], strength: float) -> None:
    """Light that the lens scatters around what is brighter than white."""
    height, width = (length // CELL * CELL for length in steps.shape[1:])
    rows = np.add.reduce([steps[:, part:height:CELL] for part in range(CELL)])
    cells = np.add.reduce([rows[:, :, part:width:CELL] for part in range(CELL)]) * np.float32(1 / CELL**2)
    excess = np.clip(cells - np.float32(0.55 * PER_UNIT), 0, np.float32(4 * PER_UNIT))
    spread = gaussian_filter(excess, (0, 1.2, 1.2)) + gaussian_filter(excess, (0, 5, 5)) * np.float32(1.5)
    spread *= np.float32(strength)
    steps[:, :height, :width] += np.repeat(np.repeat(spread, CELL, axis=1), CELL, axis=2)


@lru_cache(maxsize=4)
def _lens(height: int, width: int) -> Float[np.ndarray, "height width"]:
    """Steps of the tone curve per brightness, a little fewer in the corners."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return (PER_UNIT * (1 - 0.10 * (x * x + 0.3 * y * y))).astype(np.float32)


@lru_cache(maxsize=1)
def _grain() -> Float[np.ndarray, "3 height width"]:
    """A sheet of noise, larger than any picture; each picture uses another part of it."""
    return np.random.default_rng(20).standard_normal((3, 420, 1300), np.float32)
