"""How a study of 1,000 arms would fare on 64 workers: a simulation from the measured times of a finished study.

    python tests/benchmarks/workers.py REPORT [ARMS] [WORKERS]

``REPORT`` is the folder of a finished study of tracks: the CPU seconds of its arms are read from ``costs.parquet``;
what it costs to write and read an arm and to record the study in MLflow is measured on the spot, in CPU seconds.
Arms are grouped and ordered as ``flows.training`` does it: what learns the same generator goes to one worker, which
learns it once, and the costly groups go first to whichever worker is free.
"""

import heapq
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import TypeAlias

import numpy as np
import pandas as pd

from flows import mlflow_runs
from flows.arm_store import ArmStore, Job
from flows.servers import TRACKING_VARIABLE, environment
from flows.training import alike
from flows.workspace import DATA_VARIABLE, data_folder
from pipeline.arms import ArmResult
from pipeline.design import NONE, Arm, Design, cost_of, fits_of
from pipeline.splits import Split

Times: TypeAlias = dict[tuple[str, float], list[tuple[float, float]]]
"""Seconds of fitting and of training, one pair a run, by strategy and fraction."""


@dataclass(frozen=True)
class Overheads:
    """Seconds besides the arms' own: engine and submission measured once with Prefect 3.8, three of them each time."""

    before: float = 40.0
    """Server, imports, ingest and plan, before any worker can start."""
    start: float = 11.0
    """A worker's imports and windows; workers start at the same time."""
    submit: float = 0.0064
    """Of the parent for a group, one after the other."""
    engine: float = 0.105
    """Of the worker for a group, around its arms."""
    after: float = 20.0
    """Scores and report, whatever the number of arms; an estimate, like ``before`` and ``start``."""
    write: float = 0.0
    """Of the worker for each arm: what it leaves, measured by ``measured_overheads``."""
    gather: float = 0.0
    """Reading what an arm left, one after the other; measured."""
    record: float = 0.0
    """In MLflow, a run for each strategy; measured."""


@dataclass(frozen=True)
class Outcome:
    """What a simulated study took, in seconds."""

    wall: float
    work: float
    """Of all arms together."""
    longest: float
    """Of the longest group."""
    losses: dict[str, float]
    """Worker-seconds in which no arm was under way, by reason."""

    def efficiency(self, workers: int) -> float:
        """Share of the workers' time in which arms were under way."""
        return self.work / (workers * self.wall)


def measured(report: Path) -> Times:
    """What the arms of a finished study took; policies, which are no arms, are left out."""
    costs = pd.read_parquet(report / "costs.parquet")
    strategies = {*json.loads((report / "run.json").read_text())["strategies"], NONE}
    times: Times = {}
    for row in costs[costs["strategy"].isin(strategies)].itertuples():
        times.setdefault((str(row.strategy), float(row.fraction)), []).append((row.fit_s, row.train_s))
    return times


def measured_overheads(report: Path) -> Overheads:
    """What writing and reading an arm like those of the study cost here, and recording the study: the least of three.

    Arms are those in the data folder; MLflow's database is a new one in a file.
    """
    stored = max((data_folder() / "processed" / "arms").glob("*/model.npz"), key=lambda path: path.stat().st_mtime)
    tables = {name: pd.read_parquet(stored.with_name(f"{name}.parquet")) for name in ("errors", "valid", "curves")}
    with np.load(stored, allow_pickle=False) as model:
        result = ArmResult(**tables, synthetic=None, model=dict(model), fit_s=0.0, train_s=0.0)
    job = Job(Arm(NONE, 1.0, 0, 0), Design(), _nothing(), Path(), "", keep_samples=False, key="arm")
    with TemporaryDirectory() as place:
        arms = ArmStore(Path(place) / "arms")
        write = least_cpu_s(lambda: arms.save(job, result))
        gather = least_cpu_s(lambda: (arms.errors(job), arms.curves(job), arms.seconds(job)))
        with environment({DATA_VARIABLE: place, TRACKING_VARIABLE: f"sqlite:///{place}/mlflow.db"}):
            record = least_cpu_s(lambda: mlflow_runs.record(report))
    return Overheads(write=write, gather=gather, record=record)


def least_cpu_s(work: Callable[[], object]) -> float:
    """CPU seconds of this process, without what only the first time costs."""
    took = []
    for _ in range(3):
        started = process_time()
        work()
        took.append(process_time() - started)
    return min(took)


