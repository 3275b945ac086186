"""The search for a strategy's settings as a flow, from data to the command that examines what was found."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from prefect import flow

from flows.augment_kitti import arm_store, default_workers, ingest, split_by_drive
from flows.recording import recorded
from flows.search import Search
from flows.search_results import write_results
from flows.studies import planned
from flows.tuning import carry_out
from flows.workspace import data_folder

TRIALS = 20


@flow(name="augment-kitti-tune")
def tune(
    study: str,
    strategy: str,
    root: str | None = None,
    trials: int = TRIALS,
    workers: int | None = None,
    seeds: int | None = None,
    fraction: float | None = None,
    overrides: list[str] | None = None,
) -> str:
    """Which settings suit a strategy? Search on the drives that teach and choose; return the folder of the answer.

    Args:
        study: A name in ``flows.studies.STUDIES``.
        strategy: One of its strategies.
        root: Folder of the data, for studies that do not make their own.
        trials: How many settings to try, those of earlier calls counted.
        workers: Processes to train in; default: two, or one on a single core.
        seeds: Seeds of each trial; default: the study's.
        fraction: Share of the real samples; default: the largest of the study.
        overrides: Changes of the study, as ``key=value``; what is set of the strategy itself is not searched.
    """
    overrides = overrides or []
    plan = planned(study, root, seeds, None, overrides)
    data = ingest(plan, "refuse")
    split = split_by_drive(plan, data)[0]
    fraction_used = max(plan.fractions) if fraction is None else fraction
    search = Search.of(plan, strategy, data, split, plan.seeds, fraction_used, overrides)
    folder = data_folder() / "reports" / f"tune-{search.name}"
    with recorded(plan.name) as record:
        found = carry_out(search, trials, arm_store(), workers or default_workers())
        write_results(folder, search, found, tune_command(study, strategy, root, trials, seeds, fraction, overrides))
        record.finish(folder)
    return str(folder)


def tune_command(
    study: str, strategy: str, root: str | None, trials: int, seeds: int | None, fraction: float | None,
    overrides: Sequence[str],
) -> str:  # fmt: skip
    """The command that goes on with the same search."""
    words = ["augment-kitti", "tune", study, strategy]
    words += ["--root", str(Path(root).expanduser().absolute())] if root else []
    words += ["--trials", str(trials)]
    words += ["--seeds", str(seeds)] if seeds is not None else []
    words += ["--fraction", f"{fraction:g}"] if fraction is not None else []
    return shlex.join([*words, *(word for text in overrides for word in ("--set", text))])
