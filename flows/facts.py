"""The facts of a study, as ``run.json`` keeps them: what was asked, of which data, with which settings and versions."""

import shlex
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.arm_store import Job
from flows.results import SAMPLES
from flows.studies import Study
from flows.workspace import code_digest, digest_of_file
from pipeline.arms import hyperparameters
from pipeline.scores import installed_versions
from pipeline.store import Ingested


def facts(plan: Study, jobs: Sequence[Job], data: Ingested, folder: Path, command: str) -> dict[str, Any]:
    """Everything one needs to know to repeat the study whose samples lie in ``folder``."""
    return {
        "study": plan.name,
        "about": plan.about,
        "command": command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "source": plan.source,
        "data": {
            "path": str(plan.root or data.path),
            "digest": data.digest,
            "profile": {"drives": data.drives, "tracks": data.tracks, "rows": data.rows},
            "quarantined": len(data.problems),
            "notes": data.notes,
        },
        "samples": {path.stem: _described(path) for path in sorted((folder / SAMPLES).glob("*.npz"))},
        "strategies": plan.strategies,
        "fractions": plan.fractions,
        "seeds": plan.seeds,
        "tstr_seeds": plan.tstr_seeds,
        "splits": [
            {"fold": fold, **asdict(split)} for fold, split in {job.arm.fold: job.split for job in jobs}.items()
        ],
        "design": asdict(plan.design),
        "shares": {strategy: plan.share(strategy) for strategy in plan.strategies},
        "hyperparameters": {strategy: hyperparameters(strategy, plan.design) for strategy in plan.strategies},
        "code_digest": code_digest(),
        "versions": installed_versions(),
    }


def command_line(
    study: str,
    root: str | None,
    seeds: int | None,
    profile: str | None,
    overrides: Sequence[str],
    on_error: str,
) -> str:
    """The command that runs the same study."""
    words = ["augment-kitti", "run", study]
    words += ["--root", root] if root else []
    words += ["--seeds", str(seeds)] if seeds is not None else []
    words += ["--profile", profile] if profile else []
    words += [word for override in overrides for word in ("--set", override)]
    words += ["--on-error", on_error] if on_error != "refuse" else []
    return shlex.join(words)


def _described(path: Path) -> dict[str, Any]:
    return {"path": f"{SAMPLES}/{path.name}", "digest": digest_of_file(path)}
