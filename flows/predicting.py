"""A registered predictor, used: where the road users of a data set will be, without any training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from flows.crowning import MANIFEST, WEIGHTS
from flows.model_registry import PREDICTOR, fetched, named
from flows.training import one_thread
from flows.workspace import data_folder, sealed_facts
from pipeline import store
from pipeline.check import recognise
from pipeline.design import Design, the_task
from pipeline.schema import Drive, UserError
from pipeline.tasks.forecast_table import forecast_table, latest
from pipeline.tasks.prediction import FittedPredictor, Prediction
from pipeline.windows import cut_windows

SAME_PACE = 0.05
"""Part by which the time between two frames may differ from that of the drives that were learnt from."""


@dataclass(frozen=True, eq=False)
class Predictor:
    """A loaded predictor of boxes and what is known of it."""

    name: str
    design: Design
    fitted: FittedPredictor
    about: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a predictor says of a data set."""

    table: pd.DataFrame
    """As ``pipeline.tasks.forecast_table`` makes it."""
    tracks: int
    """For which there are predictions."""
    left_out: int
    """Other tracks: of a class that was not learnt, or without enough frames in a row."""


def loaded(name: str) -> Predictor:
    """The predictor that ``name`` names. Nothing is unpickled.

    Raises:
        UserError: no such model, it is damaged, of another version, or says something else than boxes from the past.
    """
    model = named(name, PREDICTOR)
    with fetched(model) as folder:
        facts = sealed_facts(folder, MANIFEST)
        if facts is None:
            raise UserError(f"The predictor {name} is damaged: its files are not those that were registered.")
        arrays = _arrays(folder / WEIGHTS)
    try:
        design = _design(facts["design"])
        task = the_task(design)
        if not isinstance(task, Prediction) or not task.boxes_from_the_past:
            raise UserError(
                f'The predictor {name} is of the task "{design.task}": only tasks that foretell boxes from a track\'s '
                "past alone can be used here."
            )
        return Predictor(name, design, task.from_arrays(arrays), facts["about"])
    except (KeyError, TypeError, ValueError, RuntimeError) as failure:
        raise UserError(f"The predictor {name} does not fit the code that is here: {failure}") from failure


def predicted(predictor: Predictor, root: Path, source: str | None, every: int | None) -> Predictions:
    """What will be, seen from the last frame of each track, or from every ``every``-th one.

    Args:
        predictor: Of whom to ask.
        root: A data set with tracks.
        source: Its reader; None: the first that knows the layout.
        every: Frames from one forecast to the next within a track; None: only the last.

    Raises:
        UserError: no such data, of another pace than what was learnt from, or no track is long enough.
    """
    design = predictor.design
    if every is not None and every < 1:
        raise UserError(f"--every must be at least 1, got {every}.")
    if not root.exists():
        raise UserError(f"{root} does not exist.")
    drives = store.load(store.ingest(source or recognise(root), root, data_folder() / "interim").path)
    _require_pace(predictor, drives)
    windows = cut_windows(drives, design.history, stride=every or 1, kinds=design.kinds)
    chosen = windows if every else latest(windows)
    with one_thread():
        table = forecast_table(chosen, predictor.fitted.forecast)
    known = len(np.unique(np.char.add(np.char.add(chosen.drive.astype(str), "/"), chosen.track.astype(str))))
    return Predictions(table, known, sum(len(drive.tracks) for drive in drives) - known)


def _arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as stored:
        return dict(stored)


def _design(stored: Mapping[str, Any]) -> Design:
    width, height = stored["size"]
    return Design(**{**stored, "kinds": tuple(stored["kinds"]), "size": (width, height)})


def _require_pace(predictor: Predictor, drives: Sequence[Drive]) -> None:
    """Refuse frames that follow each other faster or slower than those that were learnt from."""
    learnt: list[float] = predictor.about["dt_s"]
    for drive in drives:
        if all(abs(drive.dt_s - dt_s) > SAME_PACE * dt_s for dt_s in learnt):
            raise UserError(
                f"{drive.name} has a frame every {drive.dt_s:g} s; the predictor {predictor.name} has learnt from one "
                f"every {' or '.join(f'{dt_s:g}' for dt_s in learnt)} s. Bring the tracks to that pace first."
            )
