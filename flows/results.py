"""The folder of a finished study: samples, scores, and the facts to repeat it. Written and read here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from flows.workspace import data_folder, digest_of_file, require_writable
from pipeline.findings import SetSize
from pipeline.json_objects import object_in
from pipeline.registry import lookup
from pipeline.samples import Samples
from pipeline.schema import UserError
from pipeline.scoring.scores import Scores
from pipeline.tasks import TASKS

FACTS = "run.json"
SCORES = "scores.json"
SAMPLES = "samples"


def save_samples(folder: Path, samples: Mapping[str, Samples]) -> None:
    """One file a strategy."""
    (folder / SAMPLES).mkdir()
    for strategy, made in samples.items():
        made.save(folder / SAMPLES / f"{strategy}.npz")


def set_sizes(folder: Path, samples: Mapping[str, Samples]) -> dict[str, SetSize]:
    """How much each strategy made, once it is saved."""
    return {
        strategy: SetSize(len(made), (folder / SAMPLES / f"{strategy}.npz").stat().st_size)
        for strategy, made in samples.items()
    }


def load_samples(folder: Path) -> dict[str, Samples]:
    """The samples of a finished study, by strategy.

    Raises:
        UserError: ``folder`` holds no finished study.
    """
    facts = load_facts(folder)
    try:
        kind = lookup(TASKS, str(facts["design"]["task"]), "task").samples
        digests = {str(name): str(digest) for name, digest in facts["samples"].items()}
    except (KeyError, TypeError, AttributeError) as failure:
        raise UserError(f"{folder / FACTS} does not say what samples there are: {failure!r}.") from failure
    strange = [name for name in digests if Path(name).name != name or name == ".."]
    if strange:  # a folder is named by each when samples are exported
        raise UserError(f'{folder / FACTS} names a strategy "{strange[0]}", which no strategy is called.')
    return {strategy: _load(kind, folder / SAMPLES / f"{strategy}.npz", digest) for strategy, digest in digests.items()}


def _load(kind: type[Any], path: Path, digest: str) -> Samples:
    """Samples that are what the study wrote."""
    try:
        damaged = digest_of_file(path) != digest
    except OSError as failure:
        raise UserError(f"{path} cannot be read: {failure.strerror or failure}.") from failure
    if damaged:
        raise UserError(f"{path} is damaged: it is not what the study wrote. Run the study again.")
    found: Samples = kind.load(path)
    return found


def require_place_for_report(out: str | None) -> None:
    """Find out early whether a report can be written; None stands for the data folder.

    Raises:
        UserError: the folder cannot be written, or holds something that is not a study's report.
    """
    folder = data_folder() / "reports" / "new" if out is None else Path(out).expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file; --out must name a folder.")
    if folder.exists() and any(folder.iterdir()) and not (folder / FACTS).exists():
        raise UserError(f"{folder} holds other files; --out must name a new folder or an earlier report.")
    require_writable(folder.parent)


def fidelity_metrics(folder: Path, strategy: str) -> dict[str, float]:
    """What was measured of a strategy's samples, as ``fidelity.MEASURE.SPACE``; empty where nothing was."""
    path = folder / "fidelity.parquet"
    if not path.exists():
        return {}
    table = pd.read_parquet(path, filters=[("strategy", "==", strategy)])
    names = ("fidelity." + table["measure"] + "." + table["space"]).str.removesuffix(".")
    return dict(zip(names, table["value"].astype(float), strict=True))


def load_facts(folder: Path) -> dict[str, Any]:
    """What ``run.json`` says.

    Raises:
        UserError: ``folder`` holds no finished study.
    """
    try:
        facts = object_in((folder / FACTS).read_bytes())
    except (OSError, ValueError) as failure:
        raise UserError(f"{folder} holds no finished study (no readable {FACTS}).") from failure
    return facts


def load_scores(folder: Path) -> Scores:
    """What ``scores.json`` says.

    Raises:
        UserError: ``folder`` holds no scores this program can read.
    """
    try:
        return Scores.from_json((folder / SCORES).read_text())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as failure:
        raise UserError(f"{folder / SCORES} cannot be read: {failure}") from failure
