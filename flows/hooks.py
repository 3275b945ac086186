"""What Prefect calls when a run goes wrong: one line in a file that ``augment-kitti status`` shows.

Notifications to people (mail, chat) are Prefect automations, and need no code here.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.credentials import masked
from flows.workspace import data_folder

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun, State
    from prefect.flows import Flow


def remember(flow: "Flow[..., Any]", flow_run: "FlowRun", state: "State[Any]") -> None:
    """Append what happened to the troubles of this installation."""
    note(
        str(flow_run.parameters.get("study", flow.name)), state.name or str(state.type), str(flow_run.id), state.message
    )


def note(study: str, state: str, flow_run_id: str, message: str | None) -> None:
    """Append one trouble; only the first line of its message, without passwords."""
    told = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "study": study,
        "state": state,
        "flow_run_id": flow_run_id,
        "message": masked((message or "").strip().partition("\n")[0][:500]),
    }
    path = troubles_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:  # one short write at the end of a file mixes with no other
        stream.write(json.dumps(told) + "\n")


def troubles() -> tuple[dict[str, str], ...]:
    """What went wrong, the newest first; lines that cannot be read are left out."""
    try:
        lines = troubles_file().read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    return tuple(told for told in map(_read, reversed(lines)) if told)


def troubles_file() -> Path:
    """Where they are written."""
    return data_folder() / "logs" / "troubles.jsonl"


def _read(line: str) -> dict[str, str]:
    try:
        told: dict[str, str] = dict(json.loads(line))
    except (ValueError, TypeError):
        return {}
    return told
