"""The ego motions that training windows were recorded from, to be driven again in front of other road users."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from pipeline.ego_paths import smoothed
from pipeline.reprojection import Lifted
from pipeline.scenes import Scenes
from pipeline.windows import Windows

STANDING_M = 1.0
"""A road user that ends a window no farther than this from where it began is parked, or waits."""


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


def limits_for(
    agents: Lifted, anchor: int, rng: np.random.Generator, moving_mps: float = 3.0, standing_mps: float = 5.0
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Slowest and fastest ego car (m/s at the anchor frame) that each agent may meet.

    Args:
        agents: Who is met, and by whom they were met.
        anchor: The anchor frame.
        rng: Chooses the standing agents that may meet any ego car: every second one.
        moving_mps: How far the speeds of the new and of the old ego car may lie apart for agents that move ...
        standing_mps: ... and for the other standing ones.
    """
    start, end = agents.agent[:, :3, :2].mean(axis=1), agents.agent[:, -3:, :2].mean(axis=1)
    standing = np.linalg.norm(end - start, axis=-1) < STANDING_M
    within = np.where(standing, np.where(rng.random(len(standing)) < 0.5, np.inf, standing_mps), moving_mps)
    own_mps = smoothed(agents.scenes.speed_mps)[:, anchor]
    return own_mps - within, own_mps + within
