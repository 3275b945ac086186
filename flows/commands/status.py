"""``augment-kitti status``: servers, runs, disk and versions on one screen."""

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from flows.commands import Commands

SHOWN = 8
"""Reports that fit on the screen beside the rest."""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("status", help="servers, running and finished studies, disk use, versions")
    parser.set_defaults(main=main)
    parser.add_argument("--json", action="store_true", help="the same for programs")


def main(arguments: argparse.Namespace) -> int:
    """Look, and tell."""
    facts = _facts()
    sys.stdout.write(json.dumps(facts, indent=2) + "\n" if arguments.json else _screen(facts))
    return 0


def _facts() -> dict[str, Any]:
    from flows import installation
    from flows.hooks import troubles
    from flows.workspace import data_folder

    return {
        "servers": installation.servers(),
        "running": [asdict(run) for run in installation.running()],
        "killed": installation.killed(),
        "troubles": list(troubles()),
        "reports": [asdict(report) | {"folder": str(report.folder)} for report in installation.reports()],
        "data_folder": str(data_folder()),
        "disk_use": installation.disk_use(),
        "disk_free": installation.disk_free(),
        "versions": installation.versions(),
    }


def _screen(facts: dict[str, Any]) -> str:
    lines = ["Servers"]
    lines += [f"  {name:<9} {url or 'not running (augment-kitti serve)'}" for name, url in facts["servers"].items()]
    lines += [
        "Running",
        *(f"  {run['study'] or 'a study':<18} flow run {run['flow_run_id']}" for run in facts["running"]),
    ]
    lines += [] if facts["running"] else ["  nothing"]
    lines += [f"  {facts['killed']} killed, to be closed by the next study"] if facts["killed"] else []
    lines += ["Went wrong", *map(_trouble, facts["troubles"][:SHOWN])] if facts["troubles"] else []
    lines += ["Finished"]
    lines += [line for report in facts["reports"][:SHOWN] for line in _report(report)] or ["  nothing yet"]
    hidden = len(facts["reports"]) - SHOWN
    lines += [f"  and {hidden} earlier"] if hidden > 0 else []
    lines += [f"Disk: {facts['data_folder']}"]
    lines += [f"  {name:<12} {_size(used):>9}" for name, used in facts["disk_use"].items()]
    lines += [f"  {'free':<12} {_size(facts['disk_free']):>9}", "Versions"]
    lines += ["  " + ", ".join(f"{name} {number}" for name, number in facts["versions"].items())]
    return "\n".join(lines) + "\n"


def _trouble(told: dict[str, str]) -> str:
    when = told.get("when", "")[:16].replace("T", " ")
    return f"  {when}  {told.get('study', ''):<16} {told.get('state', '')}: {told.get('message', '')}"


def _report(report: dict[str, str]) -> list[str]:
    when = report["created"][:16].replace("T", " ")
    return [
        f"  {when}  {report['study']:<16} {report['folder']}",
        *([f"    {report['answer']}"] if report["answer"] else []),
    ]


def _size(count: float) -> str:
    """Bytes in words."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
