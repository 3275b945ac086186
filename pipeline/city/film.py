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
BLOOM_CELL = 4


def develop(
    light: Float[np.ndarray, "height width 3"], look: Look, rng: np.random.Generator
) -> UInt8[np.ndarray, "height width 3"]:
    """A picture as an 8-bit camera would store it."""
    index = light * _exposure(light.shape[0], light.shape[1])
    if look.bloom:
        index += _bloom(index, look.bloom)
    grain = _grain()
    row, column = rng.integers(grain.shape[0] - light.shape[0] + 1), rng.integers(grain.shape[1] - light.shape[1] + 1)
    index += grain[row : row + light.shape[0], column : column + light.shape[1]] * np.float32(look.noise * PER_UNIT)
    np.clip(index, 0, STEPS - 1, out=index)
    return np.take(_curve(), index.astype(np.uint16))


@lru_cache(maxsize=1)
def _curve() -> UInt8[np.ndarray, " step"]:
    """A film-like shoulder, then gamma; contrast as in KITTI's pictures, whose whites burn out."""
    linear = np.linspace(0, WHITE, STEPS)
    shoulder = np.where(linear < 0.6, linear, 0.6 + 0.4 * (1 - np.exp(-(linear - 0.6) / 0.4)))
    encoded = np.where(shoulder < 0.0031308, 12.92 * shoulder, 1.055 * shoulder ** (1 / 2.4) - 0.055)
    contrast = encoded - 0.045 * np.sin(2 * np.pi * encoded)
    return np.round(255 * np.clip(contrast, 0, 1)).astype(np.uint8)


def _bloom(light: Float[np.ndarray, "height width 3"], strength: float) -> Float[np.ndarray, "height width 3"]:
    """Light that the lens scatters around what is brighter than white; worked out at a quarter of the size."""
    height, width = (length // BLOOM_CELL * BLOOM_CELL for length in light.shape[:2])
    cells = light[:height, :width].reshape(height // BLOOM_CELL, BLOOM_CELL, width // BLOOM_CELL, BLOOM_CELL, 3)
    excess = np.clip(cells.mean(axis=(1, 3)) - np.float32(0.55 * PER_UNIT), 0, np.float32(4 * PER_UNIT))
    spread = gaussian_filter(excess, (1.2, 1.2, 0)) + gaussian_filter(excess, (5, 5, 0)) * np.float32(1.5)
    rows = np.minimum(np.arange(light.shape[0]) // BLOOM_CELL, len(spread) - 1)
    columns = np.minimum(np.arange(light.shape[1]) // BLOOM_CELL, spread.shape[1] - 1)
    return np.float32(strength) * spread[rows][:, columns]


@lru_cache(maxsize=4)
def _exposure(height: int, width: int) -> Float[np.ndarray, "height width 1"]:
    """Steps of the tone curve per brightness, a little fewer in the corners."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return (PER_UNIT * (1 - 0.10 * (x * x + 0.3 * y * y))).astype(np.float32)[..., None]


@lru_cache(maxsize=1)
def _grain() -> Float[np.ndarray, "height width 3"]:
    """A sheet of noise, larger than any picture; each picture uses another part of it."""
    return np.random.default_rng(20).standard_normal((420, 1300, 3)).astype(np.float32)
