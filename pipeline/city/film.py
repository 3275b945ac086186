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
CELL = 4
"""Bloom is worked out on cells of so many pixels."""


def develop(
    light: Float[np.ndarray, "3 height width"], look: Look, rng: np.random.Generator
) -> UInt8[np.ndarray, "height width 3"]:
    """A picture as an 8-bit camera would store it."""
    _, height, width = light.shape
    steps = light * _exposure(height, width)
    if look.bloom:
        _add_bloom(steps, look.bloom)
    grain = _grain()
    row, column = rng.integers(grain.shape[1] - height + 1), rng.integers(grain.shape[2] - width + 1)
    steps += grain[:, row : row + height, column : column + width] * np.float32(look.noise * PER_UNIT)
    np.clip(steps, 0, STEPS - 1, out=steps)
    return np.ascontiguousarray(np.moveaxis(np.take(_curve(), steps.astype(np.uint16)), 0, -1))


@lru_cache(maxsize=1)
def _curve() -> UInt8[np.ndarray, " step"]:
    """A film-like shoulder, then gamma; contrast as in KITTI's pictures, whose whites burn out."""
    linear = np.linspace(0, WHITE, STEPS)
    shoulder = np.where(linear < 0.6, linear, 0.6 + 0.4 * (1 - np.exp(-(linear - 0.6) / 0.4)))
    encoded = np.where(shoulder < 0.0031308, 12.92 * shoulder, 1.055 * shoulder ** (1 / 2.4) - 0.055)
    contrast = encoded - 0.045 * np.sin(2 * np.pi * encoded)
    return np.round(255 * np.clip(contrast, 0, 1)).astype(np.uint8)


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
def _exposure(height: int, width: int) -> Float[np.ndarray, "height width"]:
    """Steps of the tone curve per brightness, a little fewer in the corners."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return (PER_UNIT * (1 - 0.10 * (x * x + 0.3 * y * y))).astype(np.float32)


@lru_cache(maxsize=1)
def _grain() -> Float[np.ndarray, "3 height width"]:
    """A sheet of noise, larger than any picture; each picture uses another part of it."""
    return np.random.default_rng(20).standard_normal((3, 420, 1300), np.float32)
