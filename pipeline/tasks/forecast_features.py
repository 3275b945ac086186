"""What a forecaster sees of a window: its observed motion and its last place, standardised."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pipeline.boxes import centre_and_size
from pipeline.schema import KINDS
from pipeline.tasks.baselines import relative_history
from pipeline.windows import Windows

FAR = 6.0
"""Standardised features are held within this many standard deviations: near objects have very heavy tails."""


@dataclass(frozen=True, eq=False)
class Standardiser:
    """Mean and standard deviation of the inputs, from real training windows."""

    mean: Float[np.ndarray, " feature"]
    sd: Float[np.ndarray, " feature"]

    def __call__(self, values: np.ndarray) -> Tensor:
        """Standardised, clipped and as float32."""
        return torch.from_numpy(np.clip((values - self.mean) / self.sd, -FAR, FAR).astype(np.float32))

    @classmethod
    def of(cls, values: np.ndarray) -> "Standardiser":
        """Fitted over all axes but the last."""
        flat = values.reshape(-1, values.shape[-1])
        return cls(flat.mean(axis=0), flat.std(axis=0) + 1e-6)


def motion_features(windows: Windows, history: int) -> Float[np.ndarray, "n history 8"]:
    """Observed boxes relative to the last one, and their steps: heavy tails tamed by asinh."""
    relative = relative_history(windows, history)
    steps = np.diff(relative, axis=1, prepend=relative[:, :1])
    return np.arcsinh(np.concatenate([relative / 0.3, steps / 0.03], axis=-1))


def place_features(windows: Windows, history: int) -> Float[np.ndarray, "n place"]:
    """Where in the image the last observed box is, how large, how far from the side borders, and its class."""
    last = windows.boxes[:, history - 1]
    centre, size = centre_and_size(last)
    height = size[:, 1:]
    gaps = np.stack([last[:, 0], windows.image_size[:, 0] - 1 - last[:, 2]], axis=1) / height
    kind = np.eye(len(KINDS))[windows.kind]
    parts = [centre / windows.image_size, np.log(size / windows.image_size), np.minimum(gaps, 1.0), kind]
    return np.concatenate(parts, axis=1)
