"""Another world's colours without a network: each channel gets the distribution that it has in a picture from there."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from models.reporting import Report, silent
from pipeline.pictures import Pictures
from pipeline.strategies.facts import Facts
from pipeline.strategies.images.base import PictureSynthesizer, changing
from pipeline.strategies.images.domains import domains


@dataclass(frozen=True)
class ColourMatch(Facts):
    """Histogram matching, channel by channel, with a random picture of the world that is to be resembled."""

    def fit(self, real: Pictures, rng: np.random.Generator, report: Report = silent) -> PictureSynthesizer:
        """Keep the cumulative histograms of that world.

        Raises:
            UserError: there is no such world.
        """
        _, there = domains(real, rng, "colour_match")
        wanted = np.array([cumulative(picture) for picture in there])

        def match(pictures: Pictures, rng: np.random.Generator) -> Pictures:
            chosen = rng.integers(len(wanted), size=len(pictures))
            matched = [matched_to(picture, wanted[n]) for picture, n in zip(pictures.image, chosen, strict=True)]
            return pictures.made_by("colour_match", np.array(matched, np.uint8).reshape(pictures.image.shape))

        return changing(real, match)


def cumulative(picture: UInt8[np.ndarray, "height width 3"]) -> Float[np.ndarray, "3 256"]:
    """Part of the pixels that are at most so bright, by channel."""
    counts = np.stack([np.bincount(picture[..., channel].ravel(), minlength=256) for channel in range(3)])
    return counts.cumsum(axis=1) / picture[..., 0].size


def matched_to(
    picture: UInt8[np.ndarray, "height width 3"], wanted: Float[np.ndarray, "3 256"]
) -> UInt8[np.ndarray, "height width 3"]:
    """Each value becomes the smallest that is as high up in the ``wanted`` cumulative histograms."""
    own = cumulative(picture)
    values = np.stack([np.searchsorted(wanted[c], own[c] - 1e-9).clip(max=255) for c in range(3)]).astype(np.uint8)
    return np.stack([values[channel][picture[..., channel]] for channel in range(3)], axis=2)
