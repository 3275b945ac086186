"""MLflow: the connection, a run opened and closed, and numbers, settings and data sets logged to it.

One experiment a study name. The only module that imports MLflow, and it does so where it is needed: the import takes
seconds, and most commands do without.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import ranking
from flows.credentials import without_user
from flows.results import SAMPLES
from flows.servers import HOST, MLFLOW_PORT, QUIET, TRACKING_VARIABLE, answers, tracking_uri
from flows.workspace import data_folder, locked

if TYPE_CHECKING:
    from mlflow import MlflowClient

DEFAULTS = QUIET | {
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # of 7: a study need not wait minutes to learn that a server is down
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


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


def log(
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


def log_data(client: "MlflowClient", run_id: str, facts: Mapping[str, Any], roles: Mapping[str, str]) -> None:
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
