"""Recombination: the motion of a road user in one drive, seen from the ego motion of another.

What a predictor lacks when tracks are few is not other road users but other ego motions: from a moving car everything
moves. Both halves of a sample are recorded, only their combination is new, so inputs are new and targets are right.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Float

from models.reporting import Report, silent
from pipeline.ego_paths import compose, planar_path, smoothed
from pipeline.reprojection import Lifted, lift, lower, with_scenes
from pipeline.schema import require
from pipeline.search_space import Floats, Space
from pipeline.strategies.base import Synthesizer
from pipeline.strategies.ego_pool import EgoPool, limits_for
from pipeline.strategies.facts import Facts
from pipeline.strategies.filters import KinematicEnvelope
from pipeline.strategies.kinematics import constant_velocity_error
from pipeline.strategies.matching import Marginals
from pipeline.strategies.scale import log_uniform
from pipeline.strategies.transforms import shuffled
from pipeline.windows import Windows

TURNS_FREELY_MPS = 5.0
"""Slower cars turn less than they might."""


@dataclass(frozen=True)
class Recombination(Facts):
    """Real agents before real ego paths of other drives, driven a little faster, slower or to the side.

    The middle frame is the anchor: there the agent stays where it was recorded, so that placement and size are right.
    """

    speed_within_mps: float = 3.0
    """A moving agent meets ego cars about as fast as its own was (at the anchor) ..."""
    standing_within_mps: float = 5.0
    """... and so does every second standing one; the other half meets any."""
    faster: float = 1.1
    """Ego paths are driven up to so many times faster or slower (uniform in the logarithm)."""
    sideways_sd_m: float = 0.3
    camera_height_sd_m: float = 0.03
    wide: float = 0.0
    """Part of the samples that keep their own ego path instead, changed more boldly by what follows."""
    wide_faster: float = 1.6
    wide_yaw_rate_sd_radps: float = 0.05
    wide_agent_faster: float = 1.3
    outside_percent: float = 0.1
    """Part of the real windows of a class beyond each kinematic limit that samples must keep."""
    oversample: float = 2.0
    """Candidates for each sample, from which the real histogram is matched."""
    name: str = "recombination"

    search: ClassVar[Space] = {
        "speed_within_mps": Floats(0.5, 8.0),
        "faster": Floats(1.0, 1.5),
        "sideways_sd_m": Floats(0.0, 1.0),
        "wide": Floats(0.0, 0.6),
        "oversample": Floats(1.0, 4.0),
    }

    keeps_scenes = True

    def __post_init__(self) -> None:
        """Refuse what cannot be driven or drawn from."""
        for field in ("faster", "wide_faster", "wide_agent_faster", "oversample"):
            require(getattr(self, field) >= 1, f"{field} must be at least 1, got {getattr(self, field)}")
        require(0 <= self.wide <= 1, f"wide must lie in [0, 1], got {self.wide}")

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Lift the windows; gather the ego paths they were seen from; learn limits and histogram.

        Raises:
            UserError: no window is known in 3D with its ego motion.
        """
        known, scenes = with_scenes(real, self.name)
        anchor = (known.boxes.shape[1] - 1) // 2
        lifted, egos = lift(known, scenes, anchor), EgoPool.of(known, scenes, anchor)
        envelope = KinematicEnvelope(self.outside_percent).fit(known, known, lambda count, rng: known)
        marginals = Marginals.of(known)

        def candidates(drawn: Lifted, rng: np.random.Generator) -> Windows:
            made, seen = self._recombine(drawn, egos, anchor, rng)
            return made.take(seen & envelope(made))

        def synthesize(count: int, rng: np.random.Generator) -> Windows:
            drawn = lifted.take(shuffled(len(known), int(np.ceil(count * self.oversample)), rng))
            return marginals.match(candidates(drawn, rng), count, rng, self.name)

        some = lifted.take(shuffled(len(known), min(len(known), 2000), rng))
        kept = candidates(some, rng)
        report(0, {
            "accepted": len(kept) / len(some.agent),
            "cv_error_real": float(constant_velocity_error(known).mean()),
            "cv_error_kept": float(constant_velocity_error(kept).mean()) if len(kept) else float("nan"),
        })  # fmt: skip
        return synthesize

    def _recombine(
        self, drawn: Lifted, egos: EgoPool, anchor: int, rng: np.random.Generator
    ) -> tuple[Windows, Bool[np.ndarray, " n"]]:
        """Every drawn window once before another ego path, and which of them remain in view."""
        count = len(drawn.agent)
        limits = limits_for(drawn, anchor, rng, self.speed_within_mps, self.standing_within_mps)
        speed, yaw_rate = egos.draw(*limits, rng)
        wide = rng.random(count) < self.wide
        own = smoothed(drawn.scenes.speed_mps)
        # A car that stands cannot turn.
        bias = self.wide_yaw_rate_sd_radps * rng.standard_normal((count, 1)) * np.minimum(own / TURNS_FREELY_MPS, 1)
        speed = np.where(wide[:, None], own, speed)
        yaw_rate = np.where(wide[:, None], smoothed(drawn.scenes.yaw_rate_radps) + bias, yaw_rate)
        # A path driven faster is the same path: the car turns faster, too.
        factor = np.where(wide, log_uniform(self.wide_faster, count, rng), log_uniform(self.faster, count, rng))
        speed, yaw_rate = speed * factor[:, None], yaw_rate * factor[:, None]
        aside = np.zeros((count, 1, 3))
        aside[:, 0, 1] = self.sideways_sd_m * rng.standard_normal(count)
        up = self.camera_height_sd_m * rng.standard_normal((count, 1))
        hurry = np.where(wide, log_uniform(self.wide_agent_faster, count, rng), 1)
        moved = replace(
            drawn,
            agent=_hurried(drawn.agent, anchor, hurry),
            ego=compose(planar_path(speed, yaw_rate, drawn.scenes.dt_s, anchor), aside),
            height_m=drawn.height_m - up,
        )
        return lower(moved, speed, yaw_rate, self.name)


def _hurried(
    agent: Float[np.ndarray, "n time 3"], anchor: int, factor: Float[np.ndarray, " n"]
) -> Float[np.ndarray, "n time 3"]:
    """Agents that move ``factor`` times as far from their place at the anchor frame, facing as they did."""
    middle = agent[:, anchor : anchor + 1, :2]
    return np.concatenate([middle + factor[:, None, None] * (agent[..., :2] - middle), agent[..., 2:]], axis=-1)
