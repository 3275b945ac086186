"""Before and after in one place: a translated picture over its source, and a line between them that a reader moves."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from jaxtyping import UInt8
from markupsafe import Markup
from PIL import Image

from pipeline.figures.sample_figures import sources_of, spread
from pipeline.pages import image
from pipeline.pictures import Pictures
from pipeline.samples import Samples
from pipeline.strategies import PLACEBOS


@dataclass(frozen=True)
class Wipe:
    """One picture as it was, and as a strategy made it."""

    strategy: str
    before: Markup
    after: Markup


def wipes(samples: Mapping[str, Samples], real: Samples) -> list[Wipe]:
    """A picture of each strategy that changed real pictures and left everything in its place; placebos left out."""
    if not isinstance(real, Pictures):
        return []
    found = []
    for strategy, made in samples.items():
        if strategy not in PLACEBOS and isinstance(made, Pictures) and len(made):
            shown = made.take(spread(len(made))[:1])
            source = sources_of(shown, real)
            if source is not None and _in_place(shown, source):
                before = _inline(source.image[0], "A real picture")
                found.append(Wipe(strategy, before, _inline(shown.image[0], f"The same, made by {strategy}")))
    return found


def _in_place(shown: Pictures, source: Pictures) -> bool:
    """Whether every label is where it was, and the picture is another."""
    same = np.array_equal(shown.boxes, source.boxes)
    if shown.depth_m is not None and source.depth_m is not None:
        same = same and np.array_equal(shown.depth_m, source.depth_m, equal_nan=True)
    return bool(same and (shown.image != source.image).any())


def _inline(pixels: UInt8[np.ndarray, "height width 3"], alt: str) -> Markup:
    target = BytesIO()
    Image.fromarray(pixels).save(target, "JPEG", quality=85)
    return image(alt, target.getvalue(), "jpeg")
