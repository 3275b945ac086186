"""Synthetic samples for some classes only; the others stay real, as some classes gain where others lose."""

from dataclasses import dataclass

import numpy as np

from models.reporting import Report, silent
from pipeline.schema import KINDS, UserError, require
from pipeline.strategies.base import Synthesizer, TrackStrategy
from pipeline.strategies.compose import Mirrored
from pipeline.strategies.copies import Copies
from pipeline.strategies.facts import OfItsPart
from pipeline.strategies.memory import fitted
from pipeline.windows import Windows


@dataclass(frozen=True)
class PerClass(OfItsPart):
    """Samples of another strategy for ``kinds``, and mirrored or straight copies of all other windows.

    The strategy is fitted to the windows of its classes alone; the balance of classes is the recorded one.
    """

    part: TrackStrategy
    kinds: tuple[str, ...] = ("Car", "Van", "Cyclist")
    name: str = "per_class"

    def __post_init__(self) -> None:
        """Only known classes, and at least one."""
        unknown = sorted(set(self.kinds) - set(KINDS))
        require(bool(self.kinds) and not unknown, f"kinds must be among {', '.join(KINDS)}; got {self.kinds}")

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        """Fit the strategy to its classes.

        Raises:
            UserError: no real window is of these classes.
        """
        chosen = np.isin(real.kind, [KINDS.index(kind) for kind in self.kinds])
        if not chosen.any():
            raise UserError(f'Strategy "{self.name}": no window to learn from is a {" or a ".join(self.kinds)}.')
        draw = fitted(self.part, real.take(chosen), rng, report)
        rest = real.take(~chosen)
        draw_rest = Mirrored(Copies()).fit(rest, rng) if len(rest) else None

        def synthesize(count: int, rng: np.random.Generator) -> Windows:
            if draw_rest is None:
                return draw(count, rng).made_by(self.name)
            number = round(count * float(chosen.mean()))
            parts = [draw(number, rng), draw_rest(count - number, rng)]
            return Windows.concatenate(parts).take(rng.permutation(count)).made_by(self.name)

        return synthesize
