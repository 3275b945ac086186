"""Windows from a Gaussian mixture for each class: what a generator without a network can do."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from models.code_mixture import CodeMixture
from models.code_sampler import CodeSampler
from models.reporting import Report
from models.sequence_code import SequenceCode
from pipeline.schema import KINDS
from pipeline.search_space import Floats, Space, Whole
from pipeline.strategies.code_strategy import CodeModel
from pipeline.strategies.window_code import CodedWindows


@dataclass(frozen=True)
class Gmm(CodeModel):
    """Gaussian mixtures on whitened window codes, full covariances, fitted by expectation maximisation."""

    gaussians: int = 10
    """For each class; fewer where a class has less than five windows for each number of a code."""
    regularisation: float = 1e-3
    """Added to every variance; codes have variance 1."""
    name: str = "gmm"

    search: ClassVar[Space] = {"gaussians": Whole(2, 40, log=True), "regularisation": Floats(1e-5, 1e-1, log=True)}

    def build(self, code: SequenceCode, rng: torch.Generator) -> CodeMixture:
        """Standard normal."""
        return CodeMixture(code, len(KINDS), self.gaussians)

    def learn(self, sampler: CodeSampler, data: CodedWindows, rng: torch.Generator, report: Report) -> None:
        """One class after the other; a class of a single window keeps the standard normal."""
        assert isinstance(sampler, CodeMixture)
        labels = data.one_hot.argmax(dim=1)
        for label in labels.unique().tolist():
            codes = data.codes[labels == label]
            if len(codes) > 1:
                seed = int(torch.randint(2**31, (), generator=rng))
                report(label, {"log_likelihood": sampler.fit_class(label, codes, self.regularisation, seed)})
