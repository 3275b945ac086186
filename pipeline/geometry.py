"""Rigid transforms ``T_dest_src``, projection into the camera, and OXTS navigation as poses.

Frames of reference are named in ``pipeline.schema``. Everything works on whole arrays; nothing here reads a file.
"""

import numpy as np
from jaxtyping import Float

from pipeline.schema import Calibration, require

EARTH_RADIUS_M = 6378137.0
"""Radius used by KITTI's own Mercator conversion (raw devkit, ``latlonToMercator.m``)."""

NEAREST_DEPTH_M = 0.1
"""Edges of a 3D box are cut at this depth before they are projected."""

_EDGES = np.array([(0, 1), (1, 2), (2, 3), (3, 0), (4, 5), (5, 6), (6, 7), (7, 4), (0, 4), (1, 5), (2, 6), (3, 7)])


def invert_rigid(T: Float[np.ndarray, "*n 4 4"]) -> Float[np.ndarray, "*n 4 4"]:
    """The inverse of rigid transforms: R^T and -R^T t, exact where a general inverse is only close."""
    inverse = np.zeros_like(T)
    rotation = np.swapaxes(T[..., :3, :3], -1, -2)
    inverse[..., :3, :3] = rotation
    inverse[..., :3, 3] = -(rotation @ T[..., :3, 3:])[..., 0]
    inverse[..., 3, 3] = 1
    return inverse


def transform_points(T: Float[np.ndarray, "*n 4 4"], points: Float[np.ndarray, "m 3"]) -> Float[np.ndarray, "m 3"]:
    """Points (m) moved by one transform, or each by its own."""
    return np.einsum("...ij,...j->...i", T[..., :3, :3], points) + T[..., :3, 3]


