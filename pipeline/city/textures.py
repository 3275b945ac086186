"""Surfaces as small tileable pictures with all their smaller versions (mip levels), side by side in one flat array.

Red, green, blue are reflectances relative to the face's colour; the fourth channel says where a window pane is, or,
for leaves, where there is anything at all.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8, UInt32
from scipy.fft import fftfreq, irfft2, rfft2, rfftfreq

FLAT, BRICK, STONE, CURTAIN, STUCCO, SIDING, SHOP, ROOF, LEAVES, PALM, CONIFER, STREET, CROSSING, LOT = range(14)
NAMES = ("flat", "brick", "stone", "curtain", "stucco", "siding", "shop", "roof", "leaves", "palm", "conifer", "street",
         "crossing", "lot")  # fmt: skip
WINDOWED = (BRICK, STONE, CURTAIN, STUCCO, SIDING, SHOP)
"""Textures whose fourth channel marks panes; one tile is one bay of one floor."""
CUT_OUT = (LEAVES, PALM, CONIFER)
"""Textures whose fourth channel marks what is there."""

Picture = Float[np.ndarray, "_ _ 4"]


@dataclass(frozen=True, eq=False)
class Atlas:
    """All textures at all sizes; a texel's place is ``start[texture, level] + row * (size >> level) + column``."""

    texels: UInt32[np.ndarray, " texel"]
    """Red, green, blue and the fourth channel in one number, so that one look-up finds them all."""
    semantic: UInt8[np.ndarray, " texel"]
    """Class of ground texels; 0 elsewhere."""
    start: Int[np.ndarray, "texture level"]
    size: Int[np.ndarray, " texture"]
    """Texels along a side at level 0, a power of two."""

    @classmethod
    def pack(cls, pictures: list[Picture], semantics: dict[int, np.ndarray]) -> "Atlas":
        """Pictures in the order of their numbers, each with its smaller versions."""
        levels = max(int(np.log2(len(picture))) for picture in pictures) + 1
        start = np.zeros((len(pictures), levels), np.int64)
        texels, classes, count = [], [], 0
        for number, picture in enumerate(pictures):
            marks = semantics.get(number, np.zeros(picture.shape[:2], np.uint8))
            for level in range(levels):
                start[number, level] = count
                texels.append(np.round(255 * np.clip(picture, 0, 1)).astype(np.uint8).reshape(-1, 4))
                classes.append(marks.reshape(-1))
                count += len(classes[-1])
                if len(picture) > 1:
                    side = len(picture) // 2
                    picture = picture.reshape(side, 2, side, 2, 4).mean(axis=(1, 3))
                    marks = marks[::2, ::2]
        size = np.array([len(picture) for picture in pictures])
        return cls(np.concatenate(texels).view("<u4").ravel(), np.concatenate(classes), start, size)

    def channels(self, texel: Int[np.ndarray, " n"]) -> UInt8[np.ndarray, "4 n"]:
        """Red, green, blue and the fourth channel of texels."""
        return np.take(self.texels, texel).view(np.uint8).reshape(-1, 4).T


def noise(size: int, scale: float, rng: np.random.Generator) -> Float[np.ndarray, "size size"]:
    """Tileable smooth noise of mean 0 and standard deviation 1; ``scale`` in texels."""
    white = rng.standard_normal((size, size), np.float32)
    frequency = np.hypot(fftfreq(size)[:, None], rfftfreq(size)).astype(np.float32)
    field = irfft2(rfft2(white) * np.exp(-2 * (np.pi * scale * frequency) ** 2), (size, size))
    field -= field.mean()
    return field / field.std()


