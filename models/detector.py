"""A small anchor-free detector: every object is the point at its centre, with a size; no anchors, no suppression.

Zhou et al., Objects as Points, 2019, on a backbone small enough to be trained on one CPU core. Boxes are left, top,
right, bottom in pixels, whole numbers at pixel centres; images lie in -1 to 1, as image generators write them.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import interpolate, logsigmoid, max_pool2d

from models.blocks import materialise

STRIDE = 4
"""Pixels per cell of the output."""
COARSEST = 16
"""Pixels per cell at the bottom of the backbone: images must be multiples of it."""
PADDING, UNLABELLED = -1, -2
"""Instead of a class: no object at all; a region in which nobody labelled objects."""
PRIOR = 0.1
"""Probability of an object in a cell that the untrained network claims (Lin et al., ICCV 2017, section 4.1)."""


class Maps(NamedTuple):
    """What the network says about every cell."""

    heat: Float[Tensor, "batch classes rows columns"]
    """Logit of an object of the class having its centre here."""
    offset: Float[Tensor, "batch 2 rows columns"]
    """Where in the cell the centre is, x and y from 0 to 1."""
    log_size: Float[Tensor, "batch 2 rows columns"]
    """Logarithm of width and height, in cells."""


class CentrePointDetector(nn.Module):
    """Four halvings and two steps back up: features of stride 4 that know of their surroundings."""

    def __init__(self, classes: int, width: int = 16, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone; ``width`` channels at half size, doubled at each step."""
        super().__init__()
        self.classes = classes
        sizes = [width * factor for factor in (1, 2, 4, 8)]
        with torch.device("meta"):
            self.stem = _stage(3, sizes[0])
            self.down = nn.ModuleList(_stage(sizes[i], sizes[i + 1]) for i in range(3))
            self.across = nn.ModuleList(nn.Conv2d(size, sizes[2], 1) for size in sizes[1:])
            self.mix = nn.ModuleList(_convolution(sizes[2], sizes[2]) for _ in range(2))
            self.head = nn.Conv2d(sizes[2], classes + 4, 1)
        materialise(self, generator)
        nn.init.constant_(self.head.get_parameter("bias")[:classes], -math.log(1 / PRIOR - 1))

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Maps:
        """Maps of a quarter of the height and the width.

        Raises:
            ValueError: the height or the width is no multiple of 16.
        """
        if images.shape[2] % COARSEST or images.shape[3] % COARSEST:
            raise ValueError(f"images must be multiples of {COARSEST} px high and wide, got {tuple(images.shape[2:])}")
        features = self.stem(images)
        levels = []
        for stage, across in zip(self.down, self.across, strict=True):
            features = stage(features)
            levels.append(across(features))
        merged = levels[2]
        for mix, finer in zip(self.mix, (levels[1], levels[0]), strict=True):
            merged = mix(finer + interpolate(merged, scale_factor=2.0, mode="nearest"))
        return Maps(*self.head(merged).split([self.classes, 2, 2], dim=1))


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
    return nn.Sequential(convolution, nn.GroupNorm(8, outputs), nn.ReLU())


