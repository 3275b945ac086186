"""What a search found, from Optuna's trials to the page and the facts that its folder keeps."""

from pathlib import Path
from typing import Any

import optuna
import pandas as pd
from optuna.trial import FrozenTrial, TrialState

from flows.mlflow_runs import SEARCH
from flows.results import FACTS
from flows.search import Search, Settings
from flows.search_trials import REASON, finished, settings_of
from flows.workspace import code_digest, new_folder, write_json
from pipeline.search_page import SearchFacts, TrialRow, write_search

ENOUGH = 8
"""Finished trials from which importances mean something."""


def best_settings(search: Search, study: optuna.Study) -> Settings:
    """The settings of the best trial that was not given up; none if there is no such trial."""
    best = best_trial(study)
    return {} if best is None else settings_of(best, search.space())


def best_trial(study: optuna.Study) -> FrozenTrial | None:
    """The trial with the greatest gain over all seeds; the first of equals."""
    complete = study.get_trials(states=(TrialState.COMPLETE,))
    return max(complete, key=lambda trial: (trial.value or 0.0, -trial.number), default=None)


def write_results(folder: Path, search: Search, study: optuna.Study, command: str) -> None:
    """The page, the table and the facts; the folder appears complete or not at all."""
    facts = search_facts(search, study, command)
    trials = [_as_json(row) for row in facts.trials]
    with new_folder(folder) as part:
        pd.DataFrame(trials).to_csv(part / "trials.csv", index=False)
        write_search(part, facts)
        known = {"name": search.plan.name, "command": command, "code_digest": code_digest(), "examine": facts.examine}
        write_json(
            part / FACTS,
            {**known, SEARCH: search.facts() | {"trials": trials, "best": facts.best and _as_json(facts.best)}},
        )


def search_facts(search: Search, study: optuna.Study, command: str) -> SearchFacts:
    """What a reader must know."""
    rows = {trial.number: _row(search, trial) for trial in finished(study)}
    best = best_trial(study)
    return SearchFacts(
        study=search.plan.name,
        strategy=search.strategy,
        fraction=search.plan.fractions[0],
        seeds=search.plan.seeds,
        train=search.split.train,
        valid=search.split.valid,
        command=command,
        examine=search.command(best_settings(search, study)) if best else "",
        best=rows[best.number] if best else None,
        trials=tuple(rows.values()),
        importances=_importances(study),
    )


def _as_json(row: TrialRow) -> dict[str, Any]:
    about = {"trial": row.number, "gain_pct": row.gain_pct, "seeds": row.seeds}
    return {**about, **row.settings, "outcome": row.outcome}


def _row(search: Search, trial: FrozenTrial) -> TrialRow:
    outcome = {TrialState.COMPLETE: "finished", TrialState.PRUNED: "given up early"}.get(trial.state, "")
    seeds = trial.last_step or 0
    gain = trial.intermediate_values.get(seeds)
    return TrialRow(trial.number, outcome or trial.user_attrs[REASON], gain, seeds, settings_of(trial, search.space()))


def _importances(study: optuna.Study) -> dict[str, float]:
    """By setting; empty where too few trials finished, or all gained the same."""
    complete = study.get_trials(states=(TrialState.COMPLETE,))
    if len(complete) < ENOUGH or len({trial.value for trial in complete}) == 1:
        return {}
    return optuna.importance.get_param_importances(study)
