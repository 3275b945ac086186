"""Windows from a Markov chain on velocities: real changes of motion in a new order."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from models.code_markov import SHORTEST, CodeMarkov
from models.code_sampler import CodeSampler
from models.reporting import Report
from models.sequence_code import SequenceCode
from pipeline.schema import KINDS, UserError
from pipeline.search_space import Floats, Space, Whole
from pipeline.strategies.code_strategy import CodeModel
from pipeline.strategies.window_code import CodedWindows


@dataclass(frozen=True)
class Markov(CodeModel):
    """A chain of second order for each class, bootstrapped from the nearest states of real windows."""

    neighbours: int = 6
    """Real states among which the next change is drawn."""
    noise: float = 0.1
    """Deviation of what is added to places, which have deviation 1."""
    name: str = "markov"

    search: ClassVar[Space] = {"neighbours": Whole(2, 30, log=True), "noise": Floats(0.0, 0.5)}

    def build(self, code: SequenceCode, rng: torch.Generator) -> CodeMarkov:
        """A chain that stands still.

        Raises:
            UserError: windows are too short to have states.
        """
        if code.time < SHORTEST:
            raise UserError(f'Strategy "{self.name}" needs windows of at least {SHORTEST} frames, got {code.time}.')
        return CodeMarkov(code, len(KINDS), self.neighbours, self.noise)

    def learn(self, sampler: CodeSampler, data: CodedWindows, rng: torch.Generator, report: Report) -> None:
        """Remember states of every class."""
        assert isinstance(sampler, CodeMarkov)
        labels = data.one_hot.argmax(dim=1)
        for label in labels.unique().tolist():
            sampler.fit_class(label, data.codes[labels == label], rng)