def project(P: Float[np.ndarray, "3 4"], points_cam: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 2"]:
    """Pixels of points (m) in the rectified camera frame; only points in front of the camera make sense."""
    image = points_cam @ P[:, :3].T + P[:, 3]
    return image[..., :2] / image[..., 2:]


def box_corners_cam(
    size_m: Float[np.ndarray, "n 3"], position_cam_m: Float[np.ndarray, "n 3"], rotation_y: Float[np.ndarray, " n"]
) -> Float[np.ndarray, "n 8 3"]:
    """Corners of 3D boxes in the camera frame: four of the bottom face, then four of the top, both in one sense.

    Args:
        size_m: Height, width, length.
        position_cam_m: Centre of the bottom face.
        rotation_y: Heading in radians; at 0 the length lies along camera x.

    Source: KITTI tracking devkit, readme.txt, "Data Format Description".
    """
    height, width, length = size_m.T[:, :, None]
    x = length / 2 * np.array([1, 1, -1, -1, 1, 1, -1, -1])
    y = -height * np.array([0, 0, 0, 0, 1, 1, 1, 1])
    z = width / 2 * np.array([1, -1, -1, 1, 1, -1, -1, 1])
    cos, sin = np.cos(rotation_y)[:, None], np.sin(rotation_y)[:, None]
    return np.stack([cos * x + sin * z, y, cos * z - sin * x], axis=-1) + position_cam_m[:, None]


def project_boxes(
    P: Float[np.ndarray, "3 4"], corners_cam_m: Float[np.ndarray, "n 8 3"], image_size: tuple[int, int]
) -> Float[np.ndarray, "n 4"]:
    """Image boxes (left, top, right, bottom) around 3D boxes, cut at the image border as KITTI labels them.

    Returns:
        Pixels in [0, size - 1]; a row of NaN where nothing of the box is in view.
    """
    outline, border = project_uncut(P, corners_cam_m), np.tile(np.array(image_size) - 1, 2)
    boxes = np.clip(outline, 0, border)
    wide, high = (boxes[:, 2:] > boxes[:, :2]).T
    return np.where((wide & high)[:, None], boxes, np.nan)


def project_uncut(
    P: Float[np.ndarray, "3 4"], corners_cam_m: Float[np.ndarray, "n 8 3"], nearest_m: float = NEAREST_DEPTH_M
) -> Float[np.ndarray, "n 4"]:
    """Image boxes around 3D boxes as if the image had no border; a row of NaN for what lies behind the camera.

    Edges that run behind the camera are cut in 3D first, where a projected corner would land on the wrong side.
    """
    ends = corners_cam_m[:, _EDGES]
    depth = ends @ P[2, :3] + P[2, 3]
    start, stop = ends[:, :, 0], ends[:, :, 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (nearest_m - depth[..., 0]) / (depth[..., 1] - depth[..., 0])
        cut = (start + np.clip(share, 0, 1)[..., None] * (stop - start))[:, :, None]
        shown = np.where((depth >= nearest_m)[..., None], ends, cut)
        hidden = (depth < nearest_m).all(axis=-1) | ~np.isfinite(shown).all(axis=(-1, -2))
        pixels = project(P, shown)
    low = np.where(hidden[..., None, None], np.inf, pixels).min(axis=(1, 2))
    high = np.where(hidden[..., None, None], -np.inf, pixels).max(axis=(1, 2))
    boxes = np.concatenate([low, high], axis=-1)
    return np.where(np.isfinite(boxes).all(axis=1)[:, None], boxes, np.nan)


def rotation_from_euler(
    roll: Float[np.ndarray, " n"], pitch: Float[np.ndarray, " n"], yaw: Float[np.ndarray, " n"]
) -> Float[np.ndarray, "n 3 3"]:
    """Rz(yaw) Ry(pitch) Rx(roll), angles in radians (KITTI raw devkit, ``convertOxtsToPose.m``)."""
    (cr, sr), (cp, sp), (cy, sy) = ((np.cos(angle), np.sin(angle)) for angle in (roll, pitch, yaw))
    rows = [
        [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
        [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
        [-sp, cp * sr, cp * cr],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


def euler_from_rotation(R: Float[np.ndarray, "n 3 3"]) -> Float[np.ndarray, "n 3"]:
    """Roll, pitch and yaw in radians: the inverse of ``rotation_from_euler`` for |pitch| < pi / 2."""
    pitch = np.arcsin(np.clip(-R[:, 2, 0], -1, 1))
    return np.stack([np.arctan2(R[:, 2, 1], R[:, 2, 2]), pitch, np.arctan2(R[:, 1, 0], R[:, 0, 0])], axis=-1)


def rigid(R: Float[np.ndarray, "*n 3 3"], t: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 4 4"]:
    """Rotations and translations (m) as 4x4 transforms."""
    T = np.zeros((*R.shape[:-2], 4, 4))
    T[..., :3, :3], T[..., :3, 3], T[..., 3, 3] = R, t, 1
    return T


def oxts_to_world(lat_lon_alt_roll_pitch_yaw: Float[np.ndarray, "frame 6"]) -> Float[np.ndarray, "frame 4 4"]:
    """Poses ``T_world_imu`` from navigation data; the world is the imu frame of the first pose.

    Latitude and longitude (degrees) become metres by the Mercator projection, scaled for the first latitude.

    Source: KITTI raw devkit, ``convertOxtsToPose.m``; pykitti, ``utils.load_oxts_packets_and_poses``.
    """
    if len(lat_lon_alt_roll_pitch_yaw) == 0:
        return np.zeros((0, 4, 4))
    lat, lon, alt, roll, pitch, yaw = lat_lon_alt_roll_pitch_yaw.T
    radius = EARTH_RADIUS_M * np.cos(np.radians(lat[0]))
    east = radius * np.radians(lon)
    north = radius * np.log(np.tan(np.radians(90 + lat) / 2))
    # Differences before the rotation: Mercator coordinates are millions of metres and would cost digits.
    place = np.stack([east - east[0], north - north[0], alt - alt[0]], axis=-1)
    poses = rigid(rotation_from_euler(roll, pitch, yaw), place)
    return invert_rigid(poses[0]) @ poses


def world_to_oxts(
    T_world_imu: Float[np.ndarray, "frame 4 4"], lat_0: float, lon_0: float
) -> Float[np.ndarray, "frame 6"]:
    """The inverse of ``oxts_to_world`` for a world whose origin lies at ``lat_0``, ``lon_0`` (degrees) facing east."""
    radius = EARTH_RADIUS_M * np.cos(np.radians(lat_0))
    east, north, up = T_world_imu[:, :3, 3].T
    mercator_0 = np.log(np.tan(np.radians(90 + lat_0) / 2))
    lat = 2 * np.degrees(np.arctan(np.exp(north / radius + mercator_0))) - 90
    lon = lon_0 + np.degrees(east / radius)
    return np.column_stack([lat, lon, up, euler_from_rotation(T_world_imu[:, :3, :3])])


def heading_in_world(
    T_world_cam: Float[np.ndarray, "n 4 4"], rotation_y: Float[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """Yaw (rad, counter-clockwise from world x) of objects whose heading about the camera's y axis is known."""
    ahead, aside = np.cos(rotation_y), -np.sin(rotation_y)  # along camera x and z
    x, y = (T_world_cam[:, axis, 0] * ahead + T_world_cam[:, axis, 2] * aside for axis in (0, 1))
    return np.arctan2(y, x)


def heading_in_cam(T_cam_src: Float[np.ndarray, "4 4"], yaw: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """The inverse, for one transform: KITTI's ``rotation_y`` (rad) of objects with ``yaw`` about an upward z axis."""
    facing = np.stack([np.cos(yaw), np.sin(yaw), np.zeros_like(yaw)], axis=-1)
    x, _, z = T_cam_src[:3, :3] @ facing.T
    return np.arctan2(-z, x)


def resize_calibration(calibration: Calibration, size: tuple[int, int]) -> Calibration:
    """The same rig with pictures of another width and height; pixel centres are whole numbers before and after."""
    require(min(size) > 0, f"a picture needs a positive size, got {size}")
    scale = np.array(size) / np.array(calibration.image_size)
    S = np.array([[scale[0], 0, (scale[0] - 1) / 2], [0, scale[1], (scale[1] - 1) / 2], [0, 0, 1]])
    return Calibration(S @ calibration.P2, calibration.T_cam_velo, calibration.T_velo_imu, size)
