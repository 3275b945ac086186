"""A domain map for a reader's pointer: each point with a drawing of its sample, as compact JSON in the page."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from markupsafe import Markup
from PIL import Image

from pipeline.boxes import centre_and_size
from pipeline.domain_maps import DomainMap
from pipeline.pictures import Pictures
from pipeline.samples import Samples
from pipeline.windows import Windows

WIDTH_PX = 112
"""Of a small picture."""


@dataclass(frozen=True, eq=False)
class PointedMap:
    """A map, and what its script needs to show the samples behind its points."""

    found: DomainMap
    data: Markup
    """JSON that is safe inside a script element."""


def pointed(found: DomainMap, sets: Mapping[str, Samples]) -> PointedMap:
    """The map with a drawing of every sample in it."""
    domains = list(dict.fromkeys(found.domain))
    points: list[list[Any]] = []
    for domain in domains:
        rows = np.flatnonzero(found.domain == domain)
        drawings = drawn(sets[domain].take(found.index[rows]))
        for row, drawing in zip(rows, drawings, strict=True):
            places = [round(float(value), 3) for place in found.places.values() for value in place[row]]
            points.append([domains.index(domain), places, drawing])
    text = json.dumps({"methods": list(found.places), "domains": domains, "points": points}, separators=(",", ":"))
    return PointedMap(found, Markup(text.replace("<", r"\u003c")))


def drawn(samples: Samples) -> list[Any]:
    """Samples as a page draws them: boxes in thousandths of the image's width, or a small JPEG as text."""
    if isinstance(samples, Windows):
        return [_track(boxes, size) for boxes, size in zip(samples.boxes, samples.image_size, strict=True)]
    if isinstance(samples, Pictures):
        return [_jpeg(image) for image in samples.image]
    raise TypeError(f"no drawing is known for {type(samples).__name__}")


def _track(boxes: Float[np.ndarray, "time 4"], size: Float[np.ndarray, "2"]) -> list[Any]:
    """Height of the image, centres, first box and last box."""
    unit = 1000 / float(size[0])
    centres = (centre_and_size(boxes)[0] * unit).round().astype(int)
    first, last = (boxes[[0, -1]] * unit).round().astype(int)
    return [round(float(size[1]) * unit), centres.ravel().tolist(), first.tolist(), last.tolist()]


def _jpeg(image: UInt8[np.ndarray, "height width 3"]) -> str:
    height, width = image.shape[:2]
    small = Image.fromarray(image).resize((WIDTH_PX, max(1, round(height * WIDTH_PX / width))))
    target = BytesIO()
    small.save(target, "JPEG", quality=55)
    return base64.b64encode(target.getvalue()).decode()
