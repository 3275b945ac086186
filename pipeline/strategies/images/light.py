"""The same pictures in another light: a network that has seen many exposures cares less for the one it meets."""

from dataclasses import replace

import numpy as np

from pipeline.pictures import Pictures

GAMMA, GAIN = 1.6, 1.4
"""At strength 1, the largest power and the largest factor of the brightness, and one over them the smallest."""
TINT = 0.12
"""At strength 1, the spread of the factor of each channel."""


def relit(pictures: Pictures, strength: float, rng: np.random.Generator) -> Pictures:
    """Each picture with its own power, factor and tint of brightness, drawn around none; labels and depth stay.

    Args:
        pictures: To be lit anew; they are not changed.
        strength: 0 leaves the light as it is, 1 reaches from a dull to a glaring day.
        rng: Where the light comes from.
    """
    if not strength or not len(pictures):
        return pictures
    count = (len(pictures), 1, 1, 1)
    gamma, gain = (np.exp(strength * np.log(most) * rng.uniform(-1, 1, count)) for most in (GAMMA, GAIN))
    tint = 1 + strength * TINT * rng.standard_normal((len(pictures), 1, 1, 3))
    light = (pictures.image / np.float32(255)) ** gamma.astype(np.float32) * (gain * tint).astype(np.float32)
    return replace(pictures, image=np.clip(255 * light + 0.5, 0, 255).astype(np.uint8))
