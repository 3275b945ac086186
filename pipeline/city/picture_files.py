"""Pictures, depth, ids and scans as files beside KITTI's tracking labels: ``KIND/DRIVE/FRAME.png``."""

from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt16

from pipeline.city.png import encode_png
from pipeline.city.render import Picture

DEPTH_STEPS = 256
"""KITTI's depth pictures count 1/256 m; 0 means unknown."""
DEEPEST_M = 65535 / DEPTH_STEPS

FOLDER_OF_LOOK = {"day": "image_02", "night": "night/image_02", "dusk": "dusk/image_02", "rain": "rain/image_02"}


def encode_depth(depth_m: Float[np.ndarray, "height width"]) -> UInt16[np.ndarray, "height width"]:
    """Metres as KITTI stores them; 0 for the sky and for what lies beyond 255.99 m."""
    steps = np.round(np.where(depth_m < DEEPEST_M, depth_m, 0) * DEPTH_STEPS)
    return steps.astype(np.uint16)


def write_picture(root: Path, drive: str, frame: int, picture: Picture) -> None:
    """All pictures of one frame. ``depth`` in KITTI's encoding; ``depth_float16`` reaches 1000 m, infinite for sky."""
    name = f"{drive}/{frame:06d}"
    for look, image in picture.colour.items():
        _save(root / FOLDER_OF_LOOK[look] / f"{name}.png", image)
    _save(root / "depth" / f"{name}.png", encode_depth(picture.depth_m))
    _save(root / "semantic" / f"{name}.png", picture.semantic)
    _save(root / "instance" / f"{name}.png", picture.instance.astype(np.uint16))
    far = root / "depth_float16" / f"{name}.npy"
    far.parent.mkdir(parents=True, exist_ok=True)
    np.save(far, picture.depth_m.astype(np.float16))


def write_scan(root: Path, drive: str, frame: int, points: Float[np.ndarray, "point 4"]) -> None:
    """A LiDAR scan as KITTI stores it: x, y, z, reflectance as float32."""
    path = root / "velodyne" / drive / f"{frame:06d}.bin"
    path.parent.mkdir(parents=True, exist_ok=True)
    points.tofile(path)


def _save(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_png(image))
