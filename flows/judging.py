"""The stage that judges samples: how real, how varied, how new. What was judged once is not judged again."""

import os
from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from flows.arm_store import ArmStore, Job
from flows.shown_samples import kept_jobs
from flows.tables import plain_of
from flows.training import samples_of
from flows.workspace import data_folder, digest_of, digest_of_file
from pipeline.arms import training_samples
from pipeline.design import the_task
from pipeline.judging import RECONSTRUCTION, Bench, semantics
from pipeline.provenance import code_digest
from pipeline.samples import of_drives

TOOLS = ("numpy", "scipy", "scikit-learn", "torch")
"""What the numbers depend on besides our own code."""


def judged(
    jobs: Sequence[Job],
    arms: ArmStore,
    errors: pd.DataFrame,
    reverse: pd.DataFrame | None,
    networks: Sequence[str] = (),
) -> pd.DataFrame | None:
    """The table of fidelity of the samples that the report shows; None where no samples were kept.

    Args:
        jobs: Of the study, all finished.
        arms: Where they lie.
        errors: The study's errors.
        reverse: Those of the plain models on synthetic samples.
        networks: TorchScript files whose features are spaces to compare samples in.
    """
    kept = list(kept_jobs(jobs).values())
    if not kept:
        return None
    first, plain, files = kept[0], plain_of(kept[0], jobs), [Path(name).expanduser() for name in networks]

    @cache
    def bench() -> Bench:
        samples = samples_of(first.data, first.data_digest, first.design)
        train = training_samples(first.arm, first.split, samples)
        # who looks elsewhere wants to resemble the held-out domain; the validation drives are of the labelled one
        unseen = of_drives(
            samples, first.split.held_out if first.split.look else first.split.valid + first.split.held_out
        )
        return Bench.of(first.design, arms.model(plain), train, unseen, files)

    def of(job: Job) -> pd.DataFrame:
        return bench().judge(job.arm, arms.samples(job))

    known = [plain.key, code_digest({"pipeline.judging"}), [digest_of_file(file) for file in files]]
    known += [version(tool) for tool in TOOLS]
    tables = [_remembered([*known, job.key], partial(of, job)) for job in kept]
    tables.append(_remembered([*known, RECONSTRUCTION], lambda: bench().reconstructed(first.arm)))
    if reverse is not None:
        task = the_task(first.design)
        shown = reverse[(reverse["fold"] == first.arm.fold) & (reverse["seed"] == first.arm.seed)]
        tables.append(semantics(shown, errors, task.metric, task.higher_is_better))
    found = [table for table in tables if len(table)]
    return pd.concat(found, ignore_index=True) if found else None


def _remembered(parts: Sequence[object], judge: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """What was found for the same samples, data, code and tools, if it was kept; else found now and kept."""
    path = data_folder() / "processed" / "fidelity" / f"{digest_of(list(parts))[:32]}.parquet"
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError):  # not there, or damaged
        table = judge()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    table.to_parquet(part, index=False)
    part.replace(path)
    return table
