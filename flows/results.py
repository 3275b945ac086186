"""What a finished study leaves in its folder: tables, samples, and the facts to repeat it. Written and read here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from flows.arm_store import ArmStore, Job
from flows.training import samples_of
from flows.workspace import data_folder, digest_of_file, require_writable
from pipeline import store
from pipeline.arms import examine_synthetic, run_baselines, training_samples
from pipeline.depth_examples import DepthExamples
from pipeline.design import NONE, the_task
from pipeline.findings import SetSize
from pipeline.frame_paths import FramePaths, frame_paths
from pipeline.json_objects import object_in
from pipeline.pictures import Pictures
from pipeline.registry import lookup
from pipeline.samples import Samples, of_drives
from pipeline.schema import UserError
from pipeline.scoring.policies import Policy, applied, choose
from pipeline.scoring.scores import Choice, Scores
from pipeline.tasks import TASKS
from pipeline.tasks.depth import Depth
from pipeline.windows import Windows

FACTS = "run.json"
SCORES = "scores.json"
SAMPLES = "samples"


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


def save_samples(folder: Path, samples: Mapping[str, Samples]) -> None:
    """One file a strategy."""
    (folder / SAMPLES).mkdir()
    for strategy, made in samples.items():
        made.save(folder / SAMPLES / f"{strategy}.npz")


def set_sizes(folder: Path, samples: Mapping[str, Samples]) -> dict[str, SetSize]:
    """How much each strategy made, once it is saved."""
    return {
        strategy: SetSize(len(made), (folder / SAMPLES / f"{strategy}.npz").stat().st_size)
        for strategy, made in samples.items()
    }


def load_samples(folder: Path) -> dict[str, Samples]:
    """The samples of a finished study, by strategy.

    Raises:
        UserError: ``folder`` holds no finished study.
    """
    facts = load_facts(folder)
    try:
        kind = lookup(TASKS, str(facts["design"]["task"]), "task").samples
        digests = {str(name): str(digest) for name, digest in facts["samples"].items()}
    except (KeyError, TypeError, AttributeError) as failure:
        raise UserError(f"{folder / FACTS} does not say what samples there are: {failure!r}.") from failure
    strange = [name for name in digests if Path(name).name != name or name == ".."]
    if strange:  # a folder is named by each when samples are exported
        raise UserError(f'{folder / FACTS} names a strategy "{strange[0]}", which no strategy is called.')
    return {strategy: _load(kind, folder / SAMPLES / f"{strategy}.npz", digest) for strategy, digest in digests.items()}


def _load(kind: type[Any], path: Path, digest: str) -> Samples:
    """Samples that are what the study wrote."""
    try:
        damaged = digest_of_file(path) != digest
    except OSError as failure:
        raise UserError(f"{path} cannot be read: {failure.strerror or failure}.") from failure
    if damaged:
        raise UserError(f"{path} is damaged: it is not what the study wrote. Run the study again.")
    found: Samples = kind.load(path)
    return found


def require_place_for_report(out: str | None) -> None:
    """Find out early whether a report can be written; None stands for the data folder.

    Raises:
        UserError: the folder cannot be written, or holds something that is not a study's report.
    """
    folder = data_folder() / "reports" / "new" if out is None else Path(out).expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file; --out must name a folder.")
    if folder.exists() and any(folder.iterdir()) and not (folder / FACTS).exists():
        raise UserError(f"{folder} holds other files; --out must name a new folder or an earlier report.")
    require_writable(folder.parent)


def fidelity_metrics(folder: Path, strategy: str) -> dict[str, float]:
    """What was measured of a strategy's samples, as ``fidelity.MEASURE.SPACE``; empty where nothing was."""
    path = folder / "fidelity.parquet"
    if not path.exists():
        return {}
    table = pd.read_parquet(path, filters=[("strategy", "==", strategy)])
    names = ("fidelity." + table["measure"] + "." + table["space"]).str.removesuffix(".")
    return dict(zip(names, table["value"].astype(float), strict=True))


def load_facts(folder: Path) -> dict[str, Any]:
    """What ``run.json`` says.

    Raises:
        UserError: ``folder`` holds no finished study.
    """
    try:
        facts = object_in((folder / FACTS).read_bytes())
    except (OSError, ValueError) as failure:
        raise UserError(f"{folder} holds no finished study (no readable {FACTS}).") from failure
    return facts


def load_scores(folder: Path) -> Scores:
    """What ``scores.json`` says.

    Raises:
        UserError: ``folder`` holds no scores this program can read.
    """
    try:
        return Scores.from_json((folder / SCORES).read_text())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as failure:
        raise UserError(f"{folder / SCORES} cannot be read: {failure}") from failure
