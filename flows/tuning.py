"""Carry out a search: the plain arms first, then trial after trial, each told to whoever watches."""

import sys
from pathlib import Path

import optuna
from prefect import task
from prefect.cache_policies import NO_CACHE
from rich.console import Console

from flows.arm_store import ArmStore
from flows.search import Search, with_settings
from flows.search_results import best_settings, best_trial
from flows.search_trials import finished, settings_of, try_settings
from flows.study import Study
from flows.training import train_arms
from flows.workspace import data_folder
from pipeline.schema import UserError
from pipeline.search_page import setting_text
from pipeline.splits import Split
from pipeline.store import Ingested


@task(cache_policy=NO_CACHE, task_run_name="search {search.strategy}")
def carry_out(search: Search, trials: int, arms: ArmStore, workers: int) -> optuna.Study:
    """Try settings until ``trials`` were tried; what earlier calls found counts."""
    train_arms(search.plain, arms, workers)
    return try_settings(search, arms, folder_of(search), trials, workers, Teller(search, trials))


def folder_of(search: Search) -> Path:
    """Where the trials of a search are kept."""
    return data_folder() / "searches" / search.name


def tuned(plan: Study, data: Ingested, split: Split, arms: ArmStore, workers: int) -> Study:
    """The study with the best settings of every search that it asks for; held-out drives take no part."""
    for strategy, trials in plan.tune.items():
        search = Search.of(plan, strategy, data, split, plan.seeds, max(plan.fractions))
        best = best_settings(search, carry_out(search, trials, arms, workers))
        if not best:
            raise UserError(f'The search for settings of "{strategy}" found none that could be trained.')
        plan = with_settings(plan, strategy, best)
    return plan


class Teller:
    """One line for each finished trial."""

    def __init__(self, search: Search, trials: int, console: Console | None = None) -> None:
        """Nothing is told before the first call."""
        self._search, self._trials = search, trials
        self._console = console or Console(file=sys.stderr, highlight=False, soft_wrap=True)
        self._told: set[int] | None = None

    def __call__(self, study: optuna.Study) -> None:
        """Tell what was finished since the last call; the first call tells how many were finished earlier."""
        done = finished(study)
        if self._told is None:
            self._told = {trial.number for trial in done}
            if done:
                self._say(f"{len(done)} trials were finished earlier; going on from there.")
        for trial in done:
            if trial.number not in self._told:
                self._told.add(trial.number)
                best = best_trial(study)
                gain = trial.intermediate_values.get(trial.last_step or 0)
                found = "no gain" if gain is None else f"{gain:+.2f} %"
                so_far = f", best {best.value:+.2f} %" if best and best.value is not None else ""
                self._say(f"[{len(self._told)}/{self._trials}] {found}{so_far}  {self._settings(trial)}")

    def _settings(self, trial: optuna.trial.FrozenTrial) -> str:
        settings = settings_of(trial, self._search.space())
        return " ".join(f"{name}={setting_text(value)}" for name, value in settings.items())

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False)
