"""MLflow: what a study found, for people who compare studies. The only module that imports it.

One experiment a study name, one parent run a study, one child run a strategy with the same metric keys on each.
Everything is read from the finished study's folder, so a study can be recorded later or a second time. MLflow is
imported where it is needed: it takes seconds, and most commands do without.
"""

import glob
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import ranking
from flows.credentials import without_user
from flows.results import SAMPLES, fidelity_metrics, load_facts, load_scores
from flows.search_summary import search_description
from flows.servers import HOST, MLFLOW_PORT, QUIET, TRACKING_VARIABLE, answers, tracking_uri
from flows.workspace import data_folder, locked
from pipeline.arms import NONE
from pipeline.pages import file_name
from pipeline.scoring.scores import Scores

if TYPE_CHECKING:
    from mlflow import MlflowClient

DEFAULTS = QUIET | {
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # of 7: a study need not wait minutes to learn that a server is down
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}

LESSONS = "lessons"
"""What ``run.json`` calls the chapters of a tour, which a study of strategies does not have."""

SEARCH = "search"
"""What ``run.json`` calls the trials of a search for settings."""


@dataclass(frozen=True)
class Opened:
    """A parent run."""

    uri: str
    run_id: str
    experiment_id: str

    @property
    def url(self) -> str:
        """Its page: on the tracking server, else on the server that ``augment-kitti ui`` starts."""
        return f"{self._runs}/{self.run_id}"

    @property
    def ranking(self) -> str:
        """The page that ranks the strategies of the study that was recorded last."""
        return f"{self._runs}?workflowType=machine_learning&viewStateShareKey={ranking.VIEW}"

    @property
    def _runs(self) -> str:
        base = without_user(self.uri) if self.uri.startswith("http") else f"http://{HOST}:{MLFLOW_PORT}"
        return f"{base.rstrip('/')}/#/experiments/{self.experiment_id}/runs"


def trouble() -> str | None:
    """Why nothing can be recorded right now, in one sentence; None if all seems well. Takes seconds at most."""
    uri = tracking_uri()
    if uri.startswith("http") and not answers(f"{uri.rstrip('/')}/health"):
        return f"MLflow does not answer at {uri} ({TRACKING_VARIABLE})."
    return None


def open_run(study: str, tags: Mapping[str, str]) -> Opened:
    """Start a study's parent run, to be seen running."""
    uri = tracking_uri()
    with locked(data_folder() / "mlflow.lock"):  # two processes that make one database break it for good
        client = connected(uri)
        experiment = _experiment(client, f"augment-kitti {study}", uri)
    run = client.create_run(experiment, run_name=study, tags=dict(tags))
    return Opened(uri, run.info.run_id, experiment)


def close_run(uri: str, run_id: str, status: str) -> bool:
    """End a run as FINISHED, FAILED or KILLED unless it has ended; whether it could be reached."""
    from mlflow.exceptions import MlflowException

    client = connected(uri)
    try:
        if client.get_run(run_id).info.status == "RUNNING":
            client.set_terminated(run_id, status)
    except MlflowException:
        return False
    return True


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
    _record_parent(client, opened, folder, facts, scores)
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
    _log(client, opened.run_id, {"study": facts["name"], "lessons": ", ".join(lessons), **known}, metrics)
    client.set_tag(opened.run_id, "mlflow.note.content", tour_description(facts))
    for path in sorted(folder.glob("*.*")):
        client.log_artifact(opened.run_id, str(path), "report")
    for lesson, found in lessons.items():
        tags = {"mlflow.parentRunId": opened.run_id, "lesson": lesson, "mlflow.note.content": found["answer"]}
        run_id = client.create_run(opened.experiment_id, run_name=lesson, tags=tags).info.run_id
        settings = {f"{lesson}.{name}": value for name, value in found["settings"].items()}
        _log(client, run_id, {"lesson": lesson, **settings}, {**found["metrics"], "cpu_s": found["seconds"]})
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
    _log(client, opened.run_id, {"study": facts["name"], **about}, {"valid_gain_pct": best.get("gain_pct")})
    client.set_tag(opened.run_id, "mlflow.note.content", search_description(facts))
    client.set_tag(opened.run_id, "mlflow.runName", f"tune {found['strategy']}")
    client.log_artifacts(opened.run_id, str(folder), "report")
    for trial in found["trials"]:
        tags = {"mlflow.parentRunId": opened.run_id, "strategy": found["strategy"], "outcome": trial["outcome"]}
        run_id = client.create_run(opened.experiment_id, run_name=f"trial {trial['trial']}", tags=tags).info.run_id
        settings = {f"{found['strategy']}.{name}": trial[name] for name in found["ranges"] if name in trial}
        _log(client, run_id, settings, {"valid_gain_pct": trial["gain_pct"], "seeds": trial["seeds"]})
        client.set_terminated(run_id)
    client.set_terminated(opened.run_id)
    return opened


