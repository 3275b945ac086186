"""A search's answer in the terminal, and in Markdown for those who look elsewhere."""

import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from pipeline.search_page import setting_text

MOST = 10
"""Trials shown in the terminal; the page has them all."""


def print_search(facts: Mapping[str, Any], console: Console | None = None) -> None:
    """The best trials, and how to examine the best one."""
    console = console or Console(file=sys.stdout, highlight=False, soft_wrap=True)
    found = facts["search"]
    names = list(found["ranges"])
    shown = Table(title=f"The best trials of {found['strategy']} (validation drives)", title_justify="left")
    for name in ("trial", "gain %", "settings", "outcome"):
        shown.add_column(name, justify="right" if name in ("trial", "gain %") else "left", overflow="fold")
    for trial in ranked(found["trials"])[:MOST]:
        settings = [f"{name}={setting_text(trial[name])}" for name in names if name in trial]
        shown.add_row(str(trial["trial"]), _gain(trial), " ".join(settings), trial["outcome"])
    console.print(shown)
    if facts["examine"]:
        console.print("What the best is worth on drives that the search has not seen:", markup=False)
        console.print(facts["examine"], markup=False)


def search_description(facts: Mapping[str, Any]) -> str:
    """The search in Markdown: a row a trial, the best first."""
    found = facts["search"]
    names = list(found["ranges"])
    lines = [f"Settings of {found['strategy']}, judged on the validation drives {', '.join(found['drives']['valid'])}."]
    lines += ["", f"| trial | gain % | {' | '.join(names)} | outcome |", f"|{'---|' * (len(names) + 3)}"]
    for trial in ranked(found["trials"]):
        settings = " | ".join(setting_text(trial.get(name, "")) for name in names)
        lines.append(f"| {trial['trial']} | {_gain(trial)} | {settings} | {trial['outcome']} |")
    best = ["", f"Examine the best: `{facts['examine']}`"] if facts["examine"] else []
    return "\n".join([*lines, *best, "", f"Search on: `{facts['command']}`"])


def ranked(trials: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Finished trials before others, then by gain."""
    return sorted(trials, key=lambda trial: (trial["outcome"] != "finished", -(trial["gain_pct"] or 0.0)))


def _gain(trial: Mapping[str, Any]) -> str:
    return "" if trial["gain_pct"] is None else f"{trial['gain_pct']:+.2f}"
