"""Filters that know pictures and memory: what may touch the image border, and what is neither copied nor unheard of."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial import cKDTree

from pipeline.boxes import centre_and_size, to_relative
from pipeline.schema import require
from pipeline.strategies.base import Synthesizer
from pipeline.strategies.filters import Keep
from pipeline.windows import Windows


@dataclass(frozen=True)
class BorderPlausibility:
    """Keep windows whose boxes touch a border of the image only where real boxes that large do.

    At the sides, a box is cut because a road user is near; small boxes there, or at the upper border, are made up.
    """

    outside_percent: float = 0.5
    """Part of the real boxes at each border that may be smaller than the limit."""

    def __post_init__(self) -> None:
        """Some boxes must be believable."""
        require(0 <= self.outside_percent < 100, f"outside_percent must lie in [0, 100), got {self.outside_percent}")

    def fit(self, real: Windows, pool: Windows, synthesize: Synthesizer) -> Keep:
        """Least height (px) at each border, by class; nobody may touch a border that no real box of its class does."""
        height, touches = _height(real), touched(real)
        limits = {
            (kind, side): np.percentile(found, self.outside_percent) if len(found) else np.inf
            for kind in np.unique(real.kind).tolist()
            for side in range(4)
            for found in [height[(real.kind == kind)[:, None] & touches[..., side]]]
        }

        def keep(windows: Windows) -> np.ndarray:
            height, touches = _height(windows), touched(windows)
            least = np.full((len(windows), 4), np.inf)
            for (kind, side), limit in limits.items():
                least[windows.kind == kind, side] = limit
            implausible: np.ndarray = touches & (height[..., None] < least[:, None])
            return np.asarray(~implausible.any(axis=(1, 2)))

        return keep


@dataclass(frozen=True)
class NeighbourDistance:
    """Keep windows that lie as far from the nearest real one of their class as real tracks lie from one another."""

    nearest_percent: float = 0.0
    """Part of the real windows that lie nearer to another track than any window may: raise it to forbid copies."""
    farthest_percent: float = 1.0
    """Part of the real windows that lie farther away than any window may."""

    def __post_init__(self) -> None:
        """Something must lie between the limits."""
        require(
            self.nearest_percent >= 0
            and self.farthest_percent >= 0
            and self.nearest_percent + self.farthest_percent < 100,
            f"nearest_percent {self.nearest_percent} and farthest_percent {self.farthest_percent} leave nothing",
        )

    def fit(self, real: Windows, pool: Windows, synthesize: Synthesizer) -> Keep:
        """Limits from the distance of each real window to the nearest one of another track of its class."""
        features = neighbour_features(real)
        scale = np.maximum(features.std(axis=0), 1e-6)
        names = np.char.add(np.char.add(real.drive.astype(str), "/"), real.track.astype(str))
        known: dict[int, tuple[cKDTree, float, float]] = {}
        for kind in np.unique(real.kind).tolist():
            rows = real.kind == kind
            points = features[rows] / scale
            apart = _to_other_tracks(points, names[rows])
            least, most = np.percentile(apart, [self.nearest_percent, 100 - self.farthest_percent])
            known[kind] = cKDTree(points), least if self.nearest_percent else 0.0, most

        def keep(windows: Windows) -> np.ndarray:
            found, kept = neighbour_features(windows) / scale, np.zeros(len(windows), bool)
            for kind, (tree, least, most) in known.items():
                rows = windows.kind == kind
                distance = tree.query(found[rows])[0]
                kept[rows] = (distance >= least) & (distance <= most)
            return kept

        return keep


def touched(windows: Windows) -> Bool[np.ndarray, "n time 4"]:
    """Which boxes touch the left, upper, right and lower border (within 1.5 px, the rounding of KITTI's labels)."""
    high = np.concatenate([windows.image_size, windows.image_size], axis=1)[:, None] - 2.5
    near = np.array([True, True, False, False])
    return np.where(near, windows.boxes < 1.5, windows.boxes > high)


def neighbour_features(windows: Windows) -> Float[np.ndarray, "n 11"]:
    """Path and growth relative to the middle box at three frames, and that box's place and size."""
    boxes = windows.boxes.astype(np.float64)
    middle = boxes[:, (boxes.shape[1] - 1) // 2]
    moments = np.linspace(0, boxes.shape[1] - 1, 3).round().astype(int)
    shape = to_relative(boxes[:, moments], middle)[..., [0, 1, 3]].reshape(len(boxes), 9)
    centre, size = centre_and_size(middle)
    return np.column_stack([np.arcsinh(3 * shape), centre[:, 0] / windows.image_size[:, 0], np.log(size[:, 1])])


def _height(windows: Windows) -> Float[np.ndarray, "n time"]:
    return centre_and_size(windows.boxes.astype(np.float64))[1][..., 1]


def _to_other_tracks(points: Float[np.ndarray, "n 11"], names: np.ndarray) -> Float[np.ndarray, " n"]:
    """Distance of each point to the nearest one of another track; infinite for the only track of a class."""
    apart = np.full(len(points), np.inf)
    for name in np.unique(names):
        own = names == name
        if not own.all():
            apart[own] = cKDTree(points[~own]).query(points[own])[0]
    return apart
