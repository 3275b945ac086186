"""After a study: keep its best generator and predictor where others can use them, if their gain is beyond doubt."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.arm_store import ArmStore, Job
from flows.cards import provenance_of, without_places
from flows.championship import Contender, Decision, decide
from flows.model_registry import GENERATOR, PREDICTOR, champion_of, register, tag
from flows.recording import one_line, warn
from flows.results import load_facts
from flows.tracking import Opened
from flows.training import one_thread, samples_of
from flows.workspace import seal
from pipeline import store
from pipeline.arms import strategy_rng, training_samples
from pipeline.credits import credit_of
from pipeline.design import makes_samples
from pipeline.pictures import Pictures
from pipeline.strategies.saved import fit_to_keep, save_fit

CARD = "MODEL_CARD.md"
MANIFEST, WEIGHTS = "model.json", "model.npz"


@task(cache_policy=NO_CACHE)
def crown(folder: Path, jobs: Sequence[Job], arms: ArmStore, run: Opened) -> Decision:
    """Register the generator and the predictor of a finished study, if it has a new champion."""
    facts = load_facts(folder)
    present = champion_of(facts["name"], GENERATOR, run.uri)
    decision = decide(folder, Contender.of_tags(present.tags) if present else None)
    if decision.champion is not None:
        job = _its_job(jobs, decision.champion)
        for role, write in ((GENERATOR, _write_generator), (PREDICTOR, _write_predictor)):
            if role == GENERATOR and not makes_samples(job.arm, job.design):
                continue
            with tempfile.TemporaryDirectory() as place:
                write(Path(place), job, arms, _about(folder, facts, decision.champion, job))
                (Path(place) / CARD).write_text(_card(role, facts, decision), encoding="utf-8")
                register(Path(place), facts["name"], role, decision.champion.tags(), decision.why, run)
    return decision


def crown_if_deserved(folder: Path, jobs: Sequence[Job], arms: ArmStore, run: Opened | None) -> None:
    """The same for a study that is recorded; a registry that fails takes no study along."""
    if run is None:
        return
    try:
        decision = crown(folder, jobs, arms, run)
        tag(run, "champion", decision.why)
    except Exception as failure:  # the report is written; losing it to a registry would be absurd
        warn(f"{one_line(failure)} No model was registered.")


def _its_job(jobs: Sequence[Job], champion: Contender) -> Job:
    """The arm of the first seed and fold: one of those whose mean gain was measured."""
    return next(
        job
        for job in jobs
        if (job.arm.strategy, job.arm.fraction, job.arm.fold, job.arm.seed)
        == (champion.strategy, champion.fraction, 0, 0)
        and not job.arm.synthetic_only
    )


def _write_generator(folder: Path, job: Job, arms: ArmStore, about: Mapping[str, Any]) -> None:
    """The strategy as the arm fitted it, fitted once more: the arm store keeps samples, not generators."""
    samples = samples_of(job.data, job.data_digest, job.design)
    kind = "pictures" if isinstance(samples, Pictures) else "tracks"
    options = job.design.options.get(job.arm.strategy, {})
    with one_thread():
        real = training_samples(job.arm, job.split, samples)
        save_fit(fit_to_keep(kind, job.arm.strategy, options, real, strategy_rng(job.arm)), folder, about)


def _write_predictor(folder: Path, job: Job, arms: ArmStore, about: Mapping[str, Any]) -> None:
    """The task's model as the arm left it: arrays for ``Task.from_arrays``."""
    np.savez_compressed(folder / WEIGHTS, allow_pickle=False, **arms.model(job))
    pace = {"dt_s": sorted({drive.dt_s for drive in store.load(job.data)})}
    seal(folder, MANIFEST, {"design": asdict(job.design), "about": {**about, **pace}})


def _about(folder: Path, facts: Mapping[str, Any], champion: Contender, job: Job) -> dict[str, Any]:
    return {
        "champion": asdict(champion),
        "arm": asdict(job.arm),
        "stored": Path(facts["stored"]).name,
        "provenance": asdict(provenance_of(folder, facts, champion.strategy)),
    }


def _card(role: str, facts: Mapping[str, Any], decision: Decision) -> str:
    """What somebody must know who is handed the model."""
    champion, credit = decision.champion, credit_of(facts["source"])
    assert champion is not None
    holds = {
        GENERATOR: "It holds the real samples that it learnt from, as most strategies draw from them: whoever passes "
        "it on passes on real data.",
        PREDICTOR: "It holds the weights of the task's network, trained on real and synthetic samples.",
    }
    return (
        f"# {champion.strategy}: the champion {role} of the study {champion.study}\n\n{decision.why}\n\n"
        f"Gain on held-out drives with {champion.fraction:.0%} of the real data: {champion.gain_pct:+.1f} % "
        f"({champion.ci_low:+.1f} to {champion.ci_high:+.1f} %, {facts['seeds']} seeds); all placebos hold. This is "
        f"the model of the first seed and fold.\n\n"
        f"{holds[role]}\n\nReal data: {credit.text} Terms: {credit.terms} {credit.url}\n\n"
        f"Plain arrays and JSON; nothing in it is unpickled. Made again by: `{without_places(facts['command'])}`\n"
    )
