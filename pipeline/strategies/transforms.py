"""Strategies that change real windows one by one share this: draw windows, change them, keep what stays in view."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from pipeline.boxes import clip_to_image, visible
from pipeline.scenes import Scenes
from pipeline.schema import UserError
from pipeline.strategies.base import Synthesizer
from pipeline.windows import Windows

Transform: TypeAlias = Callable[[Windows, np.random.Generator], np.ndarray]
"""Windows -> changed boxes (n, time, 4) in pixels, not yet clipped."""

ROUNDS = 50
"""How often rejected windows are drawn again before giving up."""


SceneTransform: TypeAlias = Callable[[Windows, np.random.Generator], Scenes | None]
"""Windows -> their scenes after the change; None where the new boxes mean nothing in the world."""


def transforming(
    real: Windows, transform: Transform, name: str, scenes: SceneTransform = lambda windows, rng: None
) -> Synthesizer:
    """A synthesizer that passes through ``real`` in random order and changes each window it takes.

    Every real window serves once before any serves twice. Windows that leave the view are replaced by others.
    """

    def synthesize(count: int, rng: np.random.Generator) -> Windows:
        parts: list[Windows] = []
        missing = count
        for _ in range(ROUNDS):
            if missing <= 0:
                break
            drawn = real.take(shuffled(len(real), missing, rng))
            boxes = clip_to_image(transform(drawn, rng).astype(np.float32), drawn.image_size)
            changed = drawn.moved_to(boxes, name, scenes(drawn, rng))
            parts.append(changed.take(visible(changed.boxes)))
            missing -= len(parts[-1])
        if missing > 0:
            raise UserError(f'Strategy "{name}" leaves almost no window in view: {count - missing} of {count} made.')
        return Windows.concatenate(parts) if parts else real.take(np.zeros(0, np.int64)).made_by(name)

    return synthesize


def shuffled(size: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """``count`` indices below ``size`` in random order, each used equally often as far as possible."""
    passes = [rng.permutation(size) for _ in range(-(-count // size))]
    return np.concatenate(passes)[:count] if passes else np.zeros(0, np.int64)
