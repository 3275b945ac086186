"""How close pictures come to the very pictures they should be: only where pairs are aligned pixel by pixel."""

import numpy as np
from jaxtyping import Float, UInt8
from scipy.ndimage import gaussian_filter

SIGMA, REACH = 1.5, 3.5
"""Of the window of Wang et al., 11 pixels wide: 3.5 deviations to each side."""
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
"""What keeps the quotients of dark and flat regions finite."""

Bytes = UInt8[np.ndarray, "n height width 3"]


def mean_absolute_error(made: Bytes, true: Bytes) -> Float[np.ndarray, " n"]:
    """L1 of each picture, as a part of the range of brightness."""
    return np.abs(made / np.float32(255) - true / np.float32(255)).mean(axis=(1, 2, 3))


def peak_signal_to_noise(made: Bytes, true: Bytes) -> Float[np.ndarray, " n"]:
    """10 log10(255² / mean squared error) of each picture (dB); infinite for equal ones."""
    square = np.square(made.astype(np.float64) - true).mean(axis=(1, 2, 3))
    with np.errstate(divide="ignore"):
        return 10 * np.log10(255.0**2 / square)


def structural_similarity(made: Bytes, true: Bytes) -> Float[np.ndarray, " n"]:
    """Mean SSIM of each picture over places and channels, 1 for equal ones.

    Source: Wang, Bovik, Sheikh and Simoncelli, IEEE Transactions on Image Processing 13(4), 2004, equation 13, with
    its Gaussian window; borders are mirrored.
    """
    return np.array([_similarity(*pair) for pair in zip(made, true, strict=True)])


def _similarity(made: np.ndarray, true: np.ndarray) -> float:
    first, second = made.astype(np.float64), true.astype(np.float64)
    mean_1, mean_2 = _blurred(first), _blurred(second)
    spread_1, spread_2 = _blurred(first**2) - mean_1**2, _blurred(second**2) - mean_2**2
    common = _blurred(first * second) - mean_1 * mean_2
    light = (2 * mean_1 * mean_2 + C1) / (mean_1**2 + mean_2**2 + C1)
    return float((light * (2 * common + C2) / (spread_1 + spread_2 + C2)).mean())


def _blurred(values: np.ndarray) -> np.ndarray:
    return np.asarray(gaussian_filter(values, (SIGMA, SIGMA, 0), truncate=REACH))
