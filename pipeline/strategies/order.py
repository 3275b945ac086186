"""What a user asks synthetic windows to be: class, speed, turn, distance, and how the recording car drives.

Windows that hold in the world are measured there, in metres; what is known in the image alone is measured in heights
of the middle box per frame.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Bool, Float

from models.infogan import speed_and_turn
from pipeline.boxes import to_relative
from pipeline.ego_paths import compose, planar_path, smoothed
from pipeline.reprojection import on_ground
from pipeline.scenes import Scenes
from pipeline.schema import KINDS, UserError, require
from pipeline.windows import Windows

Range: TypeAlias = tuple[float, float]
ANY: Range = (-np.inf, np.inf)

STANDING_MPS = 0.5
"""Slower ego cars stand."""
TURNING_RADPS = 0.05
"""Ego cars whose yaw rate is greater (3 degrees a second) turn."""

Manoeuvre: TypeAlias = Callable[[np.ndarray, np.ndarray], np.ndarray]

EGO_MOTIONS: Mapping[str, Manoeuvre] = {
    "standing": lambda speed, yaw_rate: speed <= STANDING_MPS,
    "moving": lambda speed, yaw_rate: speed > STANDING_MPS,
    "straight": lambda speed, yaw_rate: (speed > STANDING_MPS) & (abs(yaw_rate) <= TURNING_RADPS),
    "turning": lambda speed, yaw_rate: (speed > STANDING_MPS) & (abs(yaw_rate) > TURNING_RADPS),
    "left": lambda speed, yaw_rate: (speed > STANDING_MPS) & (yaw_rate > TURNING_RADPS),
    "right": lambda speed, yaw_rate: (speed > STANDING_MPS) & (yaw_rate < -TURNING_RADPS),
}
"""What the recording car may be asked to do: (mean speed m/s, mean yaw rate rad/s, positive to the left) -> whether."""


@dataclass(frozen=True)
class Order:
    """Limits, ends included; what is not limited may be anything."""

    kinds: tuple[str, ...] = ()
    """Classes; none: all that the strategy makes."""
    speed: Range = ANY
    """Of the road user over the ground, m/s; in the image mean speed in heights of the middle box per frame."""
    turn: Range = ANY
    """Change of heading, degrees, right positive; in the image change of the sideways velocity, as ``speed``."""
    distance: Range = ANY
    """From the camera over the ground at the middle frame, m."""
    ego_speed: Range = ANY
    """Mean speed of the recording car, m/s."""
    ego: str = ""
    """What the recording car does: a name in ``EGO_MOTIONS``; empty: anything."""
    shortest: int | None = None
    """Frames after which a track may end; None: tracks fill their windows."""

    def __post_init__(self) -> None:
        """Refuse unknown names and empty ranges."""
        unknown = sorted(set(self.kinds) - set(KINDS))
        require(not unknown, f"kinds must be among {', '.join(KINDS)}; got {', '.join(unknown)}")
        for name in ("speed", "turn", "distance", "ego_speed"):
            low, high = getattr(self, name)
            require(low <= high, f"{name} must be a range (low, high), got ({low}, {high})")
        require(self.ego in ("", *EGO_MOTIONS), f"ego must be among {', '.join(EGO_MOTIONS)}; got {self.ego}")
        if self.shortest is not None:
            require(self.shortest >= 2, f"tracks must have at least 2 frames, got shortest {self.shortest}")
            require(self.speed == self.turn == ANY, "speed and turn are those of whole windows: leave shortest out")

    @property
    def needs_world(self) -> bool:
        """Whether only windows that are known in the world can be as asked for."""
        return self.distance != ANY or self.ego_speed != ANY or bool(self.ego)

    def asked(self) -> dict[str, object]:
        """What is limited, by name."""
        return {
            item.name: value for item in fields(self) if (value := getattr(self, item.name)) not in ((), "", ANY, None)
        }

    def accepts(self, windows: Windows) -> Bool[np.ndarray, " n"]:
        """Which windows are as asked for; what is not known of a window is not as asked for.

        Raises:
            UserError: the order speaks of the world, and the windows hold in the image alone.
        """
        wanted = np.isin(windows.kind, [KINDS.index(kind) for kind in self.kinds or KINDS])
        wanted &= windows.valid.sum(axis=1) >= (self.shortest or 0)
        if windows.scenes is None:
            return wanted & self._accepts_in_image(windows)
        return wanted & self._accepts_in_world(windows.scenes)

    def _accepts_in_image(self, windows: Windows) -> Bool[np.ndarray, " n"]:
        if self.needs_world:
            asked = ", ".join(name for name in ("distance", "ego_speed", "ego") if name in self.asked())
            raise UserError(
                f"{asked}: only windows that are known in the world can be asked for that, and these hold in the image "
                "alone; choose a strategy such as recombination or city_traffic, and data with calib and oxts."
            )
        speed, turn = motion_in_image(windows)
        return _within(speed, self.speed) & _within(turn, self.turn)

    def _accepts_in_world(self, scenes: Scenes) -> Bool[np.ndarray, " n"]:
        speed, turn, distance = motion_in_world(scenes)
        ego_speed, yaw_rate = (values.mean(axis=1) for values in (scenes.speed_mps, scenes.yaw_rate_radps))
        fits = _within(speed, self.speed) & _within(turn, self.turn) & _within(distance, self.distance)
        fits &= _within(ego_speed, self.ego_speed)
        return fits & EGO_MOTIONS[self.ego](ego_speed, yaw_rate) if self.ego else fits

    def in_words(self, world: bool) -> str:
        """What is asked for, with its units."""
        units = (
            {"speed": "m/s", "turn": "degrees (right positive)", "distance": "m", "ego_speed": "m/s"}
            if world
            else dict.fromkeys(("speed", "turn"), "box heights per frame")
        )
        words = [" or ".join(self.kinds) or "any class"]
        words += [
            f"{name.replace('_', ' ')} {getattr(self, name)[0]:g} to {getattr(self, name)[1]:g} {unit}"
            for name, unit in units.items()
            if getattr(self, name) != ANY
        ]
        words += [f"ego car {self.ego}"] if self.ego else []
        return ", ".join([*words, *([f"{self.shortest} frames or more"] if self.shortest else [])])


def motion_in_image(windows: Windows) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Mean speed, and change of the sideways velocity from the first half to the second, in middle boxes' heights."""
    boxes = windows.boxes.astype(np.float64)
    shape = to_relative(boxes, boxes[:, (boxes.shape[1] - 1) // 2])
    speed, turn = speed_and_turn(torch.from_numpy(shape)).numpy().T
    return speed, turn


def motion_in_world(
    scenes: Scenes,
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Speed over the ground (m/s, along the straight line), turn (degrees, right positive), distance (m); or NaN.

    Ends are means over up to three frames: frame by frame, the noise of labels would move every parked car.
    """
    time = scenes.size_m.shape[1]
    few, middle = max(1, min(3, time // 2)), (time - 1) // 2
    ego = planar_path(smoothed(scenes.speed_mps), smoothed(scenes.yaw_rate_radps), scenes.dt_s, middle)
    agent = compose(ego, on_ground(scenes)[0])
    agent[..., 2] = np.unwrap(agent[..., 2], axis=1)
    moved = agent[:, -few:].mean(axis=1) - agent[:, :few].mean(axis=1)
    speed = np.linalg.norm(moved[:, :2], axis=1) / (max(1, time - few) * scenes.dt_s)
    distance = np.linalg.norm(scenes.position_cam_m[:, middle][:, [0, 2]].astype(np.float64), axis=1)
    return speed, -np.degrees(moved[:, 2]), distance


def _within(values: np.ndarray, limits: Range) -> Bool[np.ndarray, " n"]:
    return np.full(len(values), True) if limits == ANY else (values >= limits[0]) & (values <= limits[1])
