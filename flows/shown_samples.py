"""What a report shows of a study's samples, real and synthetic, and of what its models make of them."""

from collections.abc import Sequence

import numpy as np

from flows.arm_store import ArmStore, Job
from flows.training import samples_of
from pipeline import store
from pipeline.arms import training_samples
from pipeline.depth_examples import DepthExamples
from pipeline.design import NONE, the_task
from pipeline.frame_paths import FramePaths, frame_paths
from pipeline.pictures import Pictures
from pipeline.samples import Samples, of_drives
from pipeline.tasks.depth import Depth
from pipeline.windows import Windows


def kept_jobs(jobs: Sequence[Job]) -> dict[str, Job]:
    """Each strategy's job of the first seed and fold, at the largest fraction that was studied."""
    kept = [job for job in jobs if job.keep_samples and job.arm.strategy != NONE and not job.arm.synthetic_only]
    kept.sort(key=lambda job: (job.arm.fraction, -job.arm.fold, -job.arm.seed))
    return {job.arm.strategy: job for job in kept}


def samples_by_strategy(jobs: Sequence[Job], arms: ArmStore) -> dict[str, Samples]:
    """The samples of each strategy's first seed and fold, at the largest fraction that was studied."""
    return {strategy: arms.samples(job) for strategy, job in kept_jobs(jobs).items()}


def real_samples(jobs: Sequence[Job]) -> Samples:
    """The real samples that those samples were made from."""
    first = max(jobs, key=lambda job: (job.arm.fraction, -job.arm.fold, -job.arm.seed))
    return training_samples(first.arm, first.split, samples_of(first.data, first.data_digest, first.design))


def depth_examples(jobs: Sequence[Job], arms: ArmStore, shown: int = 4) -> DepthExamples | None:
    """Some held-out pictures, with what the networks of the first seed and fold say; None where the task is another."""
    task, held_out = the_task(jobs[0].design), held_out_samples(jobs)
    if not isinstance(task, Depth) or not isinstance(held_out, Pictures):
        return None
    some = held_out.take(np.unique(np.linspace(0, len(held_out) - 1, shown).round().astype(int)))
    first = max(jobs, key=lambda job: (job.arm.fraction, -job.arm.fold, -job.arm.seed)).arm
    place = (first.fraction, first.fold, first.seed, False)
    mine = [job for job in jobs if (job.arm.fraction, job.arm.fold, job.arm.seed, job.arm.synthetic_only) == place]
    estimates = {job.arm.strategy: task.estimate(task.from_arrays(arms.model(job)), some) for job in mine}
    return DepthExamples(some, estimates, task.protocol)


def walks_by_strategy(jobs: Sequence[Job], arms: ArmStore) -> dict[str, Windows]:
    """Samples on the way between latents, of the strategies whose generator has any."""
    walks = {strategy: arms.walk(job) for strategy, job in kept_jobs(jobs).items()}
    return {strategy: walk for strategy, walk in walks.items() if walk is not None}


def pictures_of_frames(jobs: Sequence[Job]) -> FramePaths:
    """The pictures of the recorded frames that are there."""
    return frame_paths(store.load(jobs[0].data))


def held_out_samples(jobs: Sequence[Job]) -> Samples:
    """Real samples of drives that those samples owe nothing to."""
    first = max(jobs, key=lambda job: (job.arm.fraction, -job.arm.fold, -job.arm.seed))
    return of_drives(samples_of(first.data, first.data_digest, first.design), first.split.held_out)
