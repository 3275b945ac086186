"""Finished studies found by folder or by name, and their comparison as a table for the terminal."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rich.table import Table

from flows.results import FACTS, load_facts, load_scores
from flows.workspace import data_folder
from pipeline.comparison import Finished
from pipeline.findings import SetSize
from pipeline.registry import lookup
from pipeline.report_views import duration, size
from pipeline.schema import UserError


def load_finished(runs: Sequence[str]) -> list[Finished]:
    """The studies in these folders, or in the folders of these names among the data folder's reports.

    Raises:
        UserError: one is not found, or is no finished study of strategies.
    """
    folders = list(dict.fromkeys(_folder(run) for run in runs))
    names = [load_facts(folder)["name"] for folder in folders]
    return [
        _finished(folder, name if names.count(name) == 1 else folder.name)
        for folder, name in zip(folders, names, strict=True)
    ]


def _folder(run: str) -> Path:
    given = Path(run).expanduser()
    if (given / FACTS).exists():
        return given.resolve()
    reports = {path.parent.name: path.parent for path in sorted((data_folder() / "reports").glob(f"*/{FACTS}"))}
    if given.exists() or not reports:
        raise UserError(f"{run} holds no finished study (no {FACTS}).")
    return lookup(reports, run, "report")


def _finished(folder: Path, name: str) -> Finished:
    facts = load_facts(folder)
    if "lessons" in facts:
        raise UserError(f"{folder} is a tour of the textbook; only studies of strategies can be compared.")
    sizes = {strategy: SetSize(**made) for strategy, made in facts.get("sizes", {}).items()}
    measured = folder / "fidelity.parquet"
    return Finished(name, load_scores(folder), sizes, pd.read_parquet(measured) if measured.exists() else None)


def comparison_table(rows: pd.DataFrame) -> Table:
    """Strategies of all studies with what they gain and cost."""
    shown = Table(title="Gain over the same model without synthetic data", title_justify="left")
    for name in ("study", "strategy", "real data", "gain %", "95 % interval", "verdict", "CPU", "bytes"):
        shown.add_column(name, justify="left" if name in ("study", "strategy", "verdict") else "right")
    colours = {"helps": "green", "harms": "red", "failed": "red"}
    for row in rows.to_dict("records"):
        gain = f"{row['gain_pct']:+.1f}" if pd.notna(row["gain_pct"]) else ""
        interval = f"{row['ci_low']:+.1f} … {row['ci_high']:+.1f}" if pd.notna(row["ci_low"]) else ""
        shown.add_row(
            row["study"], row["strategy"], f"{100 * row['fraction']:g} %", gain, interval, row["verdict"],
            duration(row["fit_s"]) if pd.notna(row["fit_s"]) else "",
            size(int(row["bytes"])) if pd.notna(row["bytes"]) else "", style=colours.get(row["verdict"]),
        )  # fmt: skip
    return shown


def predictor_table(rows: pd.DataFrame) -> Table:
    """Measures of fidelity by how well they foretell the gain."""
    shown = Table(title="Which measure predicts the gain? (rank correlation)", title_justify="left")
    for name in ("measure", "space", "correlation", "95 % interval", "arms"):
        shown.add_column(name, justify="left" if name in ("measure", "space") else "right")
    for row in rows.to_dict("records"):
        interval = f"{row['ci_low']:+.2f} … {row['ci_high']:+.2f}"
        shown.add_row(row["measure"], row["space"], f"{row['rho']:+.2f}", interval, str(row["arms"]))
    return shown
