"""One arm of a study: fit a strategy on one split with one seed, train the task with its samples, examine it.

Pure: data in, tables out. ``flows`` decides in which order and process arms run; the numbers do not depend on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
import pandas as pd

from models.reporting import Report, TrainingDiverged, silent
from pipeline.design import NONE, Arm, Design, task_of, the_strategy, the_task
from pipeline.pictures import Pictures
from pipeline.samples import AnySamples, Samples, of_drives
from pipeline.schema import UserError
from pipeline.splits import Split
from pipeline.strategies.base import walked
from pipeline.strategies.memory import cpu_clock, fitted
from pipeline.tasks.forecast_errors import summarise
from pipeline.windows import Windows

PATHS, STOPS = 4, 7
"""Ways between latents that are shown, and samples on each."""


@dataclass(frozen=True, eq=False)
class ArmResult:
    """What one arm leaves behind."""

    errors: pd.DataFrame
    """One row per held-out drive, class and border flag: ``n`` windows, their mean errors, and the arm.

    Where settings are chosen, no drive is held out, and this is ``valid``.
    """
    valid: pd.DataFrame
    """The same on the validation drives, by which policies choose."""
    synthetic: Samples | None
    """Of the samples trained on, at most as many as there are real ones; None for the ``none`` arm."""
    model: Mapping[str, np.ndarray]
    """The trained task model as plain arrays (``Task.to_arrays``)."""
    curves: pd.DataFrame
    """Training curves: ``phase`` (fit or train), ``step``, ``name``, ``value``."""
    fit_s: float
    """CPU seconds for fitting the strategy and drawing samples."""
    train_s: float
    """CPU seconds for training the task."""
    walk: Windows | None = None
    """Samples on the way between latents, by path and stop; only of generators that start from a latent."""


def run_arm(arm: Arm, design: Design, split: Split, samples: Samples, report: Report = silent) -> ArmResult:
    """Run one arm on one thread; the same arguments give the same numbers in any process.

    Args:
        arm: What to train with, from which seed.
        design: What all arms share.
        split: Which drives are for training, validation and examination.
        samples: Every sample of the data set: windows (stride 1) of ``design.history + design.future`` frames, or
            pictures of ``design.size``.
        report: Called now and then with the losses.

    Raises:
        UserError: a drive has no sample, a name is unknown, or training diverged.
    """
    try:
        return _run_arm(arm, design, split, samples, report)
    except TrainingDiverged as failure:
        raise UserError(f"{arm.name}: {failure}") from failure


def _run_arm(arm: Arm, design: Design, split: Split, samples: Samples, report: Report) -> ArmResult:
    curves: list[tuple[str, int, str, float]] = []
    train = training_samples(arm, split, samples)
    valid = _thinned(of_drives(samples, split.valid), design.held_out_stride)
    held_out = examined_samples(design, split, samples)

    started = cpu_clock()
    synthetic, walk = _synthesise(arm, design, train, _recorder(curves, "fit", report))
    fitted_at = cpu_clock()
    task = task_of(arm, design)
    real, added = (synthetic, None) if arm.synthetic_only else (_beside(arm, design, train), synthetic)
    model = task.train(real, added, arm.schedule, valid, _rng(arm, "task"), _recorder(curves, "train", report))
    trained_at = cpu_clock()

    return ArmResult(
        errors=_labelled(task.evaluate(model, held_out), arm),
        valid=_labelled(task.evaluate(model, valid), arm),
        synthetic=synthetic and _some(synthetic, len(train), _rng(arm, "kept")),
        model=task.to_arrays(model),
        curves=pd.DataFrame(curves, columns=["phase", "step", "name", "value"]),
        fit_s=fitted_at - started,
        train_s=trained_at - fitted_at,
        walk=walk,
    )


def training_samples(arm: Arm, split: Split, samples: AnySamples) -> AnySamples:
    """The real samples that this arm may learn from: the same for every strategy of a seed."""
    train = of_drives(samples, split.train).part(arm.fraction, _rng(arm, "tracks"))
    if not len(train):
        raise UserError(f"No sample to train on in the drives {', '.join(split.train)}.")
    return _looking(train, of_drives(samples, split.look)) if split.look else train


def _some(samples: AnySamples, most: int, rng: np.random.Generator) -> AnySamples:
    """At most so many, in their order: strategies need not shuffle what they make."""
    return samples.take(np.sort(rng.permutation(len(samples))[:most]))


def _looking(train: AnySamples, looked_at: AnySamples) -> AnySamples:
    """The samples with a view of another domain, of which no label is told."""
    if not isinstance(train, Pictures) or not isinstance(looked_at, Pictures):
        raise ValueError(f"only pictures can be looked at, got {type(train).__name__}")
    if not len(looked_at):
        raise UserError("The drives to look at have no pictures.")
    return replace(train, look=looked_at.image)


def examined_samples(design: Design, split: Split, samples: AnySamples) -> AnySamples:
    """The real samples that every arm of a fold is examined on; where settings are chosen, those of ``valid``."""
    return _thinned(of_drives(samples, split.held_out or split.valid), design.held_out_stride)


def run_baselines(design: Design, split: Split, fold: int, samples: Samples) -> pd.DataFrame:
    """Errors of the models that learn nothing, with the columns of an arm's errors (seed -1, fraction 1)."""
    held_out = examined_samples(design, split, samples)
    tables = the_task(design).examine_baselines(of_drives(samples, split.train), held_out)
    labelled = [_labelled(errors, Arm(name, 1.0, fold, -1)) for name, errors in tables.items()]
    return pd.concat(labelled, ignore_index=True)


