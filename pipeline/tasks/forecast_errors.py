"""How far a forecast is from what happened: displacement in pixels and box heights, and overlap."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float

from pipeline.boxes import centre_and_size, intersection_over_union
from pipeline.schema import KINDS
from pipeline.windows import Windows, border_mask

GROUPS = ["drive", "kind", "border"]
"""What errors are told apart by."""


def forecast_errors(forecast: Float[np.ndarray, "n future 4"], windows: Windows) -> pd.DataFrame:
    """One row per window: where it comes from, and its errors.

    ``e1_px`` centre distance one step ahead; ``ade_px`` and ``fde_px`` average and final displacement error
    (Pellegrini et al., ICCV 2009) of the box centre; ``nade`` the average in heights of the last observed box;
    ``iou_1`` and (for ten frames) ``iou_10`` overlap at the first and the last step; ``step_01_px`` ... centre distance
    by horizon.
    """
    future = forecast.shape[1]
    history = windows.boxes.shape[1] - future
    truth = windows.boxes[:, history:]
    distance = np.linalg.norm(centre_and_size(forecast)[0] - centre_and_size(truth)[0], axis=-1)
    height = centre_and_size(windows.boxes[:, history - 1])[1][:, 1]
    columns = {
        "drive": windows.drive,
        "kind": np.asarray(KINDS)[windows.kind],
        "border": border_mask(windows.boxes, windows.image_size[:, None]).any(axis=1),
        "e1_px": distance[:, 0],
        "ade_px": distance.mean(axis=1),
        "fde_px": distance[:, -1],
        "nade": distance.mean(axis=1) / height,
        "iou_1": intersection_over_union(forecast[:, 0], truth[:, 0]),
        f"iou_{future}": intersection_over_union(forecast[:, -1], truth[:, -1]),
    }
    steps = {f"step_{step + 1:02d}_px": distance[:, step] for step in range(future)}
    return pd.DataFrame({**columns, **steps})


def summarise(errors: pd.DataFrame, groups: Sequence[str] = tuple(GROUPS)) -> pd.DataFrame:
    """Mean errors per drive, class and border flag, with the number of windows ``n``."""
    grouped = errors.groupby(list(groups), sort=True)
    return grouped.mean().assign(n=grouped.size()).reset_index()
