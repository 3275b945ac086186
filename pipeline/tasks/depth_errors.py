"""How far estimated depth is from measured depth, frame by frame, by the measures that KITTI papers report.

What counts is decided by the truth alone: pixels whose depth is known (neither 0 nor NaN), lies within the cap and
inside the crop. Estimates are clamped to the cap and never rescaled, since the depth meant here is metric.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float
from PIL import Image

CROPS: dict[str, tuple[float, float, float, float]] = {
    "none": (0.0, 1.0, 0.0, 1.0),
    "garg": (0.40810811, 0.99189189, 0.03594771, 0.96405229),
    "eigen": (0.3324324, 0.91351351, 0.0359477, 0.96405229),
}
"""First and last row, first and last column, as parts of the picture.

Source: Garg et al., ECCV 2016, section 3, and Eigen et al., NeurIPS 2014, section 4, in the numbers that
Godard et al., CVPR 2017, made common.
"""


METRICS = ["abs_rel", "sq_rel_m", "rmse_m", "log_rmse", "si_log_rmse", "delta_1", "delta_2", "delta_3"]
COLUMNS = ["drive", "pixels", *METRICS]
"""Of ``depth_errors``, in order."""


@dataclass(frozen=True)
class DepthProtocol:
    """Which pixels are compared. The default is that of KITTI's Eigen split: 1 mm to 80 m, Garg's crop."""

    nearest_m: float = 1e-3
    farthest_m: float = 80.0
    crop: Literal["none", "garg", "eigen"] = "garg"

    def __post_init__(self) -> None:
        """Refuse a range that holds nothing, and a crop nobody knows."""
        if not 0 < self.nearest_m < self.farthest_m:
            raise ValueError(f"needs 0 < nearest_m < farthest_m, got {self.nearest_m} and {self.farthest_m}")
        if self.crop not in CROPS:
            raise ValueError(f'unknown crop "{self.crop}"; known: {", ".join(CROPS)}')

    def counted(self, truth_m: Float[np.ndarray, "*frame height width"]) -> Bool[np.ndarray, "*frame height width"]:
        """True where the truth is known, within the cap and inside the crop."""
        height, width = truth_m.shape[-2], truth_m.shape[-1]
        inside = np.zeros((height, width), bool)
        top, bottom, left, right = CROPS[self.crop]
        inside[int(top * height) : int(bottom * height), int(left * width) : int(right * width)] = True
        return (truth_m > self.nearest_m) & (truth_m < self.farthest_m) & inside  # comparisons with NaN are False


def depth_errors(
    estimate_m: Float[np.ndarray, "frame height width"],
    truth_m: Float[np.ndarray, "frame height width"],
    drive: Sequence[str],
    protocol: DepthProtocol | None = None,
) -> pd.DataFrame:
    """One row per frame: its ``drive``, how many ``pixels`` were compared, and the means over them.

    With estimate p, truth g and d = ln p - ln g (Eigen et al., NeurIPS 2014, section 4):
    ``abs_rel`` |p - g| / g; ``sq_rel_m`` (p - g)² / g; ``rmse_m`` root of mean (p - g)²; ``log_rmse`` root of mean d²;
    ``si_log_rmse`` root of mean d² - (mean d)², blind to a common factor; ``delta_1`` to ``delta_3`` share of pixels
    with max(p / g, g / p) < 1.25, 1.25², 1.25³. A frame without a pixel to compare has NaN everywhere. Papers report
    the mean over frames of these columns.

    Raises:
        ValueError: lengths differ, or an estimate is not finite at a pixel that counts.
    """
    protocol = protocol or DepthProtocol()
    if len(drive) != len(truth_m):
        raise ValueError(f"{len(drive)} drives for {len(truth_m)} frames")
    rows = []
    for frame, (estimate, truth) in enumerate(zip(estimate_m, truth_m, strict=True)):
        counted = protocol.counted(truth)
        known = estimate[counted].astype(np.float64)
        if not np.isfinite(known).all():
            raise ValueError(f"the estimate of frame {frame} ({drive[frame]}) is not finite where the truth is known")
        clamped = np.clip(known, protocol.nearest_m, protocol.farthest_m)
        place = {"drive": drive[frame], "pixels": len(known)}
        rows.append(place | (_errors(clamped, truth[counted].astype(np.float64)) if len(known) else {}))
    return pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(METRICS, float))


def _errors(estimate: Float[np.ndarray, " pixel"], truth: Float[np.ndarray, " pixel"]) -> dict[str, float]:
    difference, log_ratio = estimate - truth, np.log(estimate / truth)
    squared, deviation = difference**2, np.abs(log_ratio)
    return {
        "abs_rel": float((np.abs(difference) / truth).mean()),
        "sq_rel_m": float((squared / truth).mean()),
        "rmse_m": float(np.sqrt(squared.mean())),
        "log_rmse": float(np.sqrt((log_ratio**2).mean())),
        "si_log_rmse": float(log_ratio.std()),
    } | {f"delta_{k}": float((deviation < k * np.log(1.25)).mean()) for k in (1, 2, 3)}


def resize_estimate(
    estimate_m: Float[np.ndarray, "height width"], size: tuple[int, int]
) -> Float[np.ndarray, "to_height to_width"]:
    """An estimate at the truth's width and height: bilinear in 1 / depth, which is what is straight in a picture.

    The truth itself is never resized: between a car and the sky behind it lies no depth.
    """
    inverse = Image.fromarray((1 / estimate_m).astype(np.float32))
    return 1 / np.asarray(inverse.resize(size, Image.Resampling.BILINEAR))
