"""Image boxes as numbers a network likes: anchored at one frame and measured in box heights.

Height is the scale because width collapses where the image border cuts a box. The representation decides more than
any augmentation: absolute pixel coordinates lose to a predictor that stands still.
"""

import numpy as np
from jaxtyping import Bool, Float

SMALLEST_PX = 1.0
"""Boxes are never thinner than this when they are turned into logarithms."""


def to_relative(
    boxes: Float[np.ndarray, "n time 4"], anchor: Float[np.ndarray, "n 4"]
) -> Float[np.ndarray, "n time 4"]:
    """Boxes relative to an anchor box: centre offset in anchor heights, and log ratio of width and of height.

    ((cx - cx0) / h0, (cy - cy0) / h0, log(w / w0), log(h / h0))
    """
    centre, size = centre_and_size(boxes)
    centre_0, size_0 = centre_and_size(anchor[:, None])
    return np.concatenate([(centre - centre_0) / size_0[..., 1:], np.log(size / size_0)], axis=-1)


def from_relative(
    relative: Float[np.ndarray, "n time 4"], anchor: Float[np.ndarray, "n 4"]
) -> Float[np.ndarray, "n time 4"]:
    """The inverse of ``to_relative``: left, top, right, bottom in pixels."""
    centre_0, size_0 = centre_and_size(anchor[:, None])
    centre = relative[..., :2] * size_0[..., 1:] + centre_0
    size = np.exp(relative[..., 2:]) * size_0
    return np.concatenate([centre - size / 2, centre + size / 2], axis=-1)


def centre_and_size(
    boxes: Float[np.ndarray, "*n 4"],
) -> tuple[Float[np.ndarray, "*n 2"], Float[np.ndarray, "*n 2"]]:
    """Centre and (width, height) of boxes, in pixels; sizes are at least ``SMALLEST_PX``."""
    low, high = boxes[..., :2], boxes[..., 2:]
    return (low + high) / 2, np.maximum(high - low, SMALLEST_PX)


def clip_to_image(
    boxes: Float[np.ndarray, "n time 4"], image_size: Float[np.ndarray, "n 2"]
) -> Float[np.ndarray, "n time 4"]:
    """Boxes cut at the image border, as KITTI labels them: coordinates lie in [0, size - 1]."""
    high = np.concatenate([image_size, image_size], axis=-1)[:, None] - 1
    return np.clip(boxes, 0, high).astype(boxes.dtype)


def visible(boxes: Float[np.ndarray, "n time 4"], width_px: float = 4, height_px: float = 8) -> Bool[np.ndarray, " n"]:
    """Which windows keep a box of a labellable size in every frame (measure after clipping)."""
    size = boxes[..., 2:] - boxes[..., :2]
    return ((size[..., 0] >= width_px) & (size[..., 1] >= height_px)).all(axis=1)


def intersection_over_union(
    first: Float[np.ndarray, "*n 4"], second: Float[np.ndarray, "*n 4"]
) -> Float[np.ndarray, "*n"]:
    """Overlap of boxes: area of the intersection over area of the union, 0 to 1 (Everingham et al., IJCV 2010)."""
    overlap = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    intersection = np.maximum(overlap, 0).prod(axis=-1)
    union = _area(first) + _area(second) - intersection
    return intersection / np.maximum(union, 1e-9)


def _area(boxes: Float[np.ndarray, "*n 4"]) -> Float[np.ndarray, "*n"]:
    return np.maximum(boxes[..., 2:] - boxes[..., :2], 0).prod(axis=-1)
