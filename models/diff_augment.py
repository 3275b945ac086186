"""Differentiable augmentation: the critic sees real and fake images through the same random changes."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True)
class DiffAugment:
    """Changes of colour, shifts and holes, drawn anew for every image; with them a GAN can learn from few images.

    Source: Zhao et al., NeurIPS 2020, section 3.2; strengths as published there.
    """

    colour: bool = True
    """Brightness by ±0.5, saturation by a factor of 0 to 2, contrast by 0.5 to 1.5."""
    translation: float = 0.125
    """Largest shift as a part of the image's side; what comes in from outside is 0."""
    cutout: float = 0.5
    """Side of a square of zeros as a part of the image's side."""

    def __post_init__(self) -> None:
        """Refuse shifts and holes that leave nothing to see."""
        for name in ("translation", "cutout"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must lie in [0, 1), got {getattr(self, name)}")

    def __call__(
        self, samples: Float[Tensor, "batch channels height width"], *, step: int, rng: torch.Generator
    ) -> Float[Tensor, "batch channels height width"]:
        """Changed images; ``step`` changes nothing."""
        if self.colour:
            samples = _recoloured(samples, rng)
        if self.translation:
            samples = _shifted(samples, self.translation, rng)
        return _holed(samples, self.cutout, rng) if self.cutout else samples


def _recoloured(
    images: Float[Tensor, "batch channels height width"], rng: torch.Generator
) -> Float[Tensor, "batch channels height width"]:
    brightness, saturation, contrast = torch.rand(3, len(images), 1, 1, 1, generator=rng, device=images.device)
    images = images + (brightness - 0.5)
    grey = images.mean(dim=1, keepdim=True)
    images = grey + 2 * saturation * (images - grey)
    level = images.mean(dim=(1, 2, 3), keepdim=True)
    return level + (contrast + 0.5) * (images - level)


def _shifted(
    images: Float[Tensor, "batch channels height width"], part: float, rng: torch.Generator
) -> Float[Tensor, "batch channels height width"]:
    batch, channels, height, width = images.shape
    rows, inside_rows = _sources(batch, height, part, rng)
    columns, inside_columns = _sources(batch, width, part, rng)
    each = torch.arange(batch, device=images.device)[:, None, None, None]
    channel = torch.arange(channels, device=images.device)[None, :, None, None]
    moved = images[each, channel, rows[:, None, :, None], columns[:, None, None, :]]
    return moved * (inside_rows[:, None, :, None] & inside_columns[:, None, None, :])


def _sources(batch: int, length: int, part: float, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """For each image and place: the place it is taken from, and whether that lies inside."""
    furthest = int(length * part + 0.5)
    shift = torch.randint(-furthest, furthest + 1, (batch, 1), generator=rng, device=rng.device)
    source: Int[Tensor, "batch length"] = torch.arange(length, device=rng.device) + shift
    return source.clamp(0, length - 1), (source >= 0) & (source < length)


def _holed(
    images: Float[Tensor, "batch channels height width"], part: float, rng: torch.Generator
) -> Float[Tensor, "batch channels height width"]:
    batch, _, height, width = images.shape
    rows, columns = (_covered(batch, length, part, rng) for length in (height, width))
    return images * ~(rows[:, None, :, None] & columns[:, None, None, :])


def _covered(batch: int, length: int, part: float, rng: torch.Generator) -> Tensor:
    """Which places of one axis lie in the hole, whose centre may be anywhere in the image."""
    side = int(length * part + 0.5)
    first = torch.randint(0, length + 1 - side % 2, (batch, 1), generator=rng, device=rng.device) - side // 2
    place = torch.arange(length, device=rng.device)
    return (place >= first) & (place < first + side)
