"""What a finished study knows of the samples it made, for data cards; and commands without anybody's folders."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from flows.results import SCORES, load_scores
from pipeline.exports.data_card import Provenance

PLACES = ("--root", "--to", "--out")
"""Options that name a folder of whoever ran a command."""

GAIN = ("fraction", "metric", "unit", "gain_pct", "ci_low", "ci_high", "p_holm", "seeds", "drives", "verdict")
FIDELITY = ("fraction", "measure", "space", "value", "error", "n", "floor", "better", "alarm")


def provenance_of(folder: Path, facts: Mapping[str, Any], strategy: str) -> Provenance:
    """Where a strategy's samples in a study's report come from: its first seed and fold, the largest fraction."""
    fraction = max(facts["fractions"])
    return Provenance(
        strategy=strategy,
        hyperparameters=facts["strategies"].get(strategy, {}),
        seeds={"samples": 0, "seeds of the study": facts["seeds"]},
        source=facts["source"],
        data_digest=facts["data_digest"],
        drives=facts["splits"][0]["train"],
        command=without_places(facts["command"]),
        fraction=fraction,
        study=facts["name"],
        gains=gains_of(folder, strategy),
        fidelity=fidelity_of(folder, strategy, fraction),
        versions=versions_of(folder),
        code_digest=facts["code_digest"],
    )


def gains_of(folder: Path, strategy: str) -> list[dict[str, Any]]:
    """What the strategy's samples did for the study's task; empty where nothing was scored.

    Raises:
        UserError: there are scores that this program cannot read.
    """
    arms = load_scores(folder).arms if (folder / SCORES).exists() else ()
    return [{name: getattr(arm, name) for name in GAIN} for arm in arms if arm.strategy == strategy]


def versions_of(folder: Path) -> Mapping[str, str]:
    """What the study ran with; empty where nothing was scored."""
    return load_scores(folder).versions if (folder / SCORES).exists() else {}


def fidelity_of(folder: Path, strategy: str, fraction: float) -> list[dict[str, Any]]:
    """How real, varied and new the samples are, averaged over seeds and folds; empty where that was not measured."""
    path = folder / "fidelity.parquet"
    if not path.is_file():
        return []
    table = pd.read_parquet(path)
    table = table[(table["strategy"] == strategy) & (table["fraction"] == fraction)]
    keys = ["fraction", "measure", "space", "better"]
    means = table.groupby(keys, sort=False)[["value", "error", "n", "floor"]].mean().reset_index()
    alarms = table.groupby(keys, sort=False)["alarm"].max().reset_index()
    rows = means.merge(alarms, on=keys)[list(FIDELITY)].to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def without_places(command: str) -> str:
    """The command with ``DIR`` in place of folders: a card travels, and whose machine it was is nobody's business."""
    words = shlex.split(command)
    kept = [
        "DIR" if before in PLACES or _is_place(word) else word
        for before, word in zip(["", *words], words, strict=False)
    ]
    return " ".join(word if word == "DIR" else shlex.quote(word) for word in kept)


def _is_place(word: str) -> bool:
    return Path(word.rpartition("=")[2]).is_absolute()


def ordered(values: Mapping[str, Sequence[object] | object]) -> list[str]:
    """Options of a command line as words; those that were not given are left out."""
    words: list[str] = []
    for name, value in values.items():
        if value not in (None, [], ()):
            words += [f"--{name}", *(map(str, value) if isinstance(value, list | tuple) else [str(value)])]
    return words
