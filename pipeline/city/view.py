"""Looking at the city: a pinhole camera somewhere, and how KITTI's camera becomes one at any picture size."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float

from pipeline import geometry
from pipeline.geometry import invert_rigid
from pipeline.registry import lookup
from pipeline.schema import Calibration

SIZES: dict[str, tuple[int, int]] = {"full": (1242, 375), "half": (621, 188), "quarter": (310, 94), "small": (416, 128)}
"""Width and height of pictures by name."""


@dataclass(frozen=True, eq=False)
class View:
    """A pinhole camera: x right, y down, z forward; pixel centres at whole numbers."""

    width: int
    height: int
    focal_px: tuple[float, float]
    centre_px: tuple[float, float]
    T_view_city: Float[np.ndarray, "4 4"]
    reach_m: float = 1000.0
    """What lies farther ahead may be left out."""

    @cached_property
    def eye_m(self) -> Float[np.ndarray, "3"]:
        """Where the camera is in the city."""
        return invert_rigid(self.T_view_city)[:3, 3]

    def finer(self, samples: int) -> "View":
        """The same picture with ``samples`` times as many pixels along each side."""
        centre = tuple((c + 0.5) * samples - 0.5 for c in self.centre_px)
        focal = tuple(f * samples for f in self.focal_px)
        return replace(self, width=self.width * samples, height=self.height * samples,
                       focal_px=(focal[0], focal[1]), centre_px=(centre[0], centre[1]))  # fmt: skip

    def padded(self, border_px: int) -> "View":
        """The same camera with a border around its picture."""
        return replace(self, width=self.width + 2 * border_px, height=self.height + 2 * border_px,
                       centre_px=(self.centre_px[0] + border_px, self.centre_px[1] + border_px))  # fmt: skip


def resize_calibration(calibration: Calibration, size: str) -> Calibration:
    """The same rig with pictures of a size in ``SIZES``.

    Raises:
        UserError: there is no such size.
    """
    return geometry.resize_calibration(calibration, lookup(SIZES, size, "picture size"))


def camera_view(calibration: Calibration, T_city_imu: Float[np.ndarray, "4 4"]) -> View:
    """KITTI's left colour camera as a pinhole: the last column of P2 becomes a shift of the camera."""
    P2 = calibration.P2
    shift = np.eye(4)
    shift[:3, 3] = np.linalg.solve(P2[:, :3], P2[:, 3])
    return View(
        *calibration.image_size, (P2[0, 0], P2[1, 1]), (P2[0, 2], P2[1, 2]),
        shift @ calibration.T_cam_imu @ invert_rigid(T_city_imu),
    )  # fmt: skip
