"""A GAN that knows what a window is made of: agents move, the ego car moves, and a camera looks.

A network that learns windows as they appear must learn both motions and the camera at once, from few tracks. Here one
generator learns how agents move over the ground, another how ego cars drive; their motions are combined before the real
camera, where a real road user stood. Any agent can then meet any ego motion, and targets follow from geometry.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from models.reporting import Report, silent
from pipeline.ego_paths import compose, inverse, planar_path
from pipeline.reprojection import Lifted, lift, lower, with_scenes
from pipeline.schema import KINDS
from pipeline.search_space import Floats, Space
from pipeline.strategies.adversarial import Adversarial
from pipeline.strategies.base import Synthesizer
from pipeline.strategies.ego_pool import EgoPool, limits_for
from pipeline.strategies.filters import KinematicEnvelope
from pipeline.strategies.matching import Marginals
from pipeline.strategies.motion_gan import DrawMotion, Motions, fit_motions
from pipeline.strategies.transforms import shuffled
from pipeline.windows import Windows

SHORTEST_M = 0.3
"""Agents are learnt as a shape and its length; below this length the shape is label noise, and its scale stays."""


@dataclass(frozen=True)
class FactorisedGan(Adversarial):
    """Agent and ego motion from two conditional WGAN-GPs; class, place, size and the ego car's speed are real."""

    steps: int = 600
    """Steps of either generator."""
    components: int = 12
    """Principal components of each motion."""
    outside_percent: float = 0.1
    """Part of the real windows of a class beyond each kinematic limit that samples must keep."""
    oversample: float = 2.0
    """Candidates for each sample, from which the real histogram is matched."""
    name: str = "factorised_gan"

    search: ClassVar[Space] = {
        **Adversarial.search,
        "outside_percent": Floats(0.02, 5.0, log=True),
        "oversample": Floats(1.0, 4.0),
    }

    cost = 3.8
    keeps_scenes = True

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Train both generators.

        Raises:
            UserError: no window is known in 3D with its ego motion.
        """
        known, scenes = with_scenes(real, self.name)
        anchor = (known.boxes.shape[1] - 1) // 2
        lifted, egos = lift(known, scenes, anchor), EgoPool.of(known, scenes, anchor)
        draw_agent = fit_motions(self._agents(lifted, egos, anchor), self, self.components, rng, report)
        draw_ego = fit_motions(_egos(egos, anchor), self, self.components, rng, report)
        envelope = KinematicEnvelope(self.outside_percent).fit(known, known, lambda count, rng: known)
        marginals = Marginals.of(known)

        def synthesize(count: int, rng: np.random.Generator) -> Windows:
            if not count:
                return known.take(np.zeros(0, np.int64)).made_by(self.name)
            drawn = lifted.take(shuffled(len(known), int(np.ceil(count * self.oversample)), rng))
            speed, yaw_rate = _drive(drawn, egos, anchor, draw_ego, rng)
            agent = _walk(drawn, anchor, draw_agent, rng)
            ego = planar_path(speed, yaw_rate, drawn.scenes.dt_s, anchor)
            made, seen = lower(replace(drawn, agent=agent, ego=ego), speed, yaw_rate, self.name)
            return marginals.match(made.take(seen & envelope(made)), count, rng, self.name)

        return synthesize

    def _agents(self, lifted: Lifted, egos: EgoPool, anchor: int) -> Motions:
        """Paths over the ground, each in the frame of the agent's own pose at the anchor."""
        path = compose(inverse(lifted.agent[:, anchor : anchor + 1]), lifted.agent)
        length = np.maximum(np.linalg.norm(path[:, -1, :2] - path[:, 0, :2], axis=-1), SHORTEST_M)
        turn = (path[..., 2:] + np.pi) % (2 * np.pi) - np.pi
        counts = np.bincount(lifted.windows.kind, minlength=len(KINDS))
        return Motions(
            sequences=np.concatenate([path[..., :2] / length[:, None, None], turn], axis=-1),
            anchors=np.log(length)[:, None],
            told=_told_of(lifted, anchor),
            weights=np.maximum(counts, 1.0)[lifted.windows.kind] ** -self.evenness,
        )


def _told_of(lifted: Lifted, anchor: int) -> Float[np.ndarray, "n told"]:
    """Class, heading and place of each agent at the anchor, and how fast the ego car was that saw it."""
    x, y, yaw = lifted.agent[:, anchor].T
    speed = lifted.scenes.speed_mps[:, anchor] / 10
    return np.column_stack([np.eye(len(KINDS))[lifted.windows.kind], np.cos(yaw), np.sin(yaw), x / 30, y / 10, speed])


def _egos(egos: EgoPool, anchor: int) -> Motions:
    """Speeds and yaw rates relative to those at the anchor frame, where the speed is told."""
    profile = np.stack([egos.speed_mps, egos.yaw_rate_radps], axis=-1)
    at_anchor = profile[:, anchor]
    return Motions(
        sequences=profile - at_anchor[:, None],
        anchors=at_anchor[:, 1:],
        told=at_anchor[:, :1] / 10,
        weights=np.ones(len(profile)),
    )


def _drive(
    drawn: Lifted, egos: EgoPool, anchor: int, draw_ego: DrawMotion, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "n time"], Float[np.ndarray, "n time"]]:
    """A new ego motion for each agent, about as fast at the anchor as one that may meet it."""
    speed = egos.draw(*limits_for(drawn, anchor, rng), rng)[0][:, anchor]
    change, yaw_rate = draw_ego(speed[:, None] / 10, rng)
    return np.maximum(speed[:, None] + change[..., 0], 0), yaw_rate + change[..., 1]


def _walk(
    drawn: Lifted, anchor: int, draw_agent: DrawMotion, rng: np.random.Generator
) -> Float[np.ndarray, "n time 3"]:
    """A new path for each agent through its place at the anchor."""
    shape, log_length = draw_agent(_told_of(drawn, anchor), rng)
    path = np.concatenate([shape[..., :2] * np.exp(log_length)[:, None], shape[..., 2:]], axis=-1)
    return compose(drawn.agent[:, anchor : anchor + 1], path - path[:, anchor : anchor + 1])
