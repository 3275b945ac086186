"""The recording car: KITTI's sensors on a body that nods and rolls a little."""

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

from pipeline.geometry import rigid, rotation_from_euler
from pipeline.schema import KITTI_DT_S, Calibration

IMAGE_SIZE = (1242, 375)
IMU_HEIGHT_M = 0.93
REAR_AXLE_M = 1.2
"""From the middle of the car back to the inertial unit."""


def kitti_calibration() -> Calibration:
    """The rig of 26 September 2011: focal length 721.5 px, LiDAR 0.08 m above the camera and 0.27 m behind it.

    Source: Geiger et al., "Vision meets Robotics: The KITTI Dataset", IJRR 2013, section III.
    """
    P2 = np.array([[721.5377, 0, 609.5593, 44.85728], [0, 721.5377, 172.854, 0.2163791], [0, 0, 1, 0.002745884]])
    rectify = _homogeneous([0.9999239, 0.00983776, -0.007445048, 0.0, -0.009869795, 0.9999421, -0.004278459, 0.0,
                            0.007402527, 0.004351614, 0.9999631, 0.0])  # fmt: skip
    cam_velo = _homogeneous([0.007533745, -0.9999714, -0.000616602, -0.004069766, 0.01480249, 0.0007280733, -0.9998902,
                             -0.07631618, 0.9998621, 0.00752379, 0.01480755, -0.2717806])  # fmt: skip
    velo_imu = _homogeneous([0.9999976, 0.0007553071, -0.002035826, -0.8086759, -0.0007854027, 0.9998898, -0.01482298,
                             0.3195559, 0.002024406, 0.01482454, 0.9998881, -0.7997231])  # fmt: skip
    return Calibration(P2, rectify @ cam_velo, velo_imu, IMAGE_SIZE)


def _homogeneous(values: list[float]) -> Float[np.ndarray, "4 4"]:
    return np.vstack([np.array(values).reshape(3, 4), [0.0, 0.0, 0.0, 1.0]])


def ego_poses(
    position_m: Float[np.ndarray, "frame 2"], yaw_rad: Float[np.ndarray, " frame"],
    speed_mps: Float[np.ndarray, " frame"], rng: np.random.Generator,
) -> Float[np.ndarray, "frame 4 4"]:  # fmt: skip
    """``T_city_imu`` of a car driven along a path: it nods when it brakes, and the road shakes it a little."""
    frames = len(yaw_rad)
    facing = np.stack([np.cos(yaw_rad), np.sin(yaw_rad)], axis=-1)
    acceleration = gaussian_filter1d(np.gradient(speed_mps, KITTI_DT_S), 3)
    shake = np.minimum(1, speed_mps / 6)
    roll, pitch, lift = gaussian_filter1d(rng.standard_normal((3, frames)), 1.5, axis=1) * 2.3 * shake
    pitch = 0.0014 * pitch - 0.004 * acceleration
    place = np.column_stack([position_m - REAR_AXLE_M * facing, IMU_HEIGHT_M + 0.008 * lift])
    return rigid(rotation_from_euler(0.003 * roll, pitch, yaw_rad), place)
