"""Depth from one picture: how metres become numbers that a network can write, and the network that writes them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.precision import InPrecision, Precision
from models.unet import UNet


@dataclass(frozen=True)
class DepthCoding:
    """Depth as a number from -1 (near) to 1 (far), spaced as ``space`` says.

    Logarithms make an error of 10 % cost the same at 5 m and at 500 m; inverse depth (disparity) cares for what is
    near; linear depth for what is far.
    """

    space: Literal["log", "inverse", "linear"] = "log"
    nearest_m: float = 1.0
    farthest_m: float = 80.0

    def __post_init__(self) -> None:
        """Refuse a range that holds nothing."""
        if not 0 < self.nearest_m < self.farthest_m:
            raise ValueError(f"needs 0 < nearest_m < farthest_m, got {self.nearest_m} and {self.farthest_m}")
        if self.space not in _SPACES:
            raise ValueError(f'unknown space "{self.space}"; known: {", ".join(_SPACES)}')

    def encode(
        self, depth_m: Float[Tensor, "batch 1 height width"]
    ) -> tuple[Float[Tensor, "batch 1 height width"], Float[Tensor, "batch 1 height width"]]:
        """Codes, and 1 where the depth is known; 0, NaN and infinity mean unknown and have code 0.

        Depth outside the range is moved to its border: the sky is far, and far is known.
        """
        known = (depth_m > 0) & depth_m.isfinite()
        near, far = self._ends()
        spaced = _SPACES[self.space][0](depth_m.where(known, self.nearest_m).clamp(self.nearest_m, self.farthest_m))
        code = 2 * (spaced - near) / (far - near) - 1
        return code.where(known, 0.0), known.to(depth_m.dtype)

    def decode(self, code: Float[Tensor, "batch 1 height width"]) -> Float[Tensor, "batch 1 height width"]:
        """Metres."""
        near, far = self._ends()
        return _SPACES[self.space][1](near + (far - near) * (code.clamp(-1, 1) + 1) / 2)

    def _ends(self) -> tuple[float, float]:
        ends = torch.tensor([self.nearest_m, self.farthest_m], dtype=torch.float64)
        near, far = _SPACES[self.space][0](ends).tolist()
        return near, far


_SPACES: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "log": (torch.log, torch.exp),
    "inverse": (torch.reciprocal, torch.reciprocal),
    "linear": (torch.clone, torch.clone),
}


class DepthNetwork(nn.Module):
    """A U-Net from a picture to the code of its depth.

    With ``bins`` it chooses among that many depths, evenly spaced in the code, and answers with their mean under its
    probabilities: regression by classification, which can hesitate between a car and what is behind it without
    writing halfway between them at the start of training (Cao et al., TCSVT 2018; the mean: Li et al., 2018).
    """

    centres: Tensor

    def __init__(
        self,
        width: int = 32,
        levels: int = 5,
        bins: int = 0,
        precision: Precision = "float32",
        *,
        generator: torch.Generator,
    ) -> None:
        """Draw the initial weights from ``generator`` alone; ``bins`` 0 writes the code directly."""
        super().__init__()
        if bins < 0 or bins == 1:
            raise ValueError(f"bins must be 0 or at least 2, got {bins}")
        self.unet = InPrecision(UNet(3, bins or 1, width, levels, generator=generator), precision)
        self.bins = bins
        self.register_buffer("centres", torch.linspace(-1, 1, max(bins, 1), device=generator.device)[:, None, None])

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 height width"]:
        """Codes in -1 to 1; pictures too lie in -1 to 1."""
        raw: Tensor = self.unet(images)
        if not self.bins:
            return raw.tanh()
        return (raw.softmax(dim=1) * self.centres).sum(dim=1, keepdim=True)


def depth_loss(
    model: nn.Module,
    images: Float[Tensor, "batch 3 height width"],
    code: Float[Tensor, "batch 1 height width"],
    known: Float[Tensor, "batch 1 height width"],
) -> Float[Tensor, ""]:
    """Mean absolute error of the codes over what is known; 0 where nothing is."""
    return ((model(images) - code).abs() * known).sum() / known.sum().clamp(min=1)
