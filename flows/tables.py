"""All numbers of a study before they are scored, gathered from its arms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from flows.arm_store import ArmStore, Job
from flows.training import samples_of
from pipeline.arms import examine_synthetic, run_baselines
from pipeline.design import NONE, the_task
from pipeline.scoring.policies import Policy, applied, choose
from pipeline.scoring.scores import Choice


@dataclass(frozen=True, eq=False)
class Tables:
    """All numbers of a study before they are scored."""

    errors: pd.DataFrame
    """One row per arm, held-out drive, class and border flag."""
    baselines: pd.DataFrame
    reverse: pd.DataFrame | None
    """The ``none`` models examined on synthetic samples; None where no samples were kept."""
    curves: pd.DataFrame
    costs: pd.DataFrame
    """CPU seconds of each arm: ``strategy``, ``fraction``, ``fit_s``, ``train_s``."""
    choices: tuple[Choice, ...] = ()
    """What the study's policies decided."""
    fidelity: pd.DataFrame | None = None
    """How real, varied and new the samples are; columns as in ``pipeline.fidelity.base.COLUMNS``."""
    anatomy: pd.DataFrame | None = None
    """What the error consists of; columns as in ``pipeline.scoring.anatomy.COLUMNS``."""

    def save(self, folder: Path) -> None:
        """What the report does not write itself, one Parquet file a table."""
        for name in ("reverse", "curves", "costs", "fidelity", "anatomy"):
            table: pd.DataFrame | None = getattr(self, name)
            if table is not None:
                table.to_parquet(folder / f"{name}.parquet", index=False)


def collect(jobs: Sequence[Job], arms: ArmStore, policies: Mapping[str, Policy] | None = None) -> Tables:
    """Gather what every arm found, examine what needs no training, and let policies choose."""
    mixed = [job for job in jobs if not job.arm.synthetic_only]
    costs = [dict(zip(("fit_s", "train_s"), arms.seconds(job), strict=True)) | _place(job) for job in mixed]
    reverse = [_reverse(job, mixed, arms) for job in mixed if job.keep_samples and job.arm.strategy != NONE]
    folds = {job.arm.fold: job for job in jobs}
    baselines = [
        run_baselines(job.design, job.split, fold, samples_of(job.data, job.data_digest, job.design))
        for fold, job in folds.items()
    ]
    tables = Tables(
        errors=pd.concat([arms.errors(job) for job in jobs], ignore_index=True),
        baselines=pd.concat(baselines, ignore_index=True),
        reverse=pd.concat(reverse, ignore_index=True) if reverse else None,
        curves=pd.concat([arms.curves(job) for job in jobs], ignore_index=True),
        costs=pd.DataFrame(costs),
    )
    if not policies:
        return tables
    task, valid = the_task(jobs[0].design), pd.concat([arms.valid(job) for job in mixed], ignore_index=True)
    for name, policy in policies.items():
        tables = _with_policy(tables, policy, choose(name, policy, valid, task.metric))
    return tables


def _with_policy(tables: Tables, policy: Policy, choices: tuple[Choice, ...]) -> Tables:
    """The tables with the policy as one more strategy; it costs what all its candidates cost."""
    tried = tables.costs[tables.costs["strategy"].isin(policy.candidates)]
    runs = tables.costs.groupby("fraction").size() / tables.costs.groupby("fraction")["strategy"].nunique()
    costs = tried.groupby("fraction")[["fit_s", "train_s"]].sum().div(runs, axis=0).dropna().reset_index()
    return replace(
        tables,
        errors=pd.concat([tables.errors, applied(choices, tables.errors)], ignore_index=True),
        costs=pd.concat([tables.costs, costs.assign(strategy=choices[0].policy)], ignore_index=True),
        choices=(*tables.choices, *choices),
    )


def _place(job: Job) -> dict[str, Any]:
    return {"strategy": job.arm.strategy, "fraction": job.arm.fraction}


def _reverse(job: Job, jobs: Sequence[Job], arms: ArmStore) -> pd.DataFrame:
    """The plain model of the same fraction, fold and seed, examined on this arm's samples."""
    return examine_synthetic(job.arm, job.design, arms.model(plain_of(job, jobs)), arms.samples(job))


def plain_of(job: Job, jobs: Sequence[Job]) -> Job:
    """The job that trained on the same real samples alone."""
    place = (job.arm.fraction, job.arm.fold, job.arm.seed)
    return next(
        other
        for other in jobs
        if other.arm.strategy == NONE and (other.arm.fraction, other.arm.fold, other.arm.seed) == place
    )
