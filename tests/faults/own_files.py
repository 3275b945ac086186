"""The program's own files: how to make a sound one of each kind, and what reads it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from flows.arm_store import MANIFEST, ArmStore, Job
from flows.liveness import dead_runs
from flows.results import FACTS, SCORES, load_facts, load_samples, load_scores
from flows.studies import STUDIES
from flows.workspace import digest_of_file
from models.adversarial import AdversarialRecipe, Players
from models.checkpoints import load_checkpoint, save_checkpoint
from pipeline import store
from pipeline.arms import ArmResult
from pipeline.city.drives import labelled_drive
from pipeline.design import Arm, Design
from pipeline.kitti_layout import write_tracking
from pipeline.scoring.scores import Scores
from pipeline.splits import Split
from pipeline.windows import Windows, cut_windows
from tests.faults.data_files import plausible


def settings(root: Path) -> Path:
    """What people write after ``--set``, one a line."""
    lines = ('strategies=["none", "flip"]', "history=8", "fractions=[0.25, 1]", "task.steps=600", "flip.share=0.4",
             'kinds=["Car"]', "seeds=3", 'valid=["0001"]')  # fmt: skip
    (root / "settings").write_text("\n".join(lines))
    return root / "settings"


def read_settings(path: Path) -> None:
    """As ``run`` does before any work."""
    words = path.read_bytes().decode("utf-8", "replace").split("\n")
    STUDIES["kitti-tracking"].with_overrides(words).check_recipes()


RECIPE = AdversarialRecipe(steps=2, critic_steps=1, batch=4)


def players() -> Players:
    """Two networks of a few weights."""
    generator, critic = nn.Linear(2, 3), nn.Linear(3, 1)
    return Players(generator, critic, RECIPE)


def checkpoint(root: Path) -> Path:
    """A stopped run of a small GAN."""
    save_checkpoint(root / "run.pt", players(), RECIPE, torch.Generator())
    return root / "run.pt"


def read_checkpoint(path: Path) -> None:
    """As a continued run does."""
    found = players()
    load_checkpoint(path, found, RECIPE, torch.Generator())
    assert all(torch.isfinite(weight).all() for weight in found.generator.parameters()), "weights that are no numbers"


def some_windows() -> Windows:
    """Windows of one drive."""
    return cut_windows([labelled_drive(0, 0, 12)], 8)


def report(root: Path) -> Path:
    """What ``run.json`` and ``scores.json`` of a study must hold to be read."""
    windows = some_windows()
    (root / "samples").mkdir()
    windows.made_by("flip").save(root / "samples" / "flip.npz")
    made = {"flip": digest_of_file(root / "samples" / "flip.npz")}
    facts = {
        "samples": made,
        "name": "mini",
        "design": {"task": "prediction"},
        "strategies": {"none": {}, "flip": {}},
        "seeds": 2,
    }
    (root / FACTS).write_text(json.dumps(facts))
    nothing = Scores("ade_px", "px", False, True, (), (), ("Nothing.",), (), (), ())
    (root / SCORES).write_text(nothing.to_json())
    return root / FACTS


def report_scores(root: Path) -> Path:
    """The same, but its scores are to be damaged."""
    return report(root).with_name(SCORES)


def report_samples(root: Path) -> Path:
    """The same, but its samples are to be damaged."""
    return report(root).parent / "samples" / "flip.npz"


def read_report(path: Path) -> None:
    """As ``export`` does."""
    folder = path.parent.parent if path.suffix == ".npz" else path.parent
    load_facts(folder)
    for windows in load_samples(folder).values():
        assert np.isfinite(windows.boxes[windows.valid]).all(), "samples that are no numbers"


def read_scores(path: Path) -> None:
    """As ``compare`` does."""
    assert load_scores(path.parent).to_json()


def finished_arm(root: Path) -> Path:
    """One arm in the store."""
    table = pd.DataFrame({"strategy": ["flip"], "ade_px": [1.5]})
    curves = pd.DataFrame({"phase": ["train"], "step": [1], "name": ["loss"], "value": [0.5]})
    ArmStore(root).save(a_job(root), ArmResult(table, table, some_windows(), {"w": np.ones(3)}, curves, 0.25, 1.5))
    return root / "arm" / MANIFEST


def a_job(root: Path) -> Job:
    """The job of that arm."""
    design = Design(history=4, future=4)
    return Job(Arm("flip", 1.0, 0, 0), design, Split(("a",), ("b",), ("c",)), root, "digest", True, "arm")


def read_arm(path: Path) -> None:
    """As a study does that goes on: a damaged arm is not used, and one that is used can be read."""
    arms, job = ArmStore(path.parents[1]), a_job(path.parents[1])
    if arms.holds(job):
        assert arms.errors(job)["ade_px"].tolist() == [1.5], "other errors than were saved"
        assert all(np.isfinite(arms.seconds(job))), "seconds that are no numbers"
        assert (len(arms.curves(job)), len(arms.valid(job)), len(arms.model(job))) == (1, 1, 1)
        assert len(arms.samples(job))


def stored_set(root: Path) -> Path:
    """An ingested data set; its manifest is to be damaged."""
    write_tracking(labelled_drive(0, 0, 12), root / "kitti")
    return store.ingest("kitti_tracking", root / "kitti", root / "interim").path / store.MANIFEST


def read_stored_set(path: Path) -> None:
    """As the next study does: what is damaged is read again from its source."""
    root = path.parents[2]
    found = store.ingest("kitti_tracking", root / "kitti", root / "interim", "quarantine")
    plausible(store.load(found.path))


def live_run(root: Path) -> Path:
    """What a killed run left."""
    facts = {"flow_run_id": "one", "study": "mini", "mlflow_uri": "sqlite:///x", "mlflow_run_id": "two"}
    (root / "one.json").write_text(json.dumps(facts))
    return root / "one.json"


def read_live_run(path: Path) -> None:
    """As the next study does."""
    with dead_runs(path.parent) as dead:
        assert len(dead) == 1
