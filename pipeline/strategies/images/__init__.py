"""Every image strategy by name. To add one: write its file, add its line."""

from pipeline.strategies.images.base import ImageStrategy as ImageStrategy
from pipeline.strategies.images.copies import Copies
from pipeline.strategies.images.cycle_translation import CycleTranslation
from pipeline.strategies.images.darken import Darken
from pipeline.strategies.images.flip import Flip
from pipeline.strategies.images.noise import Noise
from pipeline.strategies.images.oracle import Oracle

IMAGE_STRATEGIES: dict[str, ImageStrategy] = {
    "copies": Copies(),
    "noise": Noise(),
    "flip": Flip(),
    "darken": Darken(),
    "cycle_gan": CycleTranslation(),
    "oracle": Oracle(),
}
