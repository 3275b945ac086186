"""Another strategy's windows, moved toward the recordings by a network that a critic of recordings has taught."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from models.adaptation import CodeJudge, CodeRefiner
from models.adversarial import Players, train_adversarial
from models.latents import normal
from models.reporting import Report, silent
from pipeline.boxes import visible
from pipeline.randomness import torch_generator
from pipeline.schema import KINDS
from pipeline.search_space import Floats, Space
from pipeline.strategies.adversarial import Adversarial
from pipeline.strategies.base import Synthesizer, TrackStrategy
from pipeline.strategies.city_traffic import CityTraffic
from pipeline.strategies.window_code import CodedWindows, decode_windows, encoded, one_hot_kinds
from pipeline.windows import Windows

LATENT = 4
"""Numbers by which two refinements of one sample differ."""


@dataclass(frozen=True)
class Adapted(Adversarial):
    """Learned adaptation after the idea of AA-SGAN: a bounded residual in the space of codes."""

    part: TrackStrategy = field(default_factory=CityTraffic)
    """What makes the windows that are moved; it is fitted to the same real windows."""
    steps: int = 600
    critic_steps: int = 2
    learning_rate: float = 1e-3
    components: int = 16
    reach: float = 0.5
    """Farthest that any number of a code, of deviation 1, may be moved."""
    pool: int = 4000
    """Windows of the other strategy to learn from."""
    name: str = "adapted"

    @property
    def cost(self) -> float:
        """Of the other strategy, and of the network."""
        return self.part.cost + 0.5

    search: ClassVar[Space] = {**Adversarial.search, "reach": Floats(0.1, 2.0, log=True)}

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Fit the other strategy, then train the network; the same windows and seed give the same samples."""
        draw = self.part.fit(real, rng, report)
        pool, torch_rng, rules = draw(self.pool, rng), torch_generator(rng), self.rules()
        data = CodedWindows.of(real.take(np.isin(real.kind, pool.kind)), self.components).evened(self.evenness)
        code = data.code
        refiner = CodeRefiner(code.size, len(KINDS), self.hidden, LATENT, self.reach, generator=torch_rng)
        critic = CodeJudge(code.size, len(KINDS), self.hidden, generator=torch_rng)
        draw_alike = _by_class(encoded(code, pool), pool.kind)

        def draw_real(count: int, rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
            codes, one_hot = data.batch(count, rng)
            return codes, draw_alike(one_hot.argmax(dim=1), rng), one_hot

        refine = train_adversarial(
            Players(refiner, critic, rules), rules, draw_real, normal(LATENT), torch_rng, report
        ).eval()

        @torch.no_grad()
        def synthesize(count: int, rng: np.random.Generator) -> Windows:
            windows = draw(count, rng)
            codes, one_hot = encoded(code, windows), one_hot_kinds(windows.kind)
            moved = refine(normal(LATENT)(count, torch_generator(rng)), codes, one_hot)
            boxes = decode_windows(code, moved, windows.image_size)
            seen = visible(boxes)[:, None, None]  # what would leave the view stays where it was
            return windows.moved_to(np.where(seen, boxes, windows.boxes), self.name)

        return synthesize


def _by_class(codes: Tensor, kind: np.ndarray) -> Callable[[Tensor, torch.Generator], Tensor]:
    """A function that draws one of these codes for each class asked for."""
    order = torch.from_numpy(np.argsort(kind, kind="stable"))
    counts = torch.from_numpy(np.bincount(kind, minlength=len(KINDS)))
    first = counts.cumsum(0) - counts

    def draw(labels: Tensor, rng: torch.Generator) -> Tensor:
        turn = (torch.rand(len(labels), generator=rng) * counts[labels]).long().minimum(counts[labels] - 1)
        return codes[order[first[labels] + turn]]

    return draw
