"""The anatomy of a study: its kept models examined again, window by window, beside forecasts that know more."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Float

from pipeline.arms import examined_samples
from pipeline.design import NONE, Arm, Design, the_task
from pipeline.scoring.anatomy import Subject, anatomy
from pipeline.scoring.anatomy_oracles import (
    MODEL_EGO,
    MODEL_NEXT,
    STEADY,
    WORLD,
    oracle_errors,
    steady_errors,
    told_next_errors,
    window_errors,
)
from pipeline.scoring.anatomy_traits import traits
from pipeline.scoring.scores import Scores
from pipeline.splits import Split
from pipeline.tasks.ground_plane import GroundPlane
from pipeline.tasks.prediction import FittedPredictor, Prediction
from pipeline.windows import Windows

GIVEN_EGO = {"prediction": "prediction_given_ego"}
"""By task: the same one, told how the recording car will move."""


@dataclass(frozen=True, eq=False)
class KeptModel:
    """A trained task model and what it was trained for."""

    arm: Arm
    design: Design
    split: Split
    load: Callable[[], Mapping[str, np.ndarray]]
    """Reads its arrays."""


def oracle_design(design: Design, windows: Windows) -> Design | None:
    """The same design for a model that is told the recording car's motion; None where nothing can be told."""
    known = windows.scenes is not None and windows.scenes.known.any()
    return replace(design, task=GIVEN_EGO[design.task]) if known and design.task in GIVEN_EGO else None


def compared(scores: Scores, fraction: float, rival: str | None, kept: Sequence[KeptModel]) -> list[str]:
    """The plain model, the rival, and the strategy with the largest gain: chosen after the fact, for looking."""
    trained = {model.arm.strategy for model in kept}
    candidates = [
        arm
        for arm in scores.at(fraction)
        if arm.strategy in trained and arm.verdict not in ("reference", "placebo", "failed")
    ]
    best = max(candidates, key=lambda arm: -np.inf if arm.gain_pct is None else arm.gain_pct, default=None)
    names = [NONE, *([rival] if rival in trained else []), *([best.strategy] if best else [])]
    return list(dict.fromkeys(str(name) for name in names))


def dissect(
    models: Sequence[KeptModel], told: Sequence[KeptModel], windows: Windows, scores: Scores, rival: str | None
) -> pd.DataFrame | None:
    """The anatomy at every fraction (``anatomy.COLUMNS``); None for a task that has none.

    Args:
        models: Of all strategies, trained on real and synthetic windows together.
        told: Plain models that were told the recording car's motion; may be empty.
        windows: Every window of the data set.
        scores: What was found; decides which strategies are looked at.
        rival: The simple strategy of the study, if it has one.
    """
    design = models[0].design
    task = the_task(design)
    if not isinstance(task, Prediction):
        return None
    splits = {model.arm.fold: model.split for model in models}
    folds = {fold: examined_samples(design, split, windows) for fold, split in sorted(splits.items())}
    every = Windows.concatenate(list(folds.values()))
    parts, drive = traits(every, task.history), every.drive.astype(str)
    untrained = [Subject(STEADY, "baseline", steady_errors(task, every)[None])]
    for name, errors in oracle_errors(task, every).items():
        untrained.append(Subject(name, "baseline" if name == WORLD else "oracle", errors[None]))
    tables = []
    for fraction in scores.fractions():
        names = compared(scores, fraction, rival, models)
        subjects = [_trained(models, name, fraction, folds, name) for name in names]
        if not isinstance(task, GroundPlane):
            subjects += [_trained(models, NONE, fraction, folds, MODEL_NEXT, told_next=True)]
        subjects += [_trained(told, NONE, fraction, folds, MODEL_EGO)] if told else []
        tables.append(anatomy(fraction, [*subjects, *untrained], parts, drive, np.random.default_rng(0)))
    return pd.concat(tables, ignore_index=True)


def _trained(
    models: Sequence[KeptModel],
    strategy: str,
    fraction: float,
    folds: Mapping[int, Windows],
    name: str,
    told_next: bool = False,
) -> Subject:
    """The errors of one strategy's models, a row a seed, folds side by side."""
    mine = {
        (model.arm.seed, model.arm.fold): model
        for model in models
        if (model.arm.strategy, model.arm.fraction) == (strategy, fraction)
    }
    seeds = sorted({seed for seed, _ in mine})
    errors = [
        np.concatenate([_errors(mine[seed, fold], windows, told_next) for fold, windows in folds.items()])
        for seed in seeds
    ]
    return Subject(name, "model" if name == strategy else "oracle", np.stack(errors))


def _errors(model: KeptModel, windows: Windows, told_next: bool) -> Float[np.ndarray, " n"]:
    task = the_task(model.design)
    fitted = task.from_arrays(model.load())
    if told_next:
        assert isinstance(task, Prediction)
        assert isinstance(fitted, FittedPredictor)
        return told_next_errors(task, fitted, windows)
    return window_errors(task, fitted, windows)
