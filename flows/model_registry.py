"""Registered models in MLflow: a generator and a predictor a study, the best so far called ``champion``."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flows.tracking import Opened, connected
from pipeline.registry import unknown
from pipeline.schema import UserError

CHAMPION = "champion"
GENERATOR, PREDICTOR = "generator", "predictor"


@dataclass(frozen=True)
class Registered:
    """A version of a registered model."""

    study: str
    role: str
    """``GENERATOR`` or ``PREDICTOR``."""
    version: str
    champion: bool
    run_id: str
    tags: Mapping[str, str]


def name_of(study: str, role: str) -> str:
    """What MLflow calls it."""
    return f"{study}.{role}"


def register(folder: Path, study: str, role: str, tags: Mapping[str, str], why: str, run: Opened) -> str:
    """Register what lies in ``folder`` as the champion of its study and role; returns the version."""
    from mlflow.exceptions import MlflowException

    client, name, place = connected(run.uri), name_of(study, role), f"models/{role}"
    client.log_artifacts(run.run_id, str(folder), place)
    try:
        client.create_registered_model(name, {"study": study, "role": role})
    except MlflowException as refusal:
        if refusal.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    source = f"{client.get_run(run.run_id).info.artifact_uri}/{place}"
    made = client.create_model_version(name, source, run.run_id, tags=dict(tags), description=why)
    client.set_registered_model_alias(name, CHAMPION, made.version)
    return str(made.version)


def tag(run: Opened, name: str, text: str) -> None:
    """Note something down beside a run."""
    connected(run.uri).set_tag(run.run_id, name, text)


def champion_of(study: str, role: str, uri: str | None = None) -> Registered | None:
    """The champion; None where there is none."""
    from mlflow.exceptions import MlflowException

    try:
        found = connected(uri).get_model_version_by_alias(name_of(study, role), CHAMPION)
    except MlflowException:  # no such model, or none with this alias
        return None
    return Registered(study, role, str(found.version), True, str(found.run_id), dict(found.tags))


def registered() -> list[Registered]:
    """Every version of every study's models, by study, the newest first."""
    client, found = connected(), []
    for model in client.search_registered_models():
        study, _, role = model.name.rpartition(".")
        if role in (GENERATOR, PREDICTOR):
            champions = {str(version) for alias, version in model.aliases.items() if alias == CHAMPION}
            for item in client.search_model_versions(f"name = '{model.name}'"):
                version = str(item.version)
                found.append(Registered(study, role, version, version in champions, str(item.run_id), dict(item.tags)))
    return sorted(found, key=lambda item: (item.study, item.role, -int(item.version)))


def named(text: str, role: str = GENERATOR) -> Registered:
    """A model by ``champion``, ``STUDY``, ``STUDY@champion`` or ``STUDY@VERSION``.

    Raises:
        UserError: no such model, or ``champion`` alone means several.
    """
    known = [item for item in registered() if item.role == role]
    study, _, version = ("", "", CHAMPION) if text == CHAMPION else text.partition("@")
    fitting = [
        item
        for item in known
        if study in ("", item.study) and (item.champion if version in ("", CHAMPION) else item.version == version)
    ]
    if len(fitting) == 1:
        return fitting[0]
    names = [f"{item.study}@{CHAMPION if item.champion else item.version}" for item in fitting or known]
    if fitting:
        raise UserError(f"There are several champions; name one of {', '.join(names)}.")
    if not known:
        raise UserError(f"No {role} is registered yet: a study registers one whose gain is beyond doubt.")
    raise UserError(unknown(text, names, "registered model"))


@contextmanager
def fetched(model: Registered) -> Iterator[Path]:
    """A folder with the files of a registered model."""
    with tempfile.TemporaryDirectory() as place:
        yield Path(connected().download_artifacts(model.run_id, f"models/{model.role}", place))