def facade(
    rng: np.random.Generator, window: tuple[float, float, float, float], frame: float = 0.03, relief: float = 0.04,
    courses: int = 0, bars: int = 1, size: int = 128,
) -> Picture:  # fmt: skip
    """One bay of one floor: a wall with a window.

    Args:
        rng: Draws stains.
        window: Left, bottom, right, top of the pane as shares of the tile.
        frame: Width of the window frame.
        relief: How uneven the wall looks.
        courses: Rows of bricks; 0 for plaster.
        bars: Panes side by side.
        size: Texels along a side.
    """
    t, s = np.mgrid[0:size, 0:size] / size
    wall = 0.82 + relief * noise(size, 1.0, rng) + relief * noise(size, 12.0, rng)
    if courses:
        row = np.floor(t * courses)
        joint = ((t * courses) % 1 < 0.16) | ((s * courses / 2 + row / 2) % 1 < 0.07)
        tint = rng.uniform(0.82, 1.1, (courses, courses))[
            row.astype(int), (s * courses / 2 + row / 2).astype(int) % courses
        ]
        wall = np.where(joint, 0.95, wall * tint)
    picture = np.repeat(wall[..., None], 4, axis=2)
    picture[..., 3] = 0
    left, bottom, right, top = window
    surround = (s > left - frame) & (s < right + frame) & (t > bottom - frame) & (t < top + frame)
    picture[surround, :3] = 0.98
    sill = (s > left - 2 * frame) & (s < right + 2 * frame) & (t > bottom - 2.2 * frame) & (t < bottom - frame)
    picture[sill, :3] = 0.55
    bar = (np.abs(((s - left) / (right - left) * bars) % 1 - 0.5) > 0.5 - 0.03 * bars) & (s > left + 0.02)
    pane = (s > left) & (s < right) & (t > bottom) & (t < top)
    picture[pane & ~bar, :3] = 0.5
    picture[pane & ~bar, 3] = 1
    picture[pane & bar, :3] = 0.75
    # a window lies deeper than its wall: its head and one side are in shade
    picture[pane & ((t > top - 0.05) | (s < left + 0.025)), :3] *= 0.55
    return picture


def shop(rng: np.random.Generator, size: int = 128) -> Picture:
    """The ground floor of a commercial house: glass, a sign board, a plinth."""
    picture = facade(rng, (0.06, 0.12, 0.94, 0.68), frame=0.025, bars=2, size=size)
    t = np.mgrid[0:size, 0:size][0] / size
    board = (t > 0.74) & (t < 0.93)
    picture[board, :3] = np.array([0.75, 0.5, 0.35]) + 0.04 * noise(size, 2.0, rng)[board][:, None]
    picture[t < 0.08, :3] = 0.35
    return picture


def grain(rng: np.random.Generator, level: float, fine: float, coarse: float, size: int = 128) -> Picture:
    """A rough surface of one tone."""
    tone = level + fine * noise(size, 0.8, rng) + coarse * noise(size, size / 10, rng)
    return np.concatenate([np.repeat(tone[..., None], 3, axis=2), np.zeros((size, size, 1))], axis=2)


def foliage(rng: np.random.Generator, shape: str, size: int = 128) -> Picture:
    """A crown as a cut-out: round, palm or conifer; lighter where the light comes from above."""
    t, s = (np.mgrid[0:size, 0:size] + 0.5) / size
    x, y = 2 * s - 1, 2 * t - 1
    clumps = noise(size, 7.0, rng) + 0.6 * noise(size, 2.5, rng)
    fine = noise(size, 1.1, rng)
    if shape == "round":
        there = x**2 + (y * np.where(y < 0, 1.25, 1.0)) ** 2 < (0.80 + 0.10 * clumps + 0.05 * fine) ** 2
    elif shape == "conifer":
        there = np.abs(x) < (0.5 - t / 2) * (1.55 + 0.3 * np.sin(30 * t)) + 0.03 * clumps
    else:
        angle, radius = np.arctan2(y - 0.35 + 0.75 * np.abs(x) ** 2.2, x), np.hypot(x, y - 0.35)
        there = (np.abs(np.sin(5.5 * angle)) > 0.45 + 0.5 * radius) & (radius < 1) | (radius < 0.14)
    there &= clumps + 0.5 * fine > -1.7
    tone = 0.50 + 0.15 * clumps + 0.24 * y + 0.13 * fine
    return np.stack([tone, tone, tone, there.astype(float)], axis=2)
