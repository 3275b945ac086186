"""Everything a finished study hands to its report: what was asked, what was found, and samples to look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from pipeline.depth_examples import DepthExamples
from pipeline.domain_maps import HELD_OUT, REAL, DomainMap, domain_map, whole
from pipeline.frame_paths import FramePaths
from pipeline.pictures import Pictures
from pipeline.samples import Samples
from pipeline.scoring.scores import Scores, installed_versions
from pipeline.splits import Split
from pipeline.windows import Windows

NIGHT = "real night, held out"


@dataclass(frozen=True)
class SetSize:
    """How much was kept of what a strategy made for one training run."""

    samples: int
    bytes: int
    """Of the file they are kept in."""


@dataclass(frozen=True)
class StudyFacts:
    """What a reader must know of a study besides its numbers: what was asked, of which data, and how to ask again."""

    name: str
    about: str
    """What is asked, in one sentence."""
    command: str
    """The command that runs the study again."""
    source: str
    """Name of the reader in ``pipeline.sources.SOURCES``; decides the credit."""
    data_digest: str
    splits: tuple[Split, ...]
    """One per fold."""
    seeds: int
    fractions: tuple[float, ...]
    strategies: Mapping[str, Mapping[str, Any]]
    """Hyperparameters by strategy; empty for ``none``."""
    versions: Mapping[str, str] = field(default_factory=installed_versions)
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    duration_s: float | None = None
    history: int = 10
    """Observed frames of a window; the rest is to be predicted."""
    tracks: int | None = None
    rows: int | None = None
    notes: tuple[str, ...] = ()
    """What the reader of the data wants a person to know, quarantined rows included."""
    sizes: Mapping[str, SetSize] = field(default_factory=dict)
    """By strategy, at the largest fraction of the real data."""


@dataclass(frozen=True, eq=False)
class Findings:
    """What each section of a report draws from."""

    facts: StudyFacts
    scores: Scores
    errors: pd.DataFrame
    """The error table that was scored."""
    baselines: pd.DataFrame
    """That of the forecasts without learning."""
    curves: pd.DataFrame
    """``strategy``, ``fraction``, ``synthetic_only``, ``phase``, ``step``, ``name``, ``value``; may be empty."""
    samples: Mapping[str, Samples]
    """Synthetic samples by strategy."""
    real: Samples
    """What they were made from."""
    held_out: Samples | None = None
    """Real samples of drives that nothing was learnt from."""
    fidelity: pd.DataFrame | None = None
    """How real, varied and new the samples are; columns as in ``fidelity.base.COLUMNS``."""
    anatomy: pd.DataFrame | None = None
    """What the error consists of; columns as in ``scoring.anatomy.COLUMNS``."""
    depth: DepthExamples | None = None
    """What the networks of a study of depth say of some held-out pictures."""

    walks: Mapping[str, Windows] = field(default_factory=dict)
    """By strategy, samples on the way between latents: ``track`` is the path, ``index`` the stop."""
    frames: FramePaths = field(default_factory=dict)
    """Pictures of the recorded frames, as far as there are any."""

    @property
    def ranked(self) -> dict[str, Samples]:
        """Synthetic samples by strategy, what gains most first, placebos last."""
        gains = {arm.strategy: -(arm.gain_pct or 0.0) for arm in self.scores.arms if arm.verdict != "placebo"}
        return {name: self.samples[name] for name in sorted(self.samples, key=lambda name: gains.get(name, np.inf))}

    @property
    def sets(self) -> dict[str, Samples]:
        """Real and synthetic samples by domain, those of which nothing is missing; what gains most first."""
        held_out = {} if self.held_out is None else {HELD_OUT: self.held_out}
        if isinstance(self.held_out, Pictures) and self.held_out.night is not None:
            held_out[NIGHT] = self.held_out.made_by("real", self.held_out.night)
        domains = {REAL: self.real, **held_out, **self.ranked}
        return {name: whole(samples) for name, samples in domains.items()}

    @cached_property
    def domains(self) -> DomainMap | None:
        """The domains in one plane; the same samples give the same map."""
        most, each = (300, 60) if isinstance(self.real, Pictures) else (900, 100)  # a page holds a picture of each
        return domain_map(self.sets, np.random.default_rng(0), most, each)
