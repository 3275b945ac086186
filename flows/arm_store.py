"""Finished arms on disk: the one cache of a study. What an arm depends on decides the name of its folder.

A folder appears in one step, complete, with the digest of each of its files in a manifest. It is checked before it
is used, so a damaged or missing arm is simply computed again, and a study that was killed goes on where it stopped.
"""

import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from flows.workspace import digest_of, new_folder, seal, sealed_facts
from pipeline.arms import ArmResult
from pipeline.design import NONE, Arm, Design, the_strategy, the_task
from pipeline.provenance import code_digest, modules_of
from pipeline.samples import Samples
from pipeline.sources import SOURCES
from pipeline.splits import Split
from pipeline.store import Ingested
from pipeline.windows import Windows

MANIFEST = "arm.json"
SAMPLES = "synthetic.npz"
WALK = "walk.npz"

READERS = ("pipeline.arms", "pipeline.stored_drives")
"""What every arm goes through, whatever its data, strategy and task."""


@dataclass(frozen=True)
class Job:
    """Everything one arm's numbers depend on, small enough to travel to another process."""

    arm: Arm
    design: Design
    split: Split
    data: Path
    """Where the ingested data lies."""
    data_digest: str
    keep_samples: bool
    """Whether the synthetic samples are needed later."""
    key: str
    """Digest of the arm, the design as far as it concerns the arm, the split, the data, the code and its tools.

    Taken once, where the job is made: the code on disk may change while others work.
    """

    @classmethod
    def of(cls, arm: Arm, design: Design, split: Split, data: Ingested, *, keep_samples: bool) -> "Job":
        """The job of one arm."""
        concerns = asdict(design)
        recipes = [the_task(design)] + ([the_strategy(arm.strategy, design)] if arm.strategy != NONE else [])
        concerns["options"] = [repr(recipe) for recipe in recipes]
        code = code_digest({*READERS, *modules_of(SOURCES[data.source]), *modules_of(recipes)})
        tools = {name: version(name) for name in ("torch", "numpy", "pandas")}
        key = digest_of([asdict(arm), concerns, asdict(split), data.digest, code, tools])[:32]
        return cls(arm, design, split, data.path, data.digest, keep_samples, key)


@dataclass(frozen=True)
class ArmStore:
    """Arms by key below one folder."""

    folder: Path

    def path(self, job: Job) -> Path:
        """Where the arm lies once it is finished."""
        return self.folder / job.key

    def holds(self, job: Job) -> bool:
        """Whether the arm is there, complete and undamaged."""
        facts = sealed_facts(self.path(job), MANIFEST)
        if facts is None:
            return False
        return not (job.keep_samples and facts["has_samples"] and SAMPLES not in facts["files"])

    def save(self, job: Job, result: ArmResult) -> None:
        """Write a finished arm in one step."""
        with new_folder(self.path(job)) as part:
            result.errors.to_parquet(part / "errors.parquet", index=False)
            result.valid.to_parquet(part / "valid.parquet", index=False)
            result.curves.to_parquet(part / "curves.parquet", index=False)
            np.savez(part / "model.npz", allow_pickle=False, **result.model)
            if job.keep_samples and result.synthetic is not None:
                result.synthetic.save(part / SAMPLES)
                if result.walk is not None:
                    result.walk.save(part / WALK)
            facts: dict[str, Any] = {
                "arm": asdict(job.arm),
                "fit_s": result.fit_s,
                "train_s": result.train_s,
                "has_samples": result.synthetic is not None,
            }
            seal(part, MANIFEST, facts)

    def errors(self, job: Job) -> pd.DataFrame:
        """The arm's table of errors on held-out drives."""
        return pd.read_parquet(self.path(job) / "errors.parquet")

    def valid(self, job: Job) -> pd.DataFrame:
        """The arm's table of errors on validation drives."""
        return pd.read_parquet(self.path(job) / "valid.parquet")

    def curves(self, job: Job) -> pd.DataFrame:
        """The arm's training curves, labelled with the arm."""
        return pd.read_parquet(self.path(job) / "curves.parquet").assign(**job.arm.labels)

    def seconds(self, job: Job) -> tuple[float, float]:
        """CPU seconds of fitting and of training."""
        manifest = json.loads((self.path(job) / MANIFEST).read_text())
        return manifest["fit_s"], manifest["train_s"]

    def model(self, job: Job) -> dict[str, np.ndarray]:
        """The trained task model as arrays."""
        with np.load(self.path(job) / "model.npz", allow_pickle=False) as stored:
            return dict(stored)

    def samples(self, job: Job) -> Samples:
        """The arm's synthetic samples; only where they were kept."""
        found: Samples = the_task(job.design).samples.load(self.path(job) / SAMPLES)
        return found

    def walk(self, job: Job) -> Windows | None:
        """Samples on the way between latents; None where the arm's generator has no latent."""
        path = self.path(job) / WALK
        return Windows.load(path) if path.exists() else None
