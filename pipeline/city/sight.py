"""How much of each road user the camera can see, from boxes and building lines alone (no picture is drawn)."""

import numpy as np
from jaxtyping import Bool, Float, Int

SAMPLES = np.array([(u, v) for v in (0.25, 0.6, 0.85) for u in (0.1, 0.3, 0.5, 0.7, 0.9)])
"""Where a box is probed, as shares of its width and height."""

PARTLY, LARGELY, BARELY = 0.85, 0.45, 0.12
"""Visible shares below which KITTI's occlusion level becomes 1, 2, and nobody would label the object."""


def behind_buildings(
    eye_m: Float[np.ndarray, "2"], points_m: Float[np.ndarray, "*n 2"], blocks: Float[np.ndarray, "block 4"]
) -> Bool[np.ndarray, "*n"]:
    """Whether the straight line from the eye to a point crosses a block (slab test on rectangles)."""
    ray = points_m - eye_m
    with np.errstate(divide="ignore", invalid="ignore"):
        low = (blocks[:, :2] - eye_m) / ray[..., None, :]
        high = (blocks[:, 2:] - eye_m) / ray[..., None, :]
    enter = np.minimum(low, high).max(axis=-1)
    leave = np.maximum(low, high).min(axis=-1)
    return ((enter < leave) & (enter < 1) & (leave > 0)).any(axis=-1)


def visible_share(
    boxes: Float[np.ndarray, "n 4"], depth_m: Float[np.ndarray, " n"], hidden: Bool[np.ndarray, "n 3"]
) -> Float[np.ndarray, " n"]:
    """Share of each image box that nearer boxes and buildings leave free.

    Args:
        boxes: Pixels.
        depth_m: Distance of each object.
        hidden: Whether a building hides the left, the middle and the right of each object.
    """
    at = boxes[:, None, :2] + SAMPLES * (boxes[:, None, 2:] - boxes[:, None, :2])
    built = hidden[:, np.digitize(SAMPLES[:, 0], [1 / 3, 2 / 3])]
    # an object fills less than its box: shrink those that hide others
    middle, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2 * (0.86, 0.95)
    inside = (np.abs(at[:, :, None] - middle) < half).all(axis=-1)
    nearer = depth_m[None] < depth_m[:, None] - 0.8
    covered = (inside & nearer[:, None]).any(axis=-1)
    return 1 - (covered | built).mean(axis=1)


def occlusion_level(share: Float[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """KITTI's levels: 0 fully visible, 1 partly, 2 largely occluded."""
    return (share < PARTLY).astype(np.int64) + (share < LARGELY)


def truncation_level(share: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """KITTI tracking's levels of truncation from the share of a box outside the image."""
    return (share > 0.15).astype(float) + (share > 0.5)
