"""The sky: its colour, clouds, and the mountains that stand before it."""

import numpy as np
from jaxtyping import Float

from pipeline.city.looks import Look
from pipeline.city.world import World

MIRRORED = 0.5
"""Brightness of the sky away from the sun, which windows and cars mirror, as a share of that ahead."""


def horizon_colour(world: World, look: Look) -> Float[np.ndarray, "3"]:
    """What distance fades into."""
    colour = np.array(world.style.sky[0]) * look.sky_tint * look.sky
    return (colour + look.grey * (colour.mean() - colour)).astype(np.float32)


def sky_tone(world: World, look: Look) -> Float[np.ndarray, "3"]:
    """The sky as it is mirrored in glass and paint."""
    low, high = (np.array(part) * look.sky_tint * look.sky for part in world.style.sky)
    return (MIRRORED * (0.6 * low + 0.4 * high)).astype(np.float32)


def sky_colour(ray: tuple[np.ndarray, np.ndarray, np.ndarray], world: World, look: Look) -> Float[np.ndarray, "3 n"]:
    """From horizon to zenith, with clouds, for rays in city directions."""
    x, y, z = ray
    across = 1 / np.sqrt(x * x + y * y)
    slope = z * across
    low = horizon_colour(world, look)
    high = (np.array(world.style.sky[1]) * look.sky_tint * look.sky).astype(np.float32)
    high += np.float32(look.grey) * (np.float32(0.8) * low - high)
    share = np.sqrt(np.clip(slope * np.float32(1.8), 0, 1))
    colour = low[:, None] + (high - low)[:, None] * share
    # clouds lie on a plane high above: they crowd towards the horizon
    height = across * (np.float32(42) / np.maximum(slope, np.float32(0.03)))
    rows, columns = world.clouds.shape
    i, j = ((part * height).astype(np.int32) for part in (x, y))
    cloud = np.clip(world.clouds[i % rows, j % columns] * 0.5 + 0.05, 0, 1) * np.clip(slope * 9, 0, 1)
    cloud = (cloud * (1 - 0.8 * look.grey)).astype(np.float32)
    white = np.float32(1.06) * low.mean() + np.float32(0.35) * low
    colour += cloud * (white[:, None] - colour)
    if world.style.mountains:
        _mountains(colour, slope, np.arctan2(y, x), world, low)
    return colour


def _mountains(
    colour: Float[np.ndarray, "3 n"], slope: Float[np.ndarray, " n"], azimuth: Float[np.ndarray, " n"], world: World,
    horizon: Float[np.ndarray, "3"],
) -> None:  # fmt: skip
    top = world.ridge[((azimuth / (2 * np.pi) + 0.5) * (len(world.ridge) - 1)).astype(np.int32)]
    below = np.flatnonzero(slope < top)
    share = slope[below] / top[below]
    rows, columns = world.clouds.shape
    i, j = (slope[below] * 1500).astype(np.int32), (azimuth[below] * 500).astype(np.int32)
    rough = world.clouds[i % rows, j % columns]
    rock = np.array([0.34, 0.39, 0.50], np.float32) * horizon.mean()
    snow = share + 0.12 * rough > 0.72
    tone = np.where(snow, horizon[:, None] * np.float32(1.05), rock[:, None] * (1 + np.float32(0.14) * rough))
    haze = np.clip(0.2 + 0.45 * (1 - share), 0, 1)
    colour[:, below] = tone + haze * (horizon[:, None] - tone)
