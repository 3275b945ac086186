"""Where the error of a study's models lies: which models it takes to see that, and the examination of all of them."""

from collections.abc import Sequence
from functools import partial

import pandas as pd

from flows.arm_store import ArmStore, Job
from flows.training import one_thread, samples_of
from pipeline.design import NONE
from pipeline.scoring.anatomy_models import KeptModel, dissect, oracle_design
from pipeline.scoring.scores import Scores
from pipeline.store import Ingested
from pipeline.windows import Windows

ORACLE_SEEDS = 3
"""Models that are told the recording car's motion are for looking: so many seeds show enough."""


def oracle_jobs(jobs: Sequence[Job], data: Ingested) -> tuple[Job, ...]:
    """The plain arms of the first seeds once more, told how the recording car will move; none if nobody can tell."""
    samples = samples_of(jobs[0].data, jobs[0].data_digest, jobs[0].design)
    design = oracle_design(jobs[0].design, samples) if isinstance(samples, Windows) else None
    if design is None:
        return ()
    plain = [job for job in jobs if job.arm.strategy == NONE and job.arm.seed < ORACLE_SEEDS]
    return tuple(Job.of(job.arm, design, job.split, data, keep_samples=False) for job in plain)


def take_apart(
    jobs: Sequence[Job], oracles: Sequence[Job], arms: ArmStore, scores: Scores, rival: str | None
) -> pd.DataFrame | None:
    """The anatomy of a finished study (``pipeline.scoring.anatomy.COLUMNS``); None where there is none."""
    samples = samples_of(jobs[0].data, jobs[0].data_digest, jobs[0].design)
    if not isinstance(samples, Windows):
        return None

    def kept(job: Job) -> KeptModel:
        return KeptModel(job.arm, job.design, job.split, partial(arms.model, job))

    mixed = [kept(job) for job in jobs if not job.arm.synthetic_only]
    with one_thread():
        return dissect(mixed, [kept(job) for job in oracles], samples, scores, rival)