def _nothing() -> Split:
    return Split(("a",), ("b",), ("c",))


def plan(times: Times, arms: int) -> list[tuple[Job, ...]]:
    """Groups of arms, seed after seed of the study that was measured, in the order in which they are handed out."""
    design, nothing = Design(), _nothing()
    places = (Arm(strategy, part, 0, seed) for seed in count() for strategy, part in times)
    jobs = [
        Job(arm, design, nothing, Path(), "", keep_samples=False, key=f"{number}")
        for number, arm in enumerate(islice(places, arms))
    ]
    return sorted(alike(jobs), key=lambda group: -sum(cost_of(job.arm, job.design) for job in group))


def duration(group: Sequence[Job], times: Times) -> float:
    """Seconds of one worker for a group: every arm's training, and what is fitted, once if all fit the same."""
    runs = [times[job.arm.strategy, job.arm.fraction] for job in group]
    fit_s, train_s = zip(*(run[job.arm.seed % len(run)] for run, job in zip(runs, group, strict=True)), strict=True)
    shared = len(group) > 1 and fits_of(group[0].arm, group[0].design)
    return sum(train_s) + (max(fit_s) if shared else sum(fit_s))


def simulate(durations: Sequence[float], arms: int, workers: int, cost: Overheads) -> Outcome:
    """Hand out groups in order, each to the worker that is free first."""
    free = [cost.before + cost.start] * workers
    around = cost.engine + cost.write * arms / len(durations)
    for number, seconds in enumerate(durations):
        submitted = cost.before + cost.submit * (number + 1)
        heapq.heappush(free, max(heapq.heappop(free), submitted) + around + seconds)
    trained = max(free)
    wall = trained + cost.after + cost.gather * arms + cost.record
    work, engine, start = sum(durations), around * len(durations), cost.start * workers
    losses = {
        "before the workers": workers * cost.before,
        "workers start": start,
        "engine and writing, around each group": engine,
        "no arm left, or none submitted yet": workers * (trained - cost.before) - start - engine - work,
        "gather, scores, report and record": workers * (wall - trained),
    }
    return Outcome(wall, work, max(durations), losses)


def main(report: Path, arms: int, workers: int) -> None:
    """Print what is lost to what, and what each remedy would give."""
    times, cost = measured(report), measured_overheads(report)
    print(f"an arm is written in {cost.write:.3f} s and read in {cost.gather:.3f} s of CPU time; all is recorded in "  # noqa: T201
          f"MLflow in {cost.record:.1f} s")  # fmt: skip
    groups = plan(times, arms)
    durations = [duration(group, times) for group in groups]
    alone = [duration((job,), times) for group in groups for job in group]
    whole = simulate(durations, arms, workers, cost)
    print(f"{arms} arms in {len(groups)} groups on {workers} workers: {whole.wall:.0f} s")  # noqa: T201
    print(f"work {whole.work:.0f} s, longest group {whole.longest:.0f} s")  # noqa: T201
    print(f"efficiency {whole.efficiency(workers):.0%}; lost:")  # noqa: T201
    for reason, lost in sorted(whole.losses.items(), key=lambda item: -item[1]):
        print(f"  {lost / (workers * whole.wall):5.1%}  {reason}")  # noqa: T201
    remedies = {
        "nothing before the workers (they start while data is read)": (durations, replace(cost, before=0.0)),
        "gathering in parallel": (durations, replace(cost, gather=cost.gather / workers)),
        "every arm by itself, fitting what others fit too": (alone, cost),
        "shuffled instead of longest first": (sorted(durations, key=lambda seconds: hash(seconds)), cost),
        "no engine": (durations, replace(cost, engine=0.0, submit=0.0)),
        "nothing recorded in MLflow": (durations, replace(cost, record=0.0)),
    }
    for name, (own, changed) in remedies.items():
        print(f"  {simulate(own, arms, workers, changed).wall:5.0f} s  {name}")  # noqa: T201
    more = simulate(durations * 5, 5 * arms, workers, cost)
    print(f"five times as many arms: {more.wall:.0f} s, efficiency {more.efficiency(workers):.0%}")  # noqa: T201


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[2:]]
    main(Path(sys.argv[1]), *(numbers + [1000, 64][len(numbers) :]))
