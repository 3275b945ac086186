"""The ego motions that training windows were recorded from, to be driven again in front of other road users."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from pipeline.ego_paths import smoothed
from pipeline.scenes import Scenes
from pipeline.windows import Windows


@dataclass(frozen=True, eq=False)
class EgoPool:
    """Each stretch of ego motion once, however many tracks were seen from it; slow ones first."""

    speed_mps: Float[np.ndarray, "m time"]
    """Smoothed."""
    yaw_rate_radps: Float[np.ndarray, "m time"]
    at_anchor_mps: Float[np.ndarray, " m"]

    @classmethod
    def of(cls, windows: Windows, scenes: Scenes, anchor: int) -> "EgoPool":
        """The ego motions of these windows alone: nothing of a held-out drive can enter."""
        stretches = np.char.add(np.char.add(windows.drive.astype(str), "/"), windows.frame.astype(str))
        first = np.unique(stretches, return_index=True)[1]
        speed, yaw_rate = smoothed(scenes.speed_mps[first]), smoothed(scenes.yaw_rate_radps[first])
        order = np.argsort(speed[:, anchor], kind="stable")
        return cls(speed[order], yaw_rate[order], speed[order, anchor])

    def draw(
        self, slowest_mps: Float[np.ndarray, " n"], fastest_mps: Float[np.ndarray, " n"], rng: np.random.Generator
    ) -> tuple[Float[np.ndarray, "n time"], Float[np.ndarray, "n time"]]:
        """Speed and yaw rate of one stretch for each pair of limits on the anchor's speed; the nearest if none fits."""
        first = np.minimum(np.searchsorted(self.at_anchor_mps, slowest_mps), len(self.at_anchor_mps) - 1)
        last = np.searchsorted(self.at_anchor_mps, fastest_mps, "right")
        chosen = rng.integers(first, np.maximum(last, first + 1))
        return self.speed_mps[chosen], self.yaw_rate_radps[chosen]
