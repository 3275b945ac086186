"""The flow to show a visitor: what a study is, from data to answer, in the order it happens."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.anatomy import oracle_jobs, take_apart
from flows.arm_store import ArmStore, Job
from flows.crowning import crown_if_deserved
from flows.destinations import is_url, publish, require_place_at
from flows.facts import command_line, run_facts, study_facts
from flows.hooks import remember
from flows.judging import judged
from flows.prefect_records import ProgressArtifact
from flows.recording import recorded
from flows.results import FACTS, require_place_for_report, save_samples, set_sizes
from flows.runners import PROCESS, engine
from flows.shown_samples import (
    depth_examples,
    held_out_samples,
    pictures_of_frames,
    real_samples,
    samples_by_strategy,
    walks_by_strategy,
)  # fmt: skip
from flows.studies import planned
from flows.study import Study
from flows.tables import Tables, collect
from flows.textbook import textbook
from flows.tour_plan import TEXTBOOK
from flows.training import one_thread, train_arms
from flows.tuning import tuned
from flows.workspace import data_folder, digest_of, new_folder, write_json
from pipeline import store
from pipeline.design import Arm, makes_samples, the_task
from pipeline.report import write_report
from pipeline.scoring import score_study
from pipeline.scoring.scores import Scores
from pipeline.splits import Split
from pipeline.strategies import PLACEBOS


@flow(name="augment-kitti", on_failure=[remember], on_crashed=[remember], on_cancellation=[remember])
def augment_kitti(
    study: str = "mini",
    root: str | None = None,
    seeds: int | None = None,
    profile: str | None = None,
    overrides: list[str] | None = None,
    workers: int | None = None,
    out: str | None = None,
    on_error: Literal["refuse", "quarantine"] = "refuse",
    runner: str = PROCESS,
) -> str:
    """Does synthetic data help? Run a study and return the folder of its report.

    Args:
        study: A name in ``flows.studies.STUDIES``, or ``textbook``.
        root: Folder of the data, for studies that do not make their own.
        seeds: Number of seeds, instead of the study's.
        profile: One of the study's named sets of overrides.
        overrides: Further changes, as ``key=value``.
        workers: Processes to train in; default: two, or one on a single core.
        out: Folder of the report; default: ``reports/STUDY-KEY`` in the data folder. A URL gets a copy of that.
        on_error: ``refuse`` stops at bad rows, ``quarantine`` leaves them out.
        runner: What trains the arms: ``process``, ``dask`` or ``ray``, with an address as ``dask:tcp://host:8786``.
    """
    engine(runner)  # refuse a misspelt one before the work
    overrides = overrides or []
    if out is not None and is_url(out):
        require_place_at(out)
        local = augment_kitti.fn(study, root, seeds, profile, overrides, workers, None, on_error, runner)
        publish(Path(local), out)
        return local
    if study == TEXTBOOK:
        return textbook(root, seeds, profile, overrides, workers or default_workers(), out)
    plan = planned(study, root, seeds, profile, overrides)
    require_place_for_report(out)
    command = command_line(study, root, seeds, profile, overrides, on_error)
    data = ingest(plan, on_error)
    splits = split_by_drive(plan, data)
    plan = tuned(plan, data, splits[0], arm_store(), workers or default_workers())
    jobs = plan_arms(plan, splits, data)
    oracles = oracle_jobs(jobs, data)
    folder = report_folder(plan, jobs, out)
    with recorded(plan.name) as record:
        train_arms((*jobs, *oracles), arm_store(), workers or default_workers(), ProgressArtifact(), runner)
        tables = judge(plan, gather(plan, jobs), jobs)
        scores = score(plan, tables)
        tables = replace(tables, anatomy=anatomy(plan, jobs, oracles, scores))
        report(plan, jobs, tables, scores, data, folder, command)
        crown_if_deserved(folder, jobs, arm_store(), record.finish(folder))
    return str(folder)


@task(cache_policy=NO_CACHE, task_run_name="ingest {plan.source}")
def ingest(plan: Study, on_error: Literal["refuse", "quarantine"]) -> store.Ingested:
    """Real tracks in; the same input twice is read once."""
    return store.ingest(plan.source, plan.root, data_folder() / "interim", on_error)


@task(cache_policy=NO_CACHE)
def split_by_drive(plan: Study, data: store.Ingested) -> tuple[Split, ...]:
    """Which drives are learnt from and which are held out."""
    return plan.splits([drive.name for drive in store.load(data.path)])


def plan_arms(plan: Study, splits: Sequence[Split], data: store.Ingested) -> tuple[Job, ...]:
    """Every training run of the study, with all that its numbers depend on."""

    def job(arm: Arm) -> Job:
        first = arm.seed < max(1, plan.tstr_seeds) and arm.fraction == max(plan.fractions)
        keep = first and makes_samples(arm, plan.design)
        return Job.of(arm, plan.design_at(arm.fraction), splits[arm.fold], data, keep_samples=keep)

    return tuple(job(arm) for arm in plan.arms(len(splits)))


@task(cache_policy=NO_CACHE)
def gather(plan: Study, jobs: Sequence[Job]) -> Tables:
    """The numbers of all arms, of the baselines and of the policies that choose among the arms."""
    with one_thread():
        return collect(jobs, arm_store(), plan.choosers())


@task(cache_policy=NO_CACHE)
def judge(plan: Study, tables: Tables, jobs: Sequence[Job]) -> Tables:
    """How real, how varied and how new the samples are that were kept."""
    with one_thread():
        return replace(tables, fidelity=judged(jobs, arm_store(), tables.errors, tables.reverse, plan.networks))


@task(cache_policy=NO_CACHE)
def score(plan: Study, tables: Tables) -> Scores:
    """The gain of every strategy, with its interval; the same tables give the same scores."""
    metric = the_task(plan.design)
    return score_study(
        tables.errors, tables.baselines, tables.reverse, metric.metric, PLACEBOS,
        rng=np.random.default_rng(0), costs=tables.costs, rival=plan.compared_with(), choices=tables.choices,
    )  # fmt: skip


@task(cache_policy=NO_CACHE)
def anatomy(plan: Study, jobs: Sequence[Job], oracles: Sequence[Job], scores: Scores) -> pd.DataFrame | None:
    """Where the error lies that is left, and how much of it could be lost; only of tracks."""
    return take_apart(jobs, oracles, arm_store(), scores, plan.compared_with())


@task(cache_policy=NO_CACHE)
def report(
    plan: Study, jobs: Sequence[Job], tables: Tables, scores: Scores, data: store.Ingested, folder: Path, command: str
) -> None:
    """What people look at, and everything needed to draw it again; the folder appears complete or not at all."""
    samples = samples_by_strategy(jobs, arm_store())
    with new_folder(folder) as part:
        tables.save(part)
        save_samples(part, samples)
        facts = study_facts(plan, jobs, data, command, set_sizes(part, samples))
        write_report(
            part, facts, scores, tables.errors, tables.baselines, tables.curves, samples, real_samples(jobs),
            held_out=held_out_samples(jobs), fidelity=tables.fidelity, anatomy=tables.anatomy,
            depth=depth_examples(jobs, arm_store()), walks=walks_by_strategy(jobs, arm_store()),
            frames=pictures_of_frames(jobs),
        )  # fmt: skip
        write_json(part / FACTS, run_facts(facts, plan, data, part))


def arm_store() -> ArmStore:
    """Where finished arms are kept."""
    return ArmStore(data_folder() / "processed" / "arms")


def default_workers() -> int:
    """Two processes, where there are two cores."""
    return min(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def report_folder(plan: Study, jobs: Sequence[Job], out: str | None) -> Path:
    """Where the report goes: as asked, else a folder named by what the study's numbers depend on."""
    if out is not None:
        return Path(out).expanduser().absolute()
    return data_folder() / "reports" / f"{plan.name}-{digest_of([job.key for job in jobs])[:8]}"