def examine_synthetic(arm: Arm, design: Design, model: Mapping[str, np.ndarray], synthetic: Samples) -> pd.DataFrame:
    """Errors on synthetic samples of a model trained on real data alone: do they make sense to it?

    Args:
        arm: The arm that made the samples.
        design: What all arms share.
        model: ``ArmResult.model`` of the ``NONE`` arm of the same fraction, fold and seed.
        synthetic: The samples.
    """
    task = the_task(design)
    errors = task.evaluate(task.from_arrays(model), synthetic).assign(drive="synthetic")
    return _labelled(errors, arm)


def _synthesise(arm: Arm, design: Design, train: Samples, report: Report) -> tuple[Samples | None, Windows | None]:
    """As many synthetic samples as the task wants, unless the strategy has another opinion; and a walk.

    Every strategy starts from the same randomness, so that those which learn the same generator learn it alike.
    """
    if arm.strategy == NONE:
        return None, None
    rng = strategy_rng(arm)
    strategy = the_strategy(arm.strategy, design)
    draw = fitted(strategy, train, rng, report)
    wanted = task_of(arm, design).wanted(len(train), arm.schedule)
    made: Samples = draw(strategy.amount(wanted), rng)
    return made, walked(draw, PATHS, STOPS, _rng(arm, "walk"))


def _beside(arm: Arm, design: Design, train: Samples) -> Samples:
    """What the real part of each batch is drawn from."""
    if arm.strategy == NONE:
        return train
    return the_strategy(arm.strategy, design).beside(train, _rng(arm, "beside"))


def strategy_rng(arm: Arm) -> np.random.Generator:
    """What the arm's strategy is fitted and drawn with."""
    return _rng(arm, "strategy")


def _rng(arm: Arm, purpose: str) -> np.random.Generator:
    """Randomness that depends on seed, fold, fraction and purpose, never on the order of work.

    Tracks and task draw alike in all strategies of a seed: that is what pairs them.
    """
    return np.random.default_rng([arm.seed, arm.fold, round(arm.fraction * 1_000_000), crc32(purpose.encode())])


def _thinned(samples: AnySamples, stride: int) -> AnySamples:
    """Every ``stride``-th window of each track, or picture of each drive, counted from the first."""
    return samples.take(samples.index % stride == 0)


def _labelled(errors: pd.DataFrame, arm: Arm) -> pd.DataFrame:
    """Means with their ``n``, and the arm they belong to."""
    means = errors if "n" in errors else summarise(errors)
    return means.assign(**arm.labels)


def _recorder(curves: list[tuple[str, int, str, float]], phase: str, report: Report) -> Report:
    """A report that remembers and passes on."""

    def record(step: int, values: Mapping[str, float]) -> None:
        curves.extend((phase, step, name, float(value)) for name, value in values.items())
        report(step, values)

    return record
