"""What MLflow is told of a finished study, of a tour through the textbook, and of a search for settings.

A parent run each, and a child run a strategy, lesson or trial, with the same metric keys on all children. Everything is
read from the finished folder, so it can be recorded later or a second time.
"""

import glob
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import ranking
from flows.results import SAMPLES, fidelity_metrics, load_facts, load_scores
from flows.search_summary import search_description
from flows.tracking import Opened, connected, log, log_data, open_run
from pipeline.design import NONE
from pipeline.pages import file_name
from pipeline.scoring.scores import Scores

if TYPE_CHECKING:
    from mlflow import MlflowClient

LESSONS = "lessons"
"""What ``run.json`` calls the chapters of a tour, which a study of strategies does not have."""

SEARCH = "search"
"""What ``run.json`` calls the trials of a search for settings."""


def record(folder: Path, opened: Opened | None = None) -> Opened:
    """Record a finished study: into its open run, or into a new one.

    Args:
        folder: What the study left.
        opened: The parent run that waits for it.

    Raises:
        UserError: ``folder`` holds no finished study.
    """
    facts = load_facts(folder)
    if LESSONS in facts:
        return _record_tour(folder, facts, opened)
    if SEARCH in facts:
        return _record_search(folder, facts, opened)
    scores = load_scores(folder)
    opened = opened or open_run(facts["name"], {"recorded_from": folder.name})
    client = connected(opened.uri)
    _record_study(client, opened, folder, facts, scores)
    for strategy in facts["strategies"]:
        _record_strategy(client, opened, folder, facts, scores, strategy)
    client.set_terminated(opened.run_id)
    return opened


def _record_tour(folder: Path, facts: Mapping[str, Any], opened: Opened | None) -> Opened:
    """The textbook: a child run a lesson, with its settings, its numbers and its pictures."""
    opened = opened or open_run(facts["name"], {"recorded_from": folder.name})
    client = connected(opened.uri)
    lessons: Mapping[str, Mapping[str, Any]] = facts[LESSONS]
    known = {name: facts[name] for name in ("seed", "data_digest", "code_digest")}
    metrics = {f"{lesson}.{key}": value for lesson, found in lessons.items() for key, value in found["metrics"].items()}
    log(client, opened.run_id, {"study": facts["name"], "lessons": ", ".join(lessons), **known}, metrics)
    client.set_tag(opened.run_id, "mlflow.note.content", tour_description(facts))
    for path in sorted(folder.glob("*.*")):
        client.log_artifact(opened.run_id, str(path), "report")
    for lesson, found in lessons.items():
        tags = {"mlflow.parentRunId": opened.run_id, "lesson": lesson, "mlflow.note.content": found["answer"]}
        run_id = client.create_run(opened.experiment_id, run_name=lesson, tags=tags).info.run_id
        settings = {f"{lesson}.{name}": value for name, value in found["settings"].items()}
        log(client, run_id, {"lesson": lesson, **settings}, {**found["metrics"], "cpu_s": found["seconds"]})
        for picture in found["pictures"]:
            client.log_artifact(run_id, str(folder / picture), "figures")
        client.set_terminated(run_id)
    client.set_terminated(opened.run_id)
    return opened


def _record_search(folder: Path, facts: Mapping[str, Any], opened: Opened | None) -> Opened:
    """A search for settings: a child run a trial, with its settings and its gain on the validation drives."""
    opened = opened or open_run(facts["name"], {"recorded_from": folder.name})
    client, found = connected(opened.uri), facts[SEARCH]
    about = {name: found[name] for name in ("strategy", "seeds", "fraction", "data_digest")}
    best = found["best"] or {}
    log(client, opened.run_id, {"study": facts["name"], **about}, {"valid_gain_pct": best.get("gain_pct")})
    client.set_tag(opened.run_id, "mlflow.note.content", search_description(facts))
    client.set_tag(opened.run_id, "mlflow.runName", f"tune {found['strategy']}")
    client.log_artifacts(opened.run_id, str(folder), "report")
    for trial in found["trials"]:
        tags = {"mlflow.parentRunId": opened.run_id, "strategy": found["strategy"], "outcome": trial["outcome"]}
        run_id = client.create_run(opened.experiment_id, run_name=f"trial {trial['trial']}", tags=tags).info.run_id
        settings = {f"{found['strategy']}.{name}": trial[name] for name in found["ranges"] if name in trial}
        log(client, run_id, settings, {"valid_gain_pct": trial["gain_pct"], "seeds": trial["seeds"]})
        client.set_terminated(run_id)
    client.set_terminated(opened.run_id)
    return opened