def _record_parent(
    client: "MlflowClient", parent: Opened, folder: Path, facts: Mapping[str, Any], scores: Scores
) -> None:
    run_id = parent.run_id
    baselines = {f"baseline.{item.name}": item.mean for item in scores.baselines}
    _log(client, run_id, _parameters(facts), ranking.study_metrics(scores) | baselines)
    ranked = f"[Strategies ranked by gain]({parent.ranking})"
    client.set_tag(run_id, "mlflow.note.content", f"{ranking.description(facts, scores)}\n\n{ranked}")
    client.set_tag(run_id, "winner", ranking.winner(scores))
    client.set_experiment_tag(parent.experiment_id, ranking.VIEW_TAG, ranking.view(scores, run_id))
    client.set_experiment_tag(parent.experiment_id, "mlflow.note.content", f"{ranked}. {facts['about']}")
    _log_data(client, run_id, facts, {"real": "all"})
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
    _log(client, run_id, {"strategy": strategy, "seeds": facts["seeds"], **share, **settings}, metrics)
    made = {strategy: "synthetic"} if strategy in facts["samples"] else {}
    _log_data(client, run_id, facts, {"real": "train", **made})
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


def _log(
    client: "MlflowClient", run_id: str, parameters: Mapping[str, Any], metrics: Mapping[str, float | None]
) -> None:
    """Parameters and metrics in one request; numbers that do not exist are left out."""
    from mlflow.entities import Metric, Param

    client.log_batch(
        run_id,
        metrics=[Metric(_key(name), float(value), 0, 0) for name, value in metrics.items() if value is not None],
        params=[Param(_key(name), str(value)[:6000]) for name, value in parameters.items()],
    )


def _key(name: str) -> str:
    """A name that MLflow accepts: ``flip+gan`` becomes ``flip_gan``."""
    return re.sub(r"[^\w\-. :/]", "_", name)


def _log_data(client: "MlflowClient", run_id: str, facts: Mapping[str, Any], roles: Mapping[str, str]) -> None:
    """The data sets of a run with their digests: the real one, and samples by strategy."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    inputs = []
    for origin, context in roles.items():
        real = origin == "real"
        name, digest = (
            (facts["source"], facts["data_digest"]) if real else (f"{facts['name']}/{origin}", facts["samples"][origin])
        )
        source = facts["root"] if real else f"{SAMPLES}/{origin}.npz"
        profile = {"tracks": facts["tracks"], "rows": facts["rows"]} if real else {}
        dataset = Dataset(name, digest[:36], "local", json.dumps({"uri": source}), profile=json.dumps(profile))
        inputs.append(DatasetInput(dataset, [InputTag("mlflow.data.context", context)]))
    client.log_inputs(run_id, inputs)


def connected(uri: str | None = None) -> "MlflowClient":
    """A client without global state. It names the registry too: MLflow looks for Spark otherwise, and may hang."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    uri = uri or tracking_uri()
    if uri.startswith("sqlite:///"):
        Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def _experiment(client: "MlflowClient", name: str, uri: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    here = not uri.startswith("http")  # a server knows where its own artifacts go
    place = (data_folder() / "mlartifacts").as_uri() if here else None
    return str(client.create_experiment(name, artifact_location=place, tags=ranking.EXPERIMENT_KIND))
