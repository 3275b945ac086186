"""How far forecasts on the ground are from what happened, in metres."""

import numpy as np
import pandas as pd
from jaxtyping import Float

from pipeline.schema import KINDS
from pipeline.tasks.ground_paths import future_places
from pipeline.windows import Windows, border_mask


def ground_errors(futures: Float[np.ndarray, "k n future 2"], windows: Windows) -> pd.DataFrame:
    """One row per window: where it comes from, and its errors.

    ``ade_m`` and ``fde_m`` average and final displacement error (Pellegrini et al., ICCV 2009) of the first future,
    the one answer; ``de_1s_m``, ``de_2s_m`` ... its error at each whole second; ``min_ade_m``, ``min_fde_m``,
    ``min_de_1s_m`` ... the same of whichever future is best in that respect; ``step_01_m`` ... the error by frame.
    """
    count = futures.shape[2]
    truth = future_places(windows, windows.boxes.shape[1] - count)
    distance = np.linalg.norm(futures - truth, axis=-1)
    averages = {"ade_m": distance.mean(axis=2), "fde_m": distance[..., -1], **_by_second(distance, windows)}
    return pd.DataFrame({
        "drive": windows.drive,
        "kind": np.asarray(KINDS)[windows.kind],
        "border": border_mask(windows.boxes, windows.image_size[:, None]).any(axis=1),
        **{name: values[0] for name, values in averages.items()},
        **{f"min_{name}": values.min(axis=0) for name, values in averages.items()},
        **{f"step_{step + 1:02d}_m": distance[0, :, step] for step in range(count)},
    })  # fmt: skip


def _by_second(distance: Float[np.ndarray, "k n future"], windows: Windows) -> dict[str, Float[np.ndarray, "k n"]]:
    """Errors at the whole seconds that every window's future holds."""
    dt_s = windows.scenes.dt_s if windows.scenes is not None and len(windows) else np.ones(1)
    rows = np.arange(distance.shape[1])
    seconds = int(distance.shape[2] * dt_s.min() + 1e-6)
    frames = {second: np.round(second / dt_s).astype(int) - 1 for second in range(1, seconds + 1)}
    return {f"de_{second}s_m": distance[:, rows, frame] for second, frame in frames.items()}