def _record_study(
    client: "MlflowClient", parent: Opened, folder: Path, facts: Mapping[str, Any], scores: Scores
) -> None:
    run_id = parent.run_id
    baselines = {f"baseline.{item.name}": item.mean for item in scores.baselines}
    log(client, run_id, _parameters(facts), ranking.study_metrics(scores) | baselines)
    ranked = f"[Strategies ranked by gain]({parent.ranking})"
    client.set_tag(run_id, "mlflow.note.content", f"{ranking.description(facts, scores)}\n\n{ranked}")
    client.set_tag(run_id, "winner", ranking.winner(scores))
    client.set_experiment_tag(parent.experiment_id, ranking.VIEW_TAG, ranking.view(scores, run_id))
    client.set_experiment_tag(parent.experiment_id, "mlflow.note.content", f"{ranked}. {facts['about']}")
    log_data(client, run_id, facts, {"real": "all"})
    table = [asdict(arm) for arm in scores.arms]
    client.log_table(run_id, {key: [row[key] for row in table] for key in table[0]}, "scores_table.json")
    for path in sorted(folder.iterdir()):
        if path.is_file():
            client.log_artifact(run_id, str(path), "report")
        elif path.name != SAMPLES:
            client.log_artifacts(run_id, str(path), f"report/{path.name}")


def _record_strategy(
    client: "MlflowClient", parent: Opened, folder: Path, facts: Mapping[str, Any], scores: Scores, strategy: str
) -> None:
    arms = [arm for arm in scores.arms if arm.strategy == strategy]
    tags = {"mlflow.parentRunId": parent.run_id, "strategy": strategy, "verdict": arms[-1].verdict,
            "mlflow.note.content": ranking.strategy_note(arms)}  # fmt: skip
    run_id = client.create_run(parent.experiment_id, run_name=strategy, tags=tags).info.run_id
    settings = {f"{strategy}.{name}": value for name, value in facts["strategies"][strategy].items()}
    share = {} if strategy == NONE else {"share": facts["shares"][strategy]}
    metrics = {**ranking.strategy_metrics(arms), **fidelity_metrics(folder, strategy)}
    log(client, run_id, {"strategy": strategy, "seeds": facts["seeds"], **share, **settings}, metrics)
    made = {strategy: "synthetic"} if strategy in facts["samples"] else {}
    log_data(client, run_id, facts, {"real": "train", **made})
    samples = folder / SAMPLES / f"{strategy}.npz"
    if samples.exists():
        client.log_artifact(run_id, str(samples), SAMPLES)
    for picture in sorted((folder / "figures").glob(f"*_{glob.escape(file_name(strategy))}.png")):
        client.log_artifact(run_id, str(picture), "figures")
    client.set_terminated(run_id)


def answer(folder: Path) -> str:
    """What a finished study found, in Markdown."""
    facts = load_facts(folder)
    if SEARCH in facts:
        return search_description(facts)
    return tour_description(facts) if LESSONS in facts else ranking.description(facts, load_scores(folder))


def tour_description(facts: Mapping[str, Any]) -> str:
    """The textbook in Markdown: a row a lesson."""
    rows = [f"| {found['title']} | {found['answer']} |" for found in facts[LESSONS].values()]
    return "\n".join(["| lesson | answer |", "|---|---|", *rows, "", f"Repeat it: `{facts['command']}`"])


def _parameters(facts: Mapping[str, Any]) -> dict[str, Any]:
    design = {name: value for name, value in facts["design"].items() if name != "options"}
    chosen = {
        name: facts[name] for name in ("source", "fractions", "seeds", "tstr_seeds", "data_digest", "code_digest")
    }
    versions = {f"version.{name}": value for name, value in facts["versions"].items()}
    return {"study": facts["name"], "strategies": ", ".join(facts["strategies"]), **chosen, **design, **versions}