def _stage(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(_convolution(inputs, outputs, 2), _convolution(outputs, outputs))


def detection_loss(
    model: nn.Module,
    images: Float[Tensor, "batch 3 height width"],
    boxes: Float[Tensor, "batch object 4"],
    kind: Int[Tensor, "batch object"],
) -> Float[Tensor, ""]:
    """Focal loss of the centres plus, at them, the absolute errors of offset and logarithmic size.

    L = L_heat + L_offset + L_size, each per object (Zhou et al., 2019, section 3). Sizes are learnt as logarithms, so
    that far objects count like near ones. ``kind`` is a class, ``PADDING`` or ``UNLABELLED``.
    """
    maps: Maps = model(images)
    rows, columns = maps.heat.shape[2:]
    place, size = _cells(boxes)
    column, row = (place[..., axis].long().clamp(0, cells - 1) for axis, cells in enumerate((columns, rows)))
    is_object = (kind >= 0).float()
    heat = centre_heat(boxes, kind, maps.heat.shape[1], (rows, columns))
    total = focal_loss(maps.heat, heat, _labelled(boxes, kind, (rows, columns)))
    wanted = place - torch.stack([column, row], dim=2), size.log()
    for said, right in zip((maps.offset, maps.log_size), wanted, strict=True):
        error = (_at(said, row * columns + column) - right).abs().sum(dim=2)
        total = total + (error * is_object).sum()
    return total / is_object.sum().clamp(min=1)


def _at(values: Float[Tensor, "batch 2 rows columns"], cell: Int[Tensor, "batch n"]) -> Float[Tensor, "batch n 2"]:
    """Both values of some cells, counted row by row."""
    return values.flatten(2).gather(2, cell[:, None].expand(-1, 2, -1)).mT


def focal_loss(
    logit: Float[Tensor, "batch classes rows columns"],
    heat: Float[Tensor, "batch classes rows columns"],
    labelled: Float[Tensor, "batch 1 rows columns"],
) -> Float[Tensor, ""]:
    """- Σ (1 - p)² log p at centres, - Σ (1 - y)⁴ p² log(1 - p) elsewhere; unlabelled cells are no evidence.

    Source: Law and Deng, ECCV 2018, equation 1; Zhou et al., 2019, equation 1.
    """
    probability = logit.sigmoid()
    at_centre = (1 - probability).square() * logsigmoid(logit)
    elsewhere = (1 - heat).pow(4) * probability.square() * logsigmoid(-logit) * labelled
    return -torch.where(heat == 1, at_centre, elsewhere).sum()


def centre_heat(
    boxes: Float[Tensor, "batch object 4"], kind: Int[Tensor, "batch object"], classes: int, cells: tuple[int, int]
) -> Float[Tensor, "batch classes rows columns"]:
    """1 at the cell of each centre, falling off around it as a Gaussian in proportion to the box.

    The deviations are 0.54 / 6 of width and height (Liu et al., TTFNet, AAAI 2020, section 3.1), as cars are wide.
    """
    place, size = _cells(boxes)
    centre = place.floor()
    deviation = (0.09 * size).clamp(min=0.3)
    bumps = []
    for axis, count in ((1, cells[0]), (0, cells[1])):
        cell = torch.arange(count, device=boxes.device)
        middle = centre[..., axis, None].clamp(0, count - 1)
        bumps.append((-((cell - middle) / deviation[..., axis, None]).square() / 2).exp())
    bump = bumps[0][..., :, None] * bumps[1][..., None, :]
    belongs = torch.stack([kind == code for code in range(classes)], dim=1)
    return torch.stack([(bump * belongs[:, code, :, None, None]).amax(dim=1) for code in range(classes)], dim=1)


def _labelled(
    boxes: Float[Tensor, "batch object 4"], kind: Int[Tensor, "batch object"], cells: tuple[int, int]
) -> Float[Tensor, "batch 1 rows columns"]:
    """0 in cells whose centre lies in an unlabelled region, 1 elsewhere."""
    within = []
    for axis, count in ((1, cells[0]), (0, cells[1])):
        middle = (torch.arange(count, device=boxes.device) + 0.5) * STRIDE - 0.5
        within.append((middle >= boxes[..., axis, None]) & (middle <= boxes[..., axis + 2, None]))
    region = within[0][..., :, None] & within[1][..., None, :] & (kind == UNLABELLED)[..., None, None]
    return 1 - region.any(dim=1, keepdim=True).float()


def _cells(boxes: Float[Tensor, "*n 4"]) -> tuple[Float[Tensor, "*n 2"], Float[Tensor, "*n 2"]]:
    """Centre and size of boxes in cells; nothing is smaller than a quarter of a pixel."""
    low, high = boxes[..., :2], boxes[..., 2:]
    return ((low + high) / 2 + 0.5) / STRIDE, (high - low).clamp(min=0.25) / STRIDE


class Found(NamedTuple):
    """The surest detections of each image, best first."""

    boxes: Float[Tensor, "batch found 4"]
    score: Float[Tensor, "batch found"]
    kind: Int[Tensor, "batch found"]


@torch.no_grad()
def find_peaks(maps: Maps, most: int = 100) -> Found:
    """Boxes at the cells that are the surest among their eight neighbours, at most ``most`` per image.

    Cells that are no peak have score 0. Boxes are clipped to the image. Source: Zhou et al., 2019, section 4.
    """
    heat = maps.heat.sigmoid()
    rows, columns = heat.shape[2:]
    peaks = heat * (heat == max_pool2d(heat, 3, 1, 1))
    score, index = peaks.flatten(1).topk(min(most, peaks[0].numel()))
    kind, cell = index // (rows * columns), index % (rows * columns)
    offset, log_size = _at(maps.offset, cell), _at(maps.log_size, cell)
    centre = (torch.stack([cell % columns, cell // columns], dim=2) + offset) * STRIDE - 0.5
    half = log_size.exp() * STRIDE / 2
    border = torch.tensor([columns, rows, columns, rows], device=heat.device) * STRIDE - 1.0
    boxes = torch.cat([centre - half, centre + half], dim=2).clamp(min=0).minimum(border)
    return Found(boxes, score, kind)
