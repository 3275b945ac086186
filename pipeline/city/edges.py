"""Smooth edges: pixels in which several faces show are blended from one sample of each, weighted by its share."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int

from pipeline.city.raster import Buffers
from pipeline.city.surface import Samples


@dataclass(frozen=True, eq=False)
class Parts:
    """What to shade of a picture: one sample for each pixel, then one for each further face that a pixel shows."""

    middles: Samples
    """The nearest face within each pixel, at the pixel's middle."""
    samples: Samples
    """The same in pixels that show nothing else; elsewhere each face in the middle of its own finer pixels."""
    mixed: Int[np.ndarray, " m"]
    """Pixels that show several faces ..."""
    share: Float[np.ndarray, " m"]
    """... and which share of them the nearest face fills."""
    others: list[tuple[Int[np.ndarray, " _"], Float[np.ndarray, " _"]]]
    """Pixels of the further samples with their shares; within a list no pixel comes twice."""

    @property
    def pixel(self) -> Int[np.ndarray, " n"]:
        """The pixel that each sample belongs to."""
        return np.concatenate([np.arange(len(self.middles.face)), *(pixel for pixel, _ in self.others)])

    def blend(self, light: Float[np.ndarray, "3 n"]) -> Float[np.ndarray, "3 pixel"]:
        """Brightness of pixels from that of samples, which is used up."""
        begin = len(self.middles.face)
        picture = light[:, :begin]
        for plane, values in zip(picture, light, strict=True):
            plane[self.mixed] *= self.share
            at = begin
            for pixel, share in self.others:
                plane[pixel] += values[at : at + len(pixel)] * share
                at += len(pixel)
        return picture


def split(buffers: Buffers, samples: int) -> Parts:
    """Pixels of a picture from buffers ``samples`` times as fine."""
    height, width = buffers.face.shape
    u, v = _grid(width // samples, height // samples, samples)
    shown, mixed, inner = _mixed(buffers, samples)
    faces, rows, columns = np.take(buffers.face, inner), *np.divmod(inner, width)
    a, b, c = (np.take(part, faces) for part in buffers.functions)
    best = (a * columns + (b * rows + c)).argmax(axis=0)
    nearest = np.take_along_axis(faces, best[None], 0)[0]
    shown[mixed] = nearest
    face, u_at, v_at = shown, u.copy(), v.copy()
    same = faces == nearest
    share, u_at[mixed], v_at[mixed] = _middle(same, columns, rows)
    others, further = [], [Samples(face, u_at, v_at)]
    for part in range(samples**2):
        fresh = np.flatnonzero(~same[part])
        if part:
            fresh = fresh[(faces[:part, fresh] != faces[part, fresh]).all(axis=0)]
        of, *place = _middle(faces[:, fresh] == faces[part, fresh], columns[:, fresh], rows[:, fresh])
        others.append((mixed[fresh], of))
        further.append(Samples(faces[part, fresh], *place))
    joined = (np.concatenate(values) for values in zip(*(vars(some).values() for some in further), strict=True))
    return Parts(Samples(shown, u, v), Samples(*joined), mixed, share, others)


def _mixed(
    buffers: Buffers, samples: int
) -> tuple[Int[np.ndarray, " pixel"], Int[np.ndarray, " m"], Int[np.ndarray, "part m"]]:
    """A face of every pixel, which pixels show more than one, and these pixels' finer pixels."""
    width = buffers.face.shape[1]
    first, *rest = (buffers.face[i::samples, j::samples] for i in range(samples) for j in range(samples))
    several = np.zeros(first.shape, bool)
    for part in rest:
        several |= part != first
    mixed = np.flatnonzero(several)
    row, column = np.divmod(mixed, width // samples)
    step = (np.arange(samples)[:, None] * width + np.arange(samples)).ravel()
    return first.flatten(), mixed, (row * width + column) * samples + step[:, None]


def _middle(
    chosen: np.ndarray, columns: Int[np.ndarray, "part k"], rows: Int[np.ndarray, "part k"]
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """The share of the parts that are chosen, and their mean column and row."""
    count = chosen.sum(axis=0, dtype=np.float32)
    u, v = ((at * chosen).sum(axis=0) / count for at in (columns, rows))
    return count / np.float32(len(chosen)), u.astype(np.float32), v.astype(np.float32)


@lru_cache(maxsize=4)
def _grid(width: int, height: int, samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows of all pixels' middles, in pixels ``samples`` times as fine."""
    v, u = np.mgrid[:height, :width].astype(np.float32) * samples + np.float32((samples - 1) / 2)
    return u.ravel(), v.ravel()
