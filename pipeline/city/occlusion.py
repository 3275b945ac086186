"""What houses hide from a camera before anything is drawn: in narrow streets, most of the city.

A house is an upright prism that stands on the ground, so in every direction it hides all that lies behind it and
below its top. Directions are upright planes through the eye, two pixels apart.

Source: Downs, Moller and Sequin, "Occlusion horizons for driving through urban scenery", I3D 2001.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from pipeline.city.spans import expand
from pipeline.city.view import View

NEAREST_M = 1.0
"""Outlines are cut off this far ahead of the eye."""
FARTHEST_M = 400.0
"""Houses farther away hide too little to be worth asking."""
BLOCK = 8
"""Directions taken together when asking whether a face is hidden."""
SPARE = 1.1
"""Directions reach this much farther to the sides than the picture, whose camera may roll."""


@dataclass(frozen=True, eq=False)
class Outlines:
    """Where things lie seen from an eye: what range of directions, and how far ahead."""

    first: Float[np.ndarray, " n"]
    last: Float[np.ndarray, " n"]
    near_m: Float[np.ndarray, " n"]
    far_m: Float[np.ndarray, " n"]


@dataclass(frozen=True, eq=False)
class Screens:
    """Upright prisms one cannot look through."""

    corners_m: Float[np.ndarray, "n 4 2"]
    top_m: Float[np.ndarray, " n"]

    @classmethod
    def of(cls, plots: Sequence[tuple[tuple[float, float, float, float], float]]) -> "Screens":
        """From rectangles (west, south, east, north) and heights."""
        plan = np.array([plot for plot, _ in plots]).reshape(-1, 4)
        return cls(plan[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2), np.array([top for _, top in plots]))

    def hide(self, corners_m: Float[np.ndarray, "face corner 3"], view: View) -> Bool[np.ndarray, " face"]:
        """Which faces the prisms hide wholly; some that are hidden may be missed."""
        count = -(-int(SPARE * view.width / 2) // BLOCK) * BLOCK
        order, steepness, screens = self._ahead(view, count)
        if not len(order):
            return np.zeros(len(corners_m), bool)
        horizon = np.full((len(order) + 1, count), -np.inf, np.float32)
        first, last = np.ceil(screens.first).astype(np.int64), np.floor(screens.last).astype(np.int64)
        first, last = np.maximum(first, 0), np.minimum(last, count - 1)
        screen, step = expand(np.maximum(last - first + 1, 0))
        horizon[screen + 1, first[screen] + step] = steepness[screen]
        np.maximum.accumulate(horizon, axis=0, out=horizon)
        while horizon.shape[1] * BLOCK > count:  # halving is faster than a minimum along so short an axis
            horizon = np.minimum(horizon[:, ::2], horizon[:, 1::2])
        faces = _outlines(corners_m[..., :2], view, count)
        before = np.searchsorted(screens.far_m, faces.near_m)
        steepest = (np.maximum.reduce(np.ascontiguousarray(corners_m[..., 2].T)) - view.eye_m[2]) / faces.near_m
        return _below(horizon, before, steepest, faces)

    def _ahead(self, view: View, count: int) -> tuple[Int[np.ndarray, " k"], Float[np.ndarray, " k"], Outlines]:
        """Prisms that may hide something, those that end nearest first; the steepness of the least of their tops."""
        outlines = _outlines(self.corners_m, view, count)
        rise = self.top_m - view.eye_m[2]
        useful = (outlines.far_m < FARTHEST_M) & (outlines.last > 0) & (outlines.first < count - 1) & (rise > 0)
        index = np.flatnonzero(useful)
        index = index[np.argsort(outlines.far_m[index], kind="stable")]
        chosen = Outlines(*(part[index] for part in vars(outlines).values()))
        return index, rise[index] / chosen.far_m, chosen


def _below(
    horizon: Float[np.ndarray, "order block"], before: Int[np.ndarray, " n"], steepest: Float[np.ndarray, " n"],
    faces: Outlines,
) -> Bool[np.ndarray, " n"]:  # fmt: skip
    """Whether the horizon that the first few prisms make is above a face in all directions of the face."""
    count = horizon.shape[1]
    first = np.clip(np.floor(faces.first), 0, count * BLOCK - 1).astype(np.int64) // BLOCK
    last = np.clip(np.ceil(faces.last), first, count * BLOCK - 1).astype(np.int64) // BLOCK
    asked = np.flatnonzero(before)
    lengths = (last - first + 1)[asked]
    _, step = expand(lengths)
    lowest = horizon.ravel()[np.repeat(before[asked] * count + first[asked], lengths) + step]
    hidden = np.zeros(len(before), bool)
    if len(asked):
        hidden[asked] = np.minimum.reduceat(lowest, np.cumsum(lengths) - lengths) > steepest[asked]
    return hidden


def _outlines(points_m: Float[np.ndarray, "n corner 2"], view: View, count: int) -> Outlines:
    """Closed outlines on the ground; what lies wholly behind the eye is at an infinite distance."""
    ahead = view.T_view_city[2, :2] / np.linalg.norm(view.T_view_city[2, :2])
    # numpy is slow along axes as short as a face's corners: they come first
    x, y = np.ascontiguousarray((points_m - view.eye_m[:2]).transpose(2, 1, 0))
    far, aside = x * ahead[0] + y * ahead[1], x * ahead[1] - y * ahead[0]
    next_far, next_aside = np.roll(far, -1, axis=0), np.roll(aside, -1, axis=0)
    crosses = (far < NEAREST_M) != (next_far < NEAREST_M)
    with np.errstate(divide="ignore", invalid="ignore"):
        cut = aside + (NEAREST_M - far) / (next_far - far) * (next_aside - aside)
        direction = np.concatenate([
            np.where(far < NEAREST_M, np.nan, aside / far), np.where(crosses, cut / NEAREST_M, np.nan),
        ])  # fmt: skip
    wide = SPARE * max(view.centre_px[0], view.width - view.centre_px[0]) / view.focal_px[0]
    place = (direction / wide + 1) * ((count - 1) / 2)
    behind = far.max(axis=0) < NEAREST_M
    first, last = np.fmin.reduce(place, axis=0), np.fmax.reduce(place, axis=0)
    near, farthest = np.maximum(far.min(axis=0), NEAREST_M), far.max(axis=0)
    return Outlines(
        np.where(behind, np.inf, first), np.where(behind, -np.inf, last), near, np.where(behind, np.inf, farthest)
    )
