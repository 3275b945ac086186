"""Other views of pictures with boxes: mirrored, zoomed and shifted, as a small set lacks places and sizes."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from models.detector import PADDING, UNLABELLED

Batch = tuple[Float[Tensor, "n 3 height width"], Float[Tensor, "n object 4"], Int[Tensor, "n object"]]
"""Images, boxes in pixels, and classes, ``PADDING`` or ``UNLABELLED``."""
View = tuple[Float[Tensor, "n 3 rows columns"], Float[Tensor, "n object 4"], Int[Tensor, "n object"]]
"""The same, of another size perhaps."""


@dataclass(frozen=True)
class BoxViews:
    """A random view of each picture; the place that is looked at stays within it where it is smaller."""

    zoom: tuple[float, float] = (0.8, 1.6)
    """Smallest and largest; drawn evenly in the logarithm."""
    mirrored: float = 0.5
    """Part of the pictures."""
    kept: float = 0.3
    """An object of which less remains in view is no longer asked for."""
    cut: int = 1
    """Rows and columns of a view are this part of the picture's: with 2 and a zoom of about 2, views are crops."""

    def __post_init__(self) -> None:
        """Refuse what shows nothing."""
        if not 0 < self.zoom[0] <= self.zoom[1]:
            raise ValueError(f"zoom must be a range above 0, got {self.zoom[0]} to {self.zoom[1]}")
        if not (0 <= self.mirrored <= 1 and 0 <= self.kept <= 1):
            raise ValueError(f"mirrored and kept must lie in 0 to 1, got {self.mirrored} and {self.kept}")
        if self.cut < 1:
            raise ValueError(f"cut must be at least 1, got {self.cut}")

    def __call__(self, batch: Batch, rng: torch.Generator) -> View:
        """The batch seen otherwise; boxes are clipped to what is in view."""
        images, boxes, kind = batch
        count, channels, *size = images.shape
        height, width = (side // self.cut for side in size)
        low, high = torch.tensor(self.zoom).log().tolist()
        zoom = torch.empty(count, 1).uniform_(low, high, generator=rng).exp()
        flip = 1 - 2 * (torch.rand(count, generator=rng) < self.mirrored).float()
        # In coordinates from -1 to 1: a view of 1 / zoom of the picture about a centre that keeps it inside.
        centre = (1 - 1 / zoom).abs() * (2 * torch.rand(count, 2, generator=rng) - 1)
        scale = torch.cat([flip[:, None] / zoom, 1 / zoom], dim=1)
        seen = grid_sample(
            images,
            affine_grid(
                torch.cat([torch.diag_embed(scale), centre[..., None]], dim=2), [count, channels, height, width], False
            ),
            padding_mode="reflection", align_corners=False,
        )  # fmt: skip
        moved = _moved(boxes, scale, centre, torch.tensor(size[::-1]), torch.tensor([width, height]))
        inside = moved.clamp(min=-0.5).minimum(torch.tensor([width, height, width, height]) - 0.5)
        part = _area(inside) / _area(moved).clamp(min=1e-6)
        kind = torch.where((part < self.kept) & (kind >= 0), UNLABELLED, kind)
        return seen, inside, torch.where((part <= 0) & (kind != PADDING), PADDING, kind)


def _moved(
    boxes: Float[Tensor, "n object 4"],
    scale: Float[Tensor, "n 2"],
    centre: Float[Tensor, "n 2"],
    size: Tensor,
    shown: Tensor,
) -> Float[Tensor, "n object 4"]:
    """Boxes where a view of ``shown`` pixels has them: a point x of the picture is seen at (x - centre) / scale."""
    corners = (boxes.unflatten(2, (2, 2)) + 0.5) * 2 / size - 1
    corners = (corners - centre[:, None, None]) / scale[:, None, None]
    corners = (corners + 1) * shown / 2 - 0.5
    return torch.cat([corners.amin(dim=2), corners.amax(dim=2)], dim=2)


def _area(boxes: Float[Tensor, "n object 4"]) -> Float[Tensor, "n object"]:
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(dim=2)
