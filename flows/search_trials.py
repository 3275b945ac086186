"""The trials of a search in Optuna's own SQLite file: tried in one process or several, continued after a kill."""

import fcntl
import json
import logging
import math
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from flows.arm_store import ArmStore, Job
from flows.search import Search, Settings
from flows.training import examine_arms, prepare_worker, stoppable
from flows.workspace import locked
from pipeline.schema import UserError, require
from pipeline.search_space import Choice, Floats, Range, Space

FILE = "trials.db"
REASON = "reason"
"""Why a trial has no gain: its settings were refused, or its training diverged."""

AT_RANDOM = 8
"""Trials before the sampler and the pruner have seen enough to be trusted."""

Look = Callable[[optuna.Study], None]
"""Called whenever trials may have been finished."""


def try_settings(
    search: Search, arms: ArmStore, folder: Path, trials: int, workers: int, look: Look = lambda _: None
) -> optuna.Study:
    """Try settings until ``trials`` were tried, those of earlier calls counted; what was under way is tried again.

    Raises:
        UserError: another process is at the same search.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder), stoppable() as check:
        study = _opened(search, folder)
        _try_again(study)
        look(study)
        missing = trials - len(finished(study))

        def look_and_check(study: optuna.Study) -> None:
            look(study)
            check()

        if missing > 0 and workers == 1:
            _work(search, arms, folder, trials, look_and_check)
        elif missing > 0:
            _in_processes(search, arms, folder, trials, min(workers, missing), lambda: look(study))
    return study


def settings_of(trial: FrozenTrial, space: Space) -> dict[str, Any]:
    """The settings of a trial."""
    return {name: _decoded(trial.params[name], space[name]) for name in space if name in trial.params}


def finished(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that were tried to their end, one way or the other."""
    return [trial for trial in study.trials if _is_finished(trial)]


def _is_finished(trial: FrozenTrial) -> bool:
    return trial.state in (TrialState.COMPLETE, TrialState.PRUNED) or REASON in trial.user_attrs


def _opened(search: Search, folder: Path) -> optuna.Study:
    """The file of the search, with the study's own settings waiting as the first trial."""
    optuna.logging.set_verbosity(logging.ERROR)
    study = optuna.create_study(
        storage=f"sqlite:///{folder / FILE}", study_name=search.key, direction="maximize", load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=AT_RANDOM // 2),
    )  # fmt: skip
    if not study.trials:
        space = search.space()
        study.enqueue_trial({name: _encoded(value, space[name]) for name, value in search.today().items()})
    return study


def _try_again(study: optuna.Study) -> None:
    """Nobody else is at the search, so whatever runs in it has died: the same settings wait for another try."""
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.enqueue_trial(trial.params)
        study.tell(trial.number, state=TrialState.FAIL)


def _in_processes(
    search: Search, arms: ArmStore, folder: Path, trials: int, workers: int, look: Callable[[], None]
) -> None:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn, initializer=prepare_worker) as pool:
        try:
            waiting = {pool.submit(_work, search, arms, folder, trials) for _ in range(workers)}
            while waiting:
                done, waiting = wait_for(waiting, timeout=1)
                look()
                for future in done:
                    future.result()
        except BaseException:
            for child in multiprocessing.active_children():  # or the pool would wait for their work
                child.terminate()
            raise


def _work(search: Search, arms: ArmStore, folder: Path, trials: int, look: Look = lambda _: None) -> None:
    """Try settings until enough were tried or are being tried."""
    study = _opened(search, folder)
    while True:
        with locked(folder / "ask.lock"):
            known = study.get_trials(deepcopy=False)
            running = sum(trial.state is TrialState.RUNNING for trial in known)
            tried = sum(_is_finished(trial) for trial in known)
            if tried + running >= trials:
                return
            # seeded by what is known: a search that was killed proposes what it would have proposed
            study.sampler = optuna.samplers.TPESampler(
                seed=1000 * running + tried, n_startup_trials=AT_RANDOM, constant_liar=True
            )
            trial = study.ask()
            settings = {name: _suggested(trial, name, allowed) for name, allowed in search.space().items()}
        _try(search, arms, study, trial, settings)
        look(study)


def _try(search: Search, arms: ArmStore, study: optuna.Study, trial: Trial, settings: Settings) -> None:
    """Seed by seed, as long as the settings are worth it."""
    jobs: list[Job] = []  # made once each: their keys name the code, which may change meanwhile
    for seeds in range(1, search.plan.seeds + 1):
        try:
            jobs.append(search.job(settings, seeds - 1))
            gain = _gain(search, arms, jobs)
        except (UserError, ValueError) as refusal:
            trial.set_user_attr(REASON, str(refusal))
            study.tell(trial, state=TrialState.FAIL)
            return
        trial.report(gain, seeds)
        if seeds < search.plan.seeds and trial.should_prune():
            study.tell(trial, state=TrialState.PRUNED)
            return
    study.tell(trial, gain)


def _gain(search: Search, arms: ArmStore, jobs: Sequence[Job]) -> float:
    """The gain over the first seeds, of which the last is trained unless it was before."""
    if not arms.holds(jobs[-1]):
        examine_arms.fn([jobs[-1]], arms)
    gain = search.gain_pct(jobs, arms)
    require(math.isfinite(gain), "an error on the validation drives is not a number")
    return gain


def _suggested(trial: Trial, name: str, allowed: Range) -> Any:
    if isinstance(allowed, Choice):
        return _decoded(trial.suggest_categorical(name, [_encoded(one, allowed) for one in allowed.options]), allowed)
    if isinstance(allowed, Floats):
        return trial.suggest_float(name, allowed.low, allowed.high, log=allowed.log)
    return trial.suggest_int(name, allowed.low, allowed.high, log=allowed.log)


def _encoded(value: Any, allowed: Range) -> Any:
    """Choices as JSON: Optuna's storage knows numbers and text."""
    return json.dumps(value) if isinstance(allowed, Choice) else value


def _decoded(value: Any, allowed: Range) -> Any:
    return json.loads(value) if isinstance(allowed, Choice) else value


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Refuse to be the second process at one search; whoever dies inside lets the next one in."""
    with (folder / "search.lock").open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"Another process is at this search ({folder}); wait until it ends, or stop it.") from None
        yield
