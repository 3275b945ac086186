"""The least that can be scheduled: it writes when it should have begun."""

from pathlib import Path

from prefect import flow
from prefect.runtime import flow_run


@flow
def heartbeat(log: str) -> None:
    """Append the scheduled time to a file."""
    with Path(log).open("a") as stream:
        stream.write(f"{flow_run.scheduled_start_time.isoformat()}\n")
