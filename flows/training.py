"""Train and examine the arms of a study that are not finished yet, in this process or in several.

The numbers of an arm depend on the arm alone: every process uses one thread, and randomness comes from the arm.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from functools import lru_cache
from multiprocessing.connection import wait
from pathlib import Path
from time import monotonic
from typing import Any, TypeAlias

import torch
from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture, as_completed
from threadpoolctl import threadpool_limits

from flows.arm_store import ArmStore, Job
from flows.progress import ArmProgress, Piece
from flows.runners import PROCESS, AnyRunner, running
from flows.workspace import data_folder, locked
from pipeline import store
from pipeline.arms import run_arm
from pipeline.design import Design, cost_of, fits_of, the_task
from pipeline.pictures import Pictures, gather_pictures
from pipeline.samples import Samples
from pipeline.schema import UserError
from pipeline.windows import Windows, cut_windows

Arguments: TypeAlias = dict[str, Any]
"""What a task is called with, by name."""

ARM_TIMEOUT_S = 3600.0
"""An arm takes seconds; one that takes an hour hangs."""


def train_arms(
    jobs: Sequence[Job],
    arms: ArmStore,
    workers: int,
    on_progress: Callable[[ArmProgress], None] = lambda _: None,
    runner: str = PROCESS,
) -> None:
    """Finish every job that ``arms`` does not hold yet, seed by seed, the long ones first; show how far it is.

    A study stopped half-way therefore answers for the seeds that are whole: the same command with fewer of them.
    Arms that learn the same generator are done one after the other in one process, which learns it once.

    Raises:
        UserError: the ``runner`` cannot be had, one of its processes is killed, or its workers keep their results where
            this process cannot see them.
    """
    pending = [job for job in jobs if not arms.holds(job)]
    groups = sorted(alike(pending), key=_turn)
    work = [([job.arm for job in group], {"jobs": group, "arms": arms}) for group in groups]
    work_off(examine_arms, work, len(jobs) - len(pending), workers, on_progress, runner)
    if runner != PROCESS and not all(arms.holds(job) for job in pending):
        raise UserError(f"The workers of {runner} do not share the folder {arms.folder} with this process.")


def _turn(group: Sequence[Job]) -> tuple[int, float]:
    return group[0].arm.seed, -sum(cost_of(job.arm, job.design) for job in group)


def alike(jobs: Sequence[Job]) -> list[tuple[Job, ...]]:
    """Jobs in groups that fit the same generators to the same samples; a job that fits none is a group by itself."""
    groups: dict[object, list[Job]] = {}
    for job in jobs:
        fits = fits_of(job.arm, job.design)
        place = (job.arm.fraction, job.arm.fold, job.arm.seed, fits) if fits else job.key
        groups.setdefault(place, []).append(job)
    return [tuple(group) for group in groups.values()]


def work_off(
    task: Task[..., list[float]],
    work: Sequence[tuple[Sequence[Piece], Arguments]],
    finished: int,
    workers: int,
    on_progress: Callable[[ArmProgress], None] = lambda _: None,
    runner: str = PROCESS,
) -> None:
    """Do all work, in order, in this process or by an engine of ``runners.RUNNERS``.

    Before, ``finished`` pieces were done.
    ``task`` is called with the arguments of some pieces that belong together and returns the seconds that each took.
    """
    workers = max(1, min(workers, len(work)))
    with (
        ArmProgress([piece for pieces, _ in work for piece in pieces], finished, workers) as progress,
        stoppable() as check,
    ):
        on_progress(progress)

        def done(pieces: Sequence[Piece], seconds: Sequence[float]) -> None:
            for piece, own in zip(pieces, seconds, strict=True):
                progress.finish(piece, own)
            on_progress(progress)
            check()

        if workers == 1 and runner == PROCESS:
            for pieces, arguments in work:
                progress.begin(pieces[0])
                done(pieces, task(**arguments))
        elif work:
            with running(runner, workers, prepare_worker) as engine:
                try:
                    _hand_out(task, work, engine, done)
                except BrokenExecutor as death:
                    raise UserError(
                        "A process that trains was killed, perhaps for lack of memory: try fewer with --workers. What "
                        "is finished is kept: the same command goes on from here."
                    ) from death


def _hand_out(
    task: Task[..., list[float]],
    work: Sequence[tuple[Sequence[Piece], Arguments]],
    engine: AnyRunner,
    done: Callable[[Sequence[Piece], Sequence[float]], None],
) -> None:
    futures: dict[PrefectFuture[list[float]], Sequence[Piece]] = {
        engine.submit(task, arguments): pieces for pieces, arguments in work
    }
    for future in as_completed(list(futures)):
        done(futures[future], future.result())


@contextlib.contextmanager
def stoppable() -> Iterator[Callable[[], None]]:
    """Make sure of Ctrl-C: libraries swallow an interrupt that meets them at a bad moment.

    Yields a function that raises ``KeyboardInterrupt`` again if there was one.
    """
    asked = threading.Event()

    def stop(number: int, frame: object) -> None:
        asked.set()
        raise KeyboardInterrupt

    def check() -> None:
        if asked.is_set():
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield check
        return
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)


def worth_another_try(task: object, run: object, state: State[object]) -> bool:
    """Whether a failed arm may succeed when it is repeated: not if the input is at fault."""
    return not isinstance(state.result(raise_on_failure=False), UserError)


@task(
    task_run_name="{jobs[0].arm.name}",
    retries=2,
    retry_delay_seconds=[1, 10],
    retry_condition_fn=worth_another_try,
    timeout_seconds=ARM_TIMEOUT_S,
    cache_policy=NO_CACHE,  # the arm store is the cache: it verifies what it holds and outlives Prefect's database
)
def examine_arms(jobs: Sequence[Job], arms: ArmStore) -> list[float]:
    """Run some arms and keep each one's result, unless an earlier try did; returns the seconds that each took."""
    return [0.0 if arms.holds(job) else _examine(job, arms) for job in jobs]


def _examine(job: Job, arms: ArmStore) -> float:
    started = monotonic()
    with one_thread():
        result = run_arm(job.arm, job.design, job.split, samples_of(job.data, job.data_digest, job.design))
    arms.save(job, result)
    return monotonic() - started


def samples_of(data: Path, digest: str, design: Design) -> Samples:
    """Every sample of an ingested data set, made once per process: windows of its tracks, or its pictures."""
    if the_task(design).samples is Pictures:
        return _pictures(data, digest, design.size)
    return _windows(data, digest, design.history + design.future, tuple(design.kinds))


@lru_cache(maxsize=2)
def _windows(data: Path, digest: str, length: int, kinds: tuple[str, ...]) -> Windows:
    return cut_windows(store.load(data), length, kinds=kinds)


@lru_cache(maxsize=1)
def _pictures(data: Path, digest: str, size: tuple[int, int]) -> Pictures:
    frames = data_folder() / "interim" / "frames" / data.name
    with locked(frames.with_suffix(".lock")):  # whoever comes second finds what the first has decoded
        return gather_pictures(store.load(data), (size[0], size[1]), frames)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread: processes do not fight over cores, and sums are added in one order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)


def prepare_worker() -> None:
    """Set up a worker process: Ctrl-C is the parent's to handle, and no worker outlives the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
