"""Every image strategy by name. To add one: write its file, add its line."""

from pipeline.strategies.images.base import ImageStrategy as ImageStrategy
from pipeline.strategies.images.colour_match import ColourMatch
from pipeline.strategies.images.copies import Copies
from pipeline.strategies.images.cycle_translation import CycleTranslation
from pipeline.strategies.images.darken import Darken
from pipeline.strategies.images.flip import Flip
from pipeline.strategies.images.looked import Looked
from pipeline.strategies.images.noise import Noise
from pipeline.strategies.images.oracle import Oracle
from pipeline.strategies.images.other_objective import OtherObjective
from pipeline.strategies.images.rendered import Rendered

IMAGE_STRATEGIES: dict[str, ImageStrategy] = {
    "copies": Copies(),
    "noise": Noise(),
    "flip": Flip(),
    "darken": Darken(),
    "colour_match": ColourMatch(),
    "cycle_gan": CycleTranslation(),
    "oracle": Oracle(),
    "looked": Looked(),
    "gan": OtherObjective("gan"),
    "l1_gan": OtherObjective("l1_gan"),
    "rendered": Rendered(),
    "rendered_first": Rendered(course="fine_tune", until=0.75, views=4, light=1.0, name="rendered_first"),
}
