"""The facts of a study, of its data and its settings. The report shows them, ``run.json`` keeps them."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flows.arm_store import Job
from flows.results import SAMPLES
from flows.study import Study
from flows.workspace import code_digest, digest_of_file
from pipeline.design import hyperparameters
from pipeline.findings import SetSize, StudyFacts
from pipeline.store import Ingested


def study_facts(
    plan: Study, jobs: Sequence[Job], data: Ingested, command: str, sizes: Mapping[str, SetSize]
) -> StudyFacts:
    """What a reader of the report must know; ``sizes`` says how much each strategy made."""
    quarantined = (f"{len(data.problems)} bad rows were left out",) if data.problems else ()
    searched = tuple(
        f"the settings of {strategy} are the best of {trials} trials, judged on the validation drives alone"
        for strategy, trials in plan.tune.items()
    )
    shorter = [
        f"with {fraction:.0%} of the data, every arm learns with {_listed(plan.design_at(fraction).options['task'])}"
        for fraction in plan.fractions
        if plan.design_at(fraction) != plan.design
    ]
    return StudyFacts(
        name=plan.name,
        about=plan.about,
        command=command,
        source=plan.source,
        data_digest=data.digest,
        splits=tuple({job.arm.fold: job.split for job in jobs}.values()),
        seeds=plan.seeds,
        fractions=plan.fractions,
        strategies={strategy: hyperparameters(strategy, plan.design) for strategy in plan.strategies},
        history=plan.design.history,
        tracks=data.tracks,
        rows=data.rows,
        notes=(*data.notes, *quarantined, *searched, *shorter),
        sizes=sizes,
    )


def run_facts(facts: StudyFacts, plan: Study, data: Ingested, folder: Path) -> dict[str, Any]:
    """The same for programs, and what they need to find, check and repeat the study whose report lies in ``folder``."""
    return {
        **asdict(facts),
        "root": str(plan.root or data.path),
        "stored": str(data.path),
        "design": asdict(plan.design),
        "tstr_seeds": plan.tstr_seeds,
        "shares": {strategy: plan.schedule(strategy).share for strategy in plan.strategies},
        "samples": {path.stem: digest_of_file(path) for path in sorted((folder / SAMPLES).glob("*.npz"))},
        "code_digest": code_digest(),
    }


def command_line(
    study: str, root: str | None, seeds: int | None, profile: str | None, overrides: Sequence[str], on_error: str
) -> str:
    """The command that runs the same study."""
    words = ["augment-kitti", "run", study]
    words += ["--root", root] if root else []
    words += ["--seeds", str(seeds)] if seeds is not None else []
    words += ["--profile", profile] if profile else []
    words += [word for override in overrides for word in ("--set", override)]
    words += ["--on-error", on_error] if on_error != "refuse" else []
    return shlex.join(words)


def _listed(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in options.items())
